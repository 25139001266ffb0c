"""Content in a folder: one file per CID, written whole or not at all."""

import asyncio
import os
import secrets
import time
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from scatter.content.cids import Cid
from scatter.content.unixfs import cid_of
from scatter.ports import ContentMissing

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
        if not path.parent.is_dir():
            path.parent.mkdir(exist_ok=True)
            _sync_folder(self._folder)
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
        _sync_folder(path.parent)
        return str(cid)

    def _drop_abandoned(self) -> None:
        """Remove what killed processes left half-written; what is young may be another store's that is still writing."""
        for partial in self._partial.iterdir():
            with suppress(FileNotFoundError):
                if time.time() - partial.stat().st_mtime > _ABANDONED_AFTER:
                    partial.unlink()


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
