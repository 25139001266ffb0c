"""Immutable content by CID."""

from collections.abc import Sequence
from dataclasses import dataclass
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

    async def receive(self, cid: str, size: int) -> "IncomingContent":
        """A place for content that comes in pieces, with what came of it earlier; ValueError when it is larger than this
        store takes."""
        ...

    async def drop(self, cid: str) -> None:
        """Have the bytes no more; nothing happens when they are not here."""
        ...


@dataclass(frozen=True, slots=True)
class KeptContent:
    """Content in a store: its length in bytes, and when it came, in seconds of the Unix epoch."""

    cid: str
    size: int
    since: float


class ContentShelf(ContentStore, Protocol):
    """A store whose content can be listed."""

    async def listed(self) -> Sequence[KeptContent]:
        """Everything that is here, by CID."""
        ...


class IncomingContent(Protocol):
    """Content on its way into a store. Whoever writes a piece has verified it."""

    @property
    def begun(self) -> bool:
        """Whether there is something of it from an earlier attempt, right or wrong."""
        ...

    async def write(self, offset: int, piece: bytes | memoryview) -> None:
        """Keep a piece at its place."""
        ...

    async def read(self, offset: int, length: int) -> bytes:
        """What is at a place: a piece, or anything when none was written there."""
        ...

    async def finish(self) -> None:
        """All of it is there: from now on the store has the content."""
        ...

    async def leave(self) -> None:
        """Go no further. The store may keep what came, for another attempt. Nothing happens after `finish`."""
        ...


class ContentMissing(LookupError):
    """Content is not in this store."""
