"""Immutable content by CID."""

from typing import Protocol


class ContentStore(Protocol):
    """Immutable bytes by CID (CIDv1 text). What is put is verified against nothing but itself; what is fetched is
    verified by CID."""

    async def put(self, content: bytes) -> str:
        """Keep bytes as a UnixFS file (256 KiB raw leaves, balanced, 174 links) and return its CID; content of at most
        256 KiB is one raw block."""
        ...

    async def get(self, cid: str) -> bytes:
        """The bytes; ContentMissing when they are not here."""
        ...

    async def has(self, cid: str) -> bool:
        """Whether the bytes are here."""
        ...

    async def size(self, cid: str) -> int:
        """Their length in bytes; ContentMissing when they are not here."""
        ...

    async def read(self, cid: str, offset: int, length: int) -> bytes:
        """A range of the bytes, shorter at the end; ContentMissing when they are not here."""
        ...


class ContentMissing(LookupError):
    """Content is not in this store."""
