"""Files that are there whole or not at all, also when the process is killed or the power fails while they are written.

Python's library has no such call, and packages that have one do not also refuse to overwrite. This module knows no room, and
every room may know it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

OWNER_ONLY = 0o600


def replace_file(path: Path, content: bytes | str) -> None:
    """Put a file in the place of whatever was there. OSError when it cannot be written; then the old one stands."""
    with _draft(path, content, 0o666) as draft:
        draft.replace(path)


def create_secret_file(path: Path, content: bytes | str) -> None:
    """Make a file that only its owner can read. FileExistsError when there is one, which stays as it is: an overwritten key
    cannot be had back; OSError when it cannot be written."""
    with _draft(path, content, OWNER_ONLY) as draft:
        os.link(draft, path)


@contextmanager
def _draft(path: Path, content: bytes | str, mode: int) -> Iterator[Path]:
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    try:
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
        with os.fdopen(descriptor, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)
            file.flush()
            os.fsync(file.fileno())
        yield draft
        sync_folder(path.parent)
    finally:
        draft.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Let names in a folder reach the disk. A file's name is kept by its folder, not by the file."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
