"""Canonical archives: the same files always make the same bytes, and so the same CID.

The form is POSIX ustar (IEEE Std 1003.1, pax interchange format) with files only, sorted by path, mode 0644, owner and
times zero. Folders follow from paths; empty ones, links, modes and everything else do not travel. Archives from outside
are read header by header, and every size is checked before the bytes behind it are: nothing is written or kept of an
archive that breaks a rule.
"""

import gzip
import io
import os
import tarfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Protocol

from scatter.jobs.errors import ArchiveError
from scatter.jobs.paths import check_path, check_paths, shown

MIB = 1024 * 1024
MAX_EXTENSION = 4096
MAX_PADDING = 8 * MIB
_IGNORED_EXTENSIONS = frozenset({"atime", "ctime", "mtime", "uid", "gid", "uname", "gname", "comment"})


class Readable(Protocol):
    """A stream of bytes, as files and `gzip.GzipFile` are."""

    def read(self, size: int, /) -> bytes:
        """At most `size` bytes; fewer only at the end."""
        ...


@dataclass(frozen=True, slots=True)
class ArchiveLimits:
    """The most an archive may hold: entries (folders count), bytes of one file, bytes of all files."""

    entries: int
    file: int
    total: int


def pack(files: Mapping[str, bytes]) -> bytes:
    """The canonical archive of files by path. Raises ArchiveError for paths that cannot travel."""
    check_paths(files)
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w", format=tarfile.USTAR_FORMAT, encoding="utf-8") as tar:
        for path in sorted(files):
            entry = tarfile.TarInfo(path)
            entry.size = len(files[path])
            try:
                tar.addfile(entry, io.BytesIO(files[path]))
            except ValueError as error:
                raise ArchiveError(
                    f"{shown(path)} does not fit in an archive: a name takes 100 bytes at most"
                ) from error
    return archive.getvalue()


def unpack(data: bytes, limits: ArchiveLimits, *, canonical: bool = True) -> dict[str, bytes]:
    """The files of an archive by path.

    With `canonical`, which is meant for everything from the network, only the bytes that `pack` makes are accepted;
    without it, any uncompressed or gzipped tar of plain files and folders is.
    Raises ArchiveError, before reading a file's bytes, when it or all of them exceed `limits`.
    """
    files = read_archive(io.BytesIO(data), limits, plain=canonical)
    if canonical and pack(files) != data:
        raise ArchiveError("the archive is not in canonical form")
    return files


def read_archive(stream: IO[bytes], limits: ArchiveLimits, *, plain: bool = False) -> dict[str, bytes]:
    """The files of a tar by path, read from a stream that can seek; gzip is recognised unless the archive must be `plain`.

    Raises ArchiveError as `unpack` does.
    """
    compressed = not plain and stream.read(2) == b"\x1f\x8b"
    stream.seek(0)
    try:
        if compressed:
            with gzip.GzipFile(fileobj=stream) as expanded:
                files = _collect(_entries(expanded, limits))
        else:
            files = _collect(_entries(stream, limits))
    except (tarfile.TarError, OSError, EOFError, zlib.error, UnicodeError) as error:
        raise ArchiveError(f"the archive is damaged: {error}") from error
    check_paths(files)
    return files


def unpack_to(data: bytes, folder: Path, limits: ArchiveLimits, *, canonical: bool = True) -> None:
    """Unpack into a folder that is new or empty; everything is checked before the first file is written.

    Files get mode 0755: a job may start its own programs, and modes do not travel.
    Raises ArchiveError as `unpack` does, and when the folder has something in it.
    """
    files = unpack(data, limits, canonical=canonical)
    folder.mkdir(parents=True, exist_ok=True)
    if any(folder.iterdir()):
        raise ArchiveError(f"{folder} is not empty")
    for path, content in files.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o755)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content)


def _collect(entries: Iterator[tuple[str, bytes]]) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    for path, content in entries:
        if path in files:
            raise ArchiveError(f"{shown(path)} is in the archive twice")
        files[path] = content
    return files


