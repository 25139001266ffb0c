"""Which file names may travel: the same rules for folders that are packed and archives that are unpacked."""

import unicodedata
from collections.abc import Iterable

from scatter.jobs.errors import ArchiveError

MAX_PATH_BYTES = 200
MAX_DEPTH = 16


def check_path(path: str) -> str:
    """Return `path` when it is a plain relative path: `/` between names, no `.` or `..`, NFC, nothing unprintable.

    Raises ArchiveError otherwise.
    """
    names = path.split("/")
    if not path or path.startswith("/"):
        raise ArchiveError(f"{shown(path)} is not a relative path")
    if any(name in ("", ".", "..") for name in names):
        raise ArchiveError(f"{shown(path)} has an empty name, '.' or '..' in it")
    if not path.isprintable() or "\\" in path or ":" in path:
        raise ArchiveError(f"{shown(path)} has characters in it that not every system allows in file names")
    if unicodedata.normalize("NFC", path) != path:
        raise ArchiveError(f"{shown(path)} is not in Unicode's composed form (NFC)")
    if len(path.encode()) > MAX_PATH_BYTES or len(names) > MAX_DEPTH:
        raise ArchiveError(f"{shown(path)} is longer than {MAX_PATH_BYTES} bytes or deeper than {MAX_DEPTH} folders")
    return path


def check_paths(paths: Iterable[str]) -> None:
    """Check every path, and that they can stand side by side on every system.

    Raises ArchiveError for a bad path, two that differ in case only, and a file that is also a folder.
    """
    spellings: dict[str, str] = {}
    for path in paths:
        check_path(path)
        names = path.split("/")
        for depth in range(1, len(names)):
            _claim(spellings, "/".join(names[:depth]) + "/")
        _claim(spellings, path)


def _claim(spellings: dict[str, str], path: str) -> None:
    key = path.removesuffix("/").casefold()
    first = spellings.setdefault(key, path)
    if first != path:
        raise ArchiveError(f"{shown(path)} and {shown(first)} cannot both be there")


def shown(text: str) -> str:
    """A name from outside, quoted for a message: escaped and at most 80 characters long."""
    quoted = ascii(text) if not text.isprintable() else f'"{text}"'
    return quoted if len(quoted) <= 80 else quoted[:76] + '…"'
