"""One node at a time in a folder: a lock that ends with its process, and a line that says where the node's API is."""

import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydantic_core import from_json

from scatter.daemon.errors import AlreadyRunning, NodeFolderUnusable

LOCK = "node.lock"
_MOST_BYTES = 4096


@dataclass(frozen=True, slots=True)
class FolderLock:
    """A lock that is held."""

    path: Path
    descriptor: int

    def tell(self, api: str | None) -> None:
        """Let commands know where this node's API is, as a URL; None: it has none."""
        said = json.dumps({"pid": os.getpid(), "api": api}).encode()
        os.ftruncate(self.descriptor, 0)
        os.pwrite(self.descriptor, said, 0)


@contextmanager
def alone_in(folder: Path) -> Iterator[FolderLock]:
    """Keep other nodes out of a folder, which must be there. AlreadyRunning when one is at work; NodeFolderUnusable."""
    path = folder / LOCK
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    except OSError as error:
        raise NodeFolderUnusable(f"{folder} is no folder that a node can use: {error.strerror}") from error
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise AlreadyRunning(f"another node or command is at work in {folder}") from error
        lock = FolderLock(path, descriptor)
        lock.tell(None)
        yield lock
    finally:
        os.close(descriptor)


def running_api(folder: Path) -> str | None:
    """Where the API of the node is that runs in a folder. None when no node runs there; AlreadyRunning when one does, without
    an API."""
    try:
        descriptor = os.open(folder / LOCK, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return _told(folder, os.pread(descriptor, _MOST_BYTES, 0))
        return None
    finally:
        os.close(descriptor)


def _told(folder: Path, said: bytes) -> str:
    try:
        api = from_json(said)["api"]
    except (ValueError, KeyError, TypeError):
        api = None
    if not isinstance(api, str):
        raise AlreadyRunning(f"a node or a command is at work in {folder}, and its API is not to be had (yet)")
    return api
