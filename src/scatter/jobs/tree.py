"""Reading a folder that may hold anything: every entry is looked at, wanted files are read, and links lead nowhere."""

import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

from scatter.jobs.archives import ArchiveLimits
from scatter.jobs.errors import JobError
from scatter.jobs.paths import MAX_DEPTH, check_path, check_paths, shown

MAX_ENTRIES = 200_000
_LITTER = frozenset({"__pycache__", ".DS_Store"})


def read_tree(folder: Path, limits: ArchiveLimits, wanted: Callable[[str], bool] = lambda _: True) -> dict[str, bytes]:
    """The wanted files of a folder by relative path, sorted.

    All entries must be files and folders, wanted or not; caches of the Python interpreter and of file browsers are passed
    over. `limits` hold for what is wanted.
    Raises JobError for a folder that cannot be read, links, devices, FIFOs, sockets, paths that cannot travel, and sizes.
    """
    files: dict[str, bytes] = {}
    total = 0
    for count, (path, entry) in enumerate(_walk(folder, "", 1)):
        if count >= MAX_ENTRIES:
            raise JobError(f"{folder} has more than {MAX_ENTRIES} files and folders")
        if entry is None or not wanted(path):
            continue
        check_path(path)
        if len(files) >= limits.entries:
            raise JobError(f"{folder} has more than {limits.entries} files that belong to the job")
        files[path] = _read(entry, path, min(limits.file, limits.total - total))
        total += len(files[path])
    check_paths(files)
    return files


def _walk(folder: Path, prefix: str, depth: int) -> Iterator[tuple[str, Path | None]]:
    """Every path below a folder, with where to read it when it is a file."""
    if depth > MAX_DEPTH:
        raise JobError(f"{shown(prefix)} is deeper than {MAX_DEPTH} folders")
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
        kinds = [entry.stat(follow_symlinks=False).st_mode for entry in entries]
    except OSError as error:
        raise JobError(f"{folder} cannot be read: {error.strerror}") from error
    for entry, mode in zip(entries, kinds, strict=True):
        path, place = prefix + entry.name, folder / entry.name
        if stat.S_ISLNK(mode):
            raise JobError(
                f"{shown(path)} is a link to {shown(_target(place))}; a job is made of files and folders only"
            )
        if entry.name in _LITTER:
            continue
        if stat.S_ISDIR(mode):
            yield path, None
            yield from _walk(place, path + "/", depth + 1)
        elif stat.S_ISREG(mode):
            yield path, place
        else:
            raise JobError(f"{shown(path)} is a device, a FIFO or a socket; a job is made of files and folders only")


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:
        return "somewhere"


def _read(place: Path, path: str, limit: int) -> bytes:
    """A regular file's bytes. It is opened without following links and looked at again: it may have been swapped."""
    try:
        descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise JobError(f"{shown(path)} is not a plain file any more")
            content = file.read(limit + 1)
    except OSError as error:
        raise JobError(f"{shown(path)} cannot be read: {error.strerror}") from error
    if len(content) > limit:
        raise JobError(f"{shown(path)} is too big: {limit} bytes are left of what a job may have")
    return content