def _entries(stream: Readable, limits: ArchiveLimits) -> Iterator[tuple[str, bytes]]:
    count = total = 0
    long_name: str | None = None
    while (header := _header(stream)) is not None:
        count += 1
        if count > limits.entries:
            raise ArchiveError(f"the archive has more than {limits.entries} entries")
        if header.type in (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.GNUTYPE_LONGNAME):
            if long_name is not None:
                raise ArchiveError("the archive has two extended headers for one file")
            long_name = _extension(header, stream)
            continue
        path, long_name = long_name or header.name, None
        path = path.removeprefix("./").removesuffix("/")
        if header.type == tarfile.DIRTYPE:
            if path not in ("", "."):
                check_path(path)
            continue
        check_path(path)
        if header.type not in (tarfile.REGTYPE, tarfile.AREGTYPE):
            raise ArchiveError(f"{shown(path)} in the archive is {_kind(header)}; only files and folders are allowed")
        total += _checked_size(path, header.size, total, limits)
        yield path, _content(stream, path, header.size)
    _check_end(stream)


def _header(stream: Readable) -> tarfile.TarInfo | None:
    block = stream.read(tarfile.BLOCKSIZE)
    try:
        return tarfile.TarInfo.frombuf(block, "utf-8", "strict")
    except tarfile.HeaderError as error:
        if block == bytes(tarfile.BLOCKSIZE):
            return None
        raise ArchiveError(f"the archive is damaged: {error}") from error


def _extension(header: tarfile.TarInfo, stream: Readable) -> str | None:
    """The path that an extended header gives to the next entry, if any."""
    if not 0 <= header.size <= MAX_EXTENSION:
        raise ArchiveError(f"the archive has an extended header of {header.size} bytes; {MAX_EXTENSION} are allowed")
    content = _content(stream, header.name, header.size)
    if header.type == tarfile.GNUTYPE_LONGNAME:
        return content.rstrip(b"\0").decode()
    records = _pax_records(content)
    path = records.pop("path", None)
    for key in records:
        if key not in _IGNORED_EXTENSIONS and not key.startswith(("LIBARCHIVE.", "SCHILY.")):
            raise ArchiveError(f"the archive has an extended header {shown(key)}, which is not allowed")
    return path if header.type == tarfile.XHDTYPE else None


def _pax_records(content: bytes) -> dict[str, str]:
    records: dict[str, str] = {}
    while content:
        digits = content[:5].partition(b" ")[0]
        length = int(digits) if digits.isdigit() else 0
        key, equals, value = content[len(digits) + 1 : length].partition(b"=")
        if not equals or content[length - 1 : length] != b"\n":
            raise ArchiveError("the archive has an extended header that cannot be read")
        records[key.decode()] = value[:-1].decode(errors="replace") if key != b"path" else value[:-1].decode()
        content = content[length:]
    return records


def _checked_size(path: str, size: int, total: int, limits: ArchiveLimits) -> int:
    if size < 0:
        raise ArchiveError(f"{shown(path)} in the archive has a size below zero")
    if size > limits.file:
        raise ArchiveError(f"{shown(path)} in the archive has {size} bytes; {limits.file} are allowed")
    if total + size > limits.total:
        raise ArchiveError(f"the archive unpacks to more than {limits.total} bytes")
    return size


def _content(stream: Readable, path: str, size: int) -> bytes:
    content = stream.read(size)
    padding = stream.read(-size % tarfile.BLOCKSIZE)
    if len(content) + len(padding) != size + -size % tarfile.BLOCKSIZE:
        raise ArchiveError(f"the archive ends in the middle of {shown(path)}")
    return content


def _check_end(stream: Readable) -> None:
    padding = 0
    while block := stream.read(64 * 1024):
        padding += len(block)
        if padding > MAX_PADDING or block.count(0) != len(block):
            raise ArchiveError("the archive has something behind its end")


def _kind(header: tarfile.TarInfo) -> str:
    if header.issym() or header.islnk():
        return f"a link to {shown(header.linkname)}"
    if header.isdev():
        return "a device or a FIFO"
    return f"an entry of type {header.type!r}"
