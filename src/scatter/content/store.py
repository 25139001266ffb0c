"""Content in a folder: one file per CID, written whole or not at all."""

import asyncio
import os
import secrets
import time
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from scatter.content.cids import Cid, InvalidCid
from scatter.content.unixfs import cid_of
from scatter.files import sync_folder
from scatter.ports import ContentMissing, KeptContent

MAX_BYTES = 1 << 30
_ABANDONED_AFTER = 3600.0


class FileContentStore:
    """`scatter.ports.ContentStore` in a folder (`<last two characters of the CID>/<CID>`), which other stores may use at the
    same time. Whatever a CID names is read as that content or not at all: `get` verifies, and drops a file that rotted; `read`
    gives ranges, which whoever asked for one verifies against the layout."""

    def __init__(self, folder: Path, max_bytes: int = MAX_BYTES) -> None:
        self._folder = folder
        self._max_bytes = max_bytes
        self._partial = folder / "partial"
        self._partial.mkdir(parents=True, exist_ok=True)
        self._drop_abandoned()

    async def put(self, content: bytes) -> str:
        """See `ContentStore`; ValueError when the content is larger than this store takes."""
        if len(content) > self._max_bytes:
            raise ValueError(f"content of {len(content)} bytes is larger than {self._max_bytes}")
        return await asyncio.to_thread(self._put, bytes(content))

    async def get(self, cid: str) -> bytes:
        """See `ContentStore`; InvalidCid for a text that is no CID, here and below."""
        return await asyncio.to_thread(self._get, Cid.parse(cid))

    async def has(self, cid: str) -> bool:
        """See `ContentStore`."""
        return self._path(Cid.parse(cid)).is_file()

    async def size(self, cid: str) -> int:
        """See `ContentStore`."""
        try:
            return self._path(Cid.parse(cid)).stat().st_size
        except FileNotFoundError:
            raise ContentMissing(f"{cid} is not here") from None

    async def read(self, cid: str, offset: int, length: int) -> bytes:
        """See `ContentStore`."""
        if offset < 0 or length < 0:
            raise ValueError(f"a range begins and ends after 0, not at {offset} for {length} bytes")
        return await asyncio.to_thread(self._read, Cid.parse(cid), offset, length)

    async def receive(self, cid: str, size: int) -> "_IncomingFile":
        """See `ContentStore`. What came is kept for an hour, also when the process is killed."""
        parsed = Cid.parse(cid)
        if not 0 <= size <= self._max_bytes:
            raise ValueError(f"content of {size} bytes is larger than {self._max_bytes}")
        return await asyncio.to_thread(_IncomingFile, self._partial / str(parsed), self._path(parsed), size)

    async def drop(self, cid: str) -> None:
        """See `ContentStore`."""
        self._path(Cid.parse(cid)).unlink(missing_ok=True)

    async def listed(self) -> list[KeptContent]:
        """See `ContentShelf`."""
        return await asyncio.to_thread(self._listed)

    def _listed(self) -> list[KeptContent]:
        kept = []
        for path in self._folder.glob("??/*"):
            with suppress(FileNotFoundError, InvalidCid):
                status = path.stat()
                kept.append(KeptContent(str(Cid.parse(path.name)), status.st_size, status.st_mtime))
        return sorted(kept, key=lambda one: one.cid)

    def _path(self, cid: Cid) -> Path:
        name = str(cid)
        return self._folder / name[-2:] / name

    def _open(self, cid: Cid) -> BinaryIO:
        try:
            return self._path(cid).open("rb")
        except FileNotFoundError:
            raise ContentMissing(f"{cid} is not here") from None

    def _get(self, cid: Cid) -> bytes:
        with self._open(cid) as file:
            content = file.read()
        if cid_of(content) != cid:
            self._path(cid).unlink(missing_ok=True)
            raise ContentMissing(f"{cid} is not here any more: its file was damaged and has been removed")
        return content

    def _read(self, cid: Cid, offset: int, length: int) -> bytes:
        with self._open(cid) as file:
            file.seek(min(offset, os.fstat(file.fileno()).st_size))
            return file.read(length)

    def _put(self, content: bytes) -> str:
        cid = cid_of(content)
        path = self._path(cid)
        with suppress(FileNotFoundError):
            if path.stat().st_size == len(content):
                return str(cid)
        _make_place(path)
        partial = self._partial / secrets.token_hex(16)
        try:
            with partial.open("xb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            partial.rename(path)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
        sync_folder(path.parent)
        return str(cid)

    def _drop_abandoned(self) -> None:
        """Remove what killed processes left half-written; what is young may be another store's that is still writing."""
        for partial in self._partial.iterdir():
            with suppress(FileNotFoundError):
                if time.time() - partial.stat().st_mtime > _ABANDONED_AFTER:
                    partial.unlink()


class _IncomingFile:
    """`scatter.ports.IncomingContent` of a store in a folder: a file of its length from the beginning, with holes."""

    def __init__(self, partial: Path, path: Path, size: int) -> None:
        self._partial = partial
        self._path = path
        self.begun = partial.exists()
        self._descriptor: int | None = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
        os.ftruncate(self._descriptor, size)

    async def write(self, offset: int, piece: bytes | memoryview) -> None:
        await asyncio.to_thread(self._write, offset, piece)

    async def read(self, offset: int, length: int) -> bytes:
        return await asyncio.to_thread(os.pread, self._open, length, offset)

    async def finish(self) -> None:
        await asyncio.to_thread(self._finish)

    async def leave(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    @property
    def _open(self) -> int:
        if self._descriptor is None:
            raise ValueError("nothing can be done with content after it was finished or left")
        return self._descriptor

    def _write(self, offset: int, piece: bytes | memoryview) -> None:
        rest = memoryview(piece)
        while rest:
            written = os.pwrite(self._open, rest, offset)
            offset, rest = offset + written, rest[written:]

    def _finish(self) -> None:
        os.fsync(self._open)
        _make_place(self._path)
        with suppress(FileNotFoundError):  # another store of the folder was faster
            self._partial.rename(self._path)
        sync_folder(self._path.parent)
        os.close(self._open)
        self._descriptor = None


def _make_place(path: Path) -> None:
    """Make the folder of a content's file."""
    if not path.parent.is_dir():
        path.parent.mkdir(exist_ok=True)
        sync_folder(path.parent.parent)
