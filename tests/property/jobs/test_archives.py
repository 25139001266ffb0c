"""Whatever files there are, they travel unchanged; whatever bytes arrive, nothing but ArchiveError comes of them."""

import gzip
import io
import tarfile
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from scatter.jobs.archives import ArchiveLimits, pack, unpack, unpack_to
from scatter.jobs.errors import ArchiveError
from scatter.jobs.paths import check_paths

LIMITS = ArchiveLimits(entries=50, file=4_096, total=16_384)

names = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF, exclude_characters="/\\:"), min_size=1, max_size=8)
plain_paths = st.lists(names, min_size=1, max_size=4).map("/".join)
hostile_paths = st.one_of(
    plain_paths,
    st.text(max_size=30),
    st.lists(st.sampled_from(["..", ".", "", "a", "A", "b"]), min_size=1, max_size=6).map("/".join),
)
contents = st.binary(max_size=600)


def fits(files: dict[str, bytes]) -> bool:
    try:
        check_paths(files)
    except ArchiveError:
        return False
    return True


@given(st.dictionaries(plain_paths, contents, max_size=8).filter(fits))
def test_files_travel_unchanged(files: dict[str, bytes]) -> None:
    archive = pack(files)
    assert unpack(archive, LIMITS) == files
    assert pack(dict(sorted(files.items(), reverse=True))) == archive
    assert unpack(gzip.compress(archive), LIMITS, canonical=False) == files


@st.composite
def hostile_archives(draw: st.DrawFn) -> bytes:
    """Archives as a library makes them, with any names, kinds and sizes, then damaged."""
    stream = io.BytesIO()
    form = draw(st.sampled_from([tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT]))
    with tarfile.open(fileobj=stream, mode="w", format=form, errors="surrogateescape") as tar:
        for _ in range(draw(st.integers(0, 4))):
            entry = tarfile.TarInfo(draw(hostile_paths))
            entry.type = draw(st.sampled_from([b"0", b"\0", b"1", b"2", b"3", b"5", b"6", b"7", b"S", b"Z"]))
            entry.linkname = draw(st.sampled_from(["", "/etc/passwd", "../x"]))
            entry.size = draw(st.one_of(st.integers(0, 600), st.integers(0, 10**12)))
            try:
                tar.addfile(
                    entry, io.BytesIO(draw(st.binary(min_size=600, max_size=600))) if entry.size <= 600 else None
                )
            except (ValueError, OSError):
                continue
    archive = bytearray(stream.getvalue())
    for place, value in draw(st.lists(st.tuples(st.integers(0, len(archive) - 1), st.integers(0, 255)), max_size=3)):
        archive[place] = value
    result = bytes(archive[: draw(st.integers(0, len(archive)))]) if draw(st.booleans()) else bytes(archive)
    return gzip.compress(result) if draw(st.booleans()) else result


@settings(max_examples=300, deadline=None)
@given(st.one_of(hostile_archives(), st.binary(max_size=2_000)), st.booleans())
def test_nothing_is_ever_written_outside(archive: bytes, canonical: bool) -> None:
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "a" / "b"
        try:
            unpack_to(archive, folder, LIMITS, canonical=canonical)
        except ArchiveError:
            assert list(Path(place).iterdir()) == []
            return
        entries = list(Path(place).rglob("*"))
        assert all(entry.is_relative_to(Path(place) / "a") and not entry.is_symlink() for entry in entries)
        files = [entry for entry in entries if not entry.is_dir()]
        assert all(entry.is_file() and entry.is_relative_to(folder) for entry in files)
        assert sum(entry.stat().st_size for entry in files) <= LIMITS.total


@settings(deadline=None)
@given(st.dictionaries(plain_paths, contents, min_size=1, max_size=3).filter(fits), st.data())
def test_no_other_bytes_make_the_same_files(files: dict[str, bytes], data: st.DataObject) -> None:
    archive = bytearray(pack(files))
    place = data.draw(st.integers(0, len(archive) - 1))
    archive[place] ^= data.draw(st.integers(1, 255))
    try:
        found = unpack(bytes(archive), LIMITS)
    except ArchiveError:
        return
    assert found != files
