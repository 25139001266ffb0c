import gzip
import hashlib
import io
import stat
import tarfile
from collections.abc import Callable
from pathlib import Path

import pytest

from scatter.jobs.archives import MAX_PADDING, ArchiveLimits, pack, read_archive, unpack, unpack_to
from scatter.jobs.errors import ArchiveError

LIMITS = ArchiveLimits(entries=20, file=10_000, total=20_000)
FILES = {"train/train.py": b"print(1)\n", "job.toml": b"[job]\n", "train/empty": b""}


def tar_of(*entries: tarfile.TarInfo | tuple[str, bytes], form: int = tarfile.PAX_FORMAT) -> bytes:
    """A tar as anybody may make it; entries are names with content, or headers."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", format=form) as tar:
        for entry in entries:
            if isinstance(entry, tarfile.TarInfo):
                tar.addfile(entry, io.BytesIO(bytes(entry.size)))
            else:
                header = tarfile.TarInfo(entry[0])
                header.size = len(entry[1])
                tar.addfile(header, io.BytesIO(entry[1]))
    return stream.getvalue()


def header(name: str, kind: bytes = tarfile.REGTYPE, **fields: object) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    for field, value in fields.items():
        setattr(info, field, value)
    return info


def with_size_field(archive: bytes, size: bytes) -> bytes:
    """The first header with another size and the checksum that goes with it."""
    block = bytearray(archive[:512])
    block[124:136] = size
    block[148:156] = b" " * 8
    block[148:156] = b"%06o\0 " % sum(block)
    return bytes(block) + archive[512:]


def test_what_is_packed_is_unpacked() -> None:
    assert unpack(pack(FILES), LIMITS) == FILES


def test_the_bytes_of_an_archive_never_change() -> None:
    """Every posted job's CID depends on them. Computed once with CPython 3.11; GNU tar reads this archive."""
    digest = hashlib.sha256(pack(FILES)).hexdigest()
    assert digest == "9523c759501b9e79ef3efcea77ff5472dbda92c559b0d61b8ed1965cfbb1bffc"


def test_order_does_not_matter() -> None:
    assert pack(dict(reversed(FILES.items()))) == pack(FILES)


def test_entries_are_plain_and_sorted() -> None:
    with tarfile.open(fileobj=io.BytesIO(pack(FILES))) as tar:
        entries = tar.getmembers()
    assert [entry.name for entry in entries] == ["job.toml", "train/empty", "train/train.py"]
    assert {(e.mode, e.mtime, e.uid, e.gid, e.uname, e.gname, e.isreg()) for e in entries} == {
        (0o644, 0, 0, 0, "", "", True)
    }


def test_an_empty_archive_is_an_archive() -> None:
    assert unpack(pack({}), LIMITS) == {}


@pytest.mark.parametrize(
    "path",
    ["", "/etc/passwd", "../x", "a/../../x", "a//b", "./a", "a/", "a/.", "a\\b", "C:x", "a\nb", "a\x7f", "e\u0301", "x" * 201,
     "/".join("a" * 17), "\ud800"],
)  # fmt: skip
def test_paths_that_cannot_travel_are_not_packed(path: str) -> None:
    with pytest.raises(ArchiveError):
        pack({path: b""})


def test_a_name_too_long_for_the_format_is_refused() -> None:
    with pytest.raises(ArchiveError, match="a name takes 100 bytes at most"):
        pack({"x" * 150: b""})


@pytest.mark.parametrize("paths", [("a", "A"), ("a", "a/b"), ("dir/x", "Dir/y"), ("straße", "strasse")])
def test_paths_that_collide_somewhere_are_refused(paths: tuple[str, str]) -> None:
    with pytest.raises(ArchiveError, match="cannot both be there"):
        pack(dict.fromkeys(paths, b""))


def test_only_canonical_archives_come_from_the_network() -> None:
    other = tar_of(("b", b"1"), ("a", b"2"), form=tarfile.USTAR_FORMAT)
    assert unpack(other, LIMITS, canonical=False) == {"a": b"2", "b": b"1"}
    with pytest.raises(ArchiveError, match="not in canonical form"):
        unpack(other, LIMITS)
    with pytest.raises(ArchiveError, match="not in canonical form"):
        unpack(pack(FILES) + bytes(512), LIMITS)
    with pytest.raises(ArchiveError, match="is damaged"):
        unpack(gzip.compress(pack(FILES)), LIMITS)


