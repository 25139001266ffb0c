"""Content in memory, for simulations: many stores in one process, each with its own shelf, over one copy of every content."""

from collections.abc import Iterable, Iterator, Mapping

from scatter.content.cids import Cid
from scatter.content.unixfs import cid_of
from scatter.ports import ContentMissing


class ContentPool:
    """What all stores of a process hold together. Content is never dropped."""

    def __init__(self, contents: Mapping[str, bytes] | None = None) -> None:
        self._contents = dict(contents or {})
        self._names: dict[bytes, str] = {}

    def add(self, content: bytes) -> str:
        """Keep content; its CID."""
        known = self._names.get(content)
        if known is None:
            known = self._names[content] = str(cid_of(content))
            self._contents[known] = content
        return known

    def __getitem__(self, cid: str) -> bytes:
        return self._contents[cid]

    def __iter__(self) -> Iterator[tuple[str, bytes]]:
        return iter(self._contents.items())


class MemoryContentStore:
    """`scatter.ports.ContentStore` of one node: the CIDs that it has, `held` at the start, of what the pool holds."""

    def __init__(self, pool: ContentPool, held: Iterable[str] = ()) -> None:
        self._pool = pool
        self._held = set(held)

    @property
    def held(self) -> frozenset[str]:
        """The CIDs that are here."""
        return frozenset(self._held)

    async def put(self, content: bytes) -> str:
        """See `ContentStore`."""
        cid = self._pool.add(bytes(content))
        self._held.add(cid)
        return cid

    async def get(self, cid: str) -> bytes:
        """See `ContentStore`; InvalidCid for a text that is no CID, here and below."""
        return self._content(cid)

    async def has(self, cid: str) -> bool:
        """See `ContentStore`."""
        return str(Cid.parse(cid)) in self._held

    async def size(self, cid: str) -> int:
        """See `ContentStore`."""
        return len(self._content(cid))

    async def read(self, cid: str, offset: int, length: int) -> bytes:
        """See `ContentStore`."""
        if offset < 0 or length < 0:
            raise ValueError(f"a range begins and ends after 0, not at {offset} for {length} bytes")
        return self._content(cid)[offset : offset + length]

    async def receive(self, cid: str, size: int) -> "_IncomingToMemory":
        """See `ContentStore`. What did not come whole is not kept for another attempt."""
        return _IncomingToMemory(self, Cid.parse(cid), bytearray(size))

    async def drop(self, cid: str) -> None:
        """See `ContentStore`."""
        self._held.discard(str(Cid.parse(cid)))

    def _content(self, cid: str) -> bytes:
        name = str(Cid.parse(cid))
        if name not in self._held:
            raise ContentMissing(f"{name} is not here")
        return self._pool[name]


class _IncomingToMemory:
    """`scatter.ports.IncomingContent` of a store in memory."""

    begun = False

    def __init__(self, store: MemoryContentStore, cid: Cid, content: bytearray) -> None:
        self._store = store
        self._cid = cid
        self._content = content

    async def write(self, offset: int, piece: bytes | memoryview) -> None:
        self._content[offset : offset + len(piece)] = piece

    async def read(self, offset: int, length: int) -> bytes:
        return bytes(self._content[offset : offset + length])

    async def finish(self) -> None:
        if await self._store.put(bytes(self._content)) != str(self._cid):
            raise ValueError(f"what was written is not {self._cid}")

    async def leave(self) -> None:
        self._content = bytearray()