@pytest.mark.parametrize("form", [tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT])
@pytest.mark.parametrize("compress", [bytes, gzip.compress])
def test_archives_of_other_tools_are_read(form: int, compress: Callable[[bytes], bytes]) -> None:
    long = f"{'d' * 60}/{'e' * 60}/{'f' * 60}"
    entries: list[tarfile.TarInfo | tuple[str, bytes]] = [
        header(".", tarfile.DIRTYPE),
        header("./train", tarfile.DIRTYPE),
        ("./train/train.py", b"x"),
        (long, b"y"),
    ]
    archive = compress(tar_of(*entries, form=form))
    assert unpack(archive, LIMITS, canonical=False) == {"train/train.py": b"x", long: b"y"}


def test_extended_headers_with_times_are_read() -> None:
    archive = tar_of(header("naïve.py", mtime=1234.5, size=3), form=tarfile.PAX_FORMAT)
    assert unpack(archive, LIMITS, canonical=False) == {"naïve.py": b"\0\0\0"}


def test_a_global_header_is_passed_over() -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w", pax_headers={"comment": "of git archive"}) as tar:
        tar.addfile(header("a"))
    assert unpack(stream.getvalue(), LIMITS, canonical=False) == {"a": b""}


@pytest.mark.parametrize(
    ("entry", "sentence"),
    [
        (header("x", tarfile.SYMTYPE, linkname="/etc/passwd"), '"x" in the archive is a link to "/etc/passwd"'),
        (header("x", tarfile.LNKTYPE, linkname="job.toml"), 'is a link to "job.toml"'),
        (header("x", tarfile.CHRTYPE), "is a device or a FIFO"),
        (header("x", tarfile.BLKTYPE), "is a device or a FIFO"),
        (header("x", tarfile.FIFOTYPE), "is a device or a FIFO"),
        (header("x", tarfile.GNUTYPE_SPARSE), "is an entry of type b'S'"),
        (header("x", b"Z"), "is an entry of type b'Z'"),
        (header("../x"), "has an empty name, '.' or '..' in it"),
        (header("/x"), "is not a relative path"),
        (header("../x", tarfile.DIRTYPE), "has an empty name, '.' or '..' in it"),
        (header("x" * 150 + "/../../y"), "has an empty name, '.' or '..' in it"),
        (header("x", pax_headers={"size": "5"}), 'extended header "size", which is not allowed'),
        (header("x", pax_headers={"GNU.sparse.realsize": "9"}), "extended header .*, which is not allowed"),
        (header("x", pax_headers={"linkpath": "/"}), 'extended header "linkpath", which is not allowed'),
        (header("x", pax_headers={"comment": "x" * 5_000}), "extended header of [0-9]+ bytes; 4096 are allowed"),
    ],
)  # fmt: skip
def test_hostile_entries_are_refused(entry: tarfile.TarInfo, sentence: str) -> None:
    with pytest.raises(ArchiveError, match=sentence):
        unpack(tar_of(entry), LIMITS, canonical=False)


def test_a_file_given_twice_is_refused() -> None:
    with pytest.raises(ArchiveError, match='"a" is in the archive twice'):
        unpack(tar_of(("a", b"1"), ("a", b"2")), LIMITS, canonical=False)


def test_names_that_differ_in_case_only_are_refused() -> None:
    with pytest.raises(ArchiveError, match="cannot both be there"):
        unpack(tar_of(("a", b""), ("A", b"")), LIMITS, canonical=False)


def test_a_name_that_is_not_utf8_is_refused() -> None:
    with pytest.raises(ArchiveError, match="is damaged"):
        unpack(tar_of(header("x\udcff")), LIMITS, canonical=False)


def extended(kind: bytes, content: bytes) -> bytes:
    """An extended header as it may never come out of a library."""
    block = header("ext", kind, size=len(content)).tobuf(tarfile.USTAR_FORMAT)
    return block + content + bytes(-len(content) % 512)


@pytest.mark.parametrize(
    "content",
    [b"11 path=x", b"99 path=x\n", b"path=x\n", b"0 a=b\n", b"7 path\n", b"-1 a=b\n", b"8 a=b\xff", b"9 \xff\xfe=1\n"],
)
def test_extended_headers_that_make_no_sense_are_refused(content: bytes) -> None:
    with pytest.raises(ArchiveError, match=r"cannot be read|is damaged"):
        unpack(extended(tarfile.XHDTYPE, content) + tar_of(("a", b"")), LIMITS, canonical=False)


def test_two_names_for_one_file_are_refused() -> None:
    twice = extended(tarfile.GNUTYPE_LONGNAME, b"x\0") * 2
    with pytest.raises(ArchiveError, match="two extended headers for one file"):
        unpack(twice + tar_of(("a", b"")), LIMITS, canonical=False)


def test_a_size_below_zero_is_refused() -> None:
    """In CPython before 3.11.14 such a header makes `tarfile` loop for ever (CVE-2025-8194)."""
    archive = with_size_field(tar_of(("a", b""), form=tarfile.USTAR_FORMAT), b"\xff" * 12)
    with pytest.raises(ArchiveError, match='"a" in the archive has a size below zero'):
        unpack(archive, LIMITS, canonical=False)


def test_sizes_are_checked_before_bytes_are_read() -> None:
    claim = with_size_field(tar_of(("a", b"")), b"%011o\0" % (8**11 - 1))
    with pytest.raises(ArchiveError, match='"a" in the archive has 8589934591 bytes; 10000 are allowed'):
        unpack(claim, LIMITS, canonical=False)


def test_the_sum_of_sizes_is_bounded() -> None:
    with pytest.raises(ArchiveError, match="unpacks to more than 20000 bytes"):
        unpack(pack({str(number): bytes(9_000) for number in range(3)}), LIMITS)


def test_the_number_of_entries_is_bounded() -> None:
    many = tar_of(*(header(str(number), tarfile.DIRTYPE) for number in range(21)))
    with pytest.raises(ArchiveError, match="more than 20 entries"):
        unpack(many, LIMITS, canonical=False)


class Zeros(io.RawIOBase):
    """A stream that counts what is read of its endless zeros."""

    def __init__(self, start: bytes) -> None:
        self.start = io.BytesIO(start)
        self.given = 0

    def read(self, size: int = -1) -> bytes:
        assert size >= 0
        content = self.start.read(size)
        content += bytes(size - len(content))
        self.given += len(content)
        return content

    def seek(self, offset: int, whence: int = 0) -> int:
        return self.start.seek(offset, whence)


def test_a_bomb_is_not_expanded() -> None:
    """10 GiB in one file is refused at its header; endless zeros behind the end after 8 MiB."""
    big = with_size_field(tar_of(("a", b"")), b"\x80" + (10 << 30).to_bytes(11, "big"))
    with pytest.raises(ArchiveError, match="has 10737418240 bytes; 10000 are allowed"):
        read_archive(io.BytesIO(gzip.compress(big)), LIMITS)
    endless = Zeros(tar_of(("a", b"")))
    with pytest.raises(ArchiveError, match="has something behind its end"):
        read_archive(endless, LIMITS)  # type: ignore[arg-type]
    assert endless.given < 2 * MAX_PADDING


@pytest.mark.parametrize("cut", [0, 100, 512, 600, 1_024])
def test_an_archive_that_is_cut_off_is_refused(cut: int) -> None:
    with pytest.raises(ArchiveError, match=r"is damaged|ends in the middle"):
        unpack(pack({"a": b"x" * 400})[:cut], LIMITS, canonical=False)


@pytest.mark.parametrize("damage", [lambda d: d[:-20], lambda d: d[:30] + b"\xff\xff\xff" + d[33:], lambda d: d[:2]])
def test_a_damaged_gzip_is_refused(damage: Callable[[bytes], bytes]) -> None:
    with pytest.raises(ArchiveError, match="is damaged"):
        unpack(damage(gzip.compress(pack(FILES))), LIMITS, canonical=False)


def test_something_behind_the_end_is_refused() -> None:
    with pytest.raises(ArchiveError, match="has something behind its end"):
        unpack(pack(FILES) + b"x", LIMITS, canonical=False)


def test_unpacking_into_a_folder(tmp_path: Path) -> None:
    unpack_to(pack(FILES), tmp_path / "new", LIMITS)
    found = {
        path.relative_to(tmp_path / "new").as_posix(): path for path in (tmp_path / "new").rglob("*") if path.is_file()
    }
    assert {name: path.read_bytes() for name, path in found.items()} == FILES
    assert all(path.stat().st_mode & stat.S_IXUSR for path in found.values())


def test_a_folder_with_something_in_it_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("kept")
    with pytest.raises(ArchiveError, match="is not empty"):
        unpack_to(pack(FILES), tmp_path, LIMITS)
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_a_bad_archive_writes_nothing(tmp_path: Path) -> None:
    with pytest.raises(ArchiveError):
        unpack_to(tar_of(("a", b"1"), ("../b", b"2")), tmp_path / "new", LIMITS, canonical=False)
    assert list(tmp_path.iterdir()) == []
