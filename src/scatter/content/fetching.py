"""Getting content from peers: piece by piece, every piece verified, from whoever has it."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from weakref import WeakValueDictionary

from scatter.content.cids import RAW, Cid
from scatter.content.messages import (
    MAX_RANGE_BYTES,
    PROTOCOL,
    RANGE_LEAVES,
    Kind,
    MalformedMessage,
    Request,
    body_of,
    layout_from,
)
from scatter.content.unixfs import LEAF_BYTES, Layout, cid_of_layout
from scatter.ports import ContentMissing, ContentStore, PeerKey, PeerNetwork, PeerUnreachable

NOT_THIS = "sent bytes that are not this content's"


class ContentUnavailable(LookupError):
    """Nobody who was asked handed the content out; the message says what each of them did."""


@dataclass(slots=True)
class _Download:
    """What is here of a file so far, whoever sent it."""

    cid: Cid
    limit: int
    layout: Layout | None = None
    pieces: list[bytes] = field(default_factory=list)

    @property
    def offset(self) -> int:
        return len(self.pieces) * MAX_RANGE_BYTES

    @property
    def complete(self) -> bool:
        return self.layout is not None and len(self.pieces) * RANGE_LEAVES >= len(self.layout.leaves)


class ContentFetcher:
    """Fetches content into a store. Peers are asked in turn; what one of them sent before it failed is kept, and the next
    goes on from there. A peer that lies, stalls or sends nonsense is asked no more."""

    def __init__(self, store: ContentStore, network: PeerNetwork, timeout: float = 30.0) -> None:
        self._store = store
        self._network = network
        self._timeout = timeout
        self._under_way: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def fetch(self, cid: str, candidates: Sequence[PeerKey], limit: int) -> bytes:
        """Content of at most `limit` bytes, from the store or else from the first candidates that have it; then it is in the
        store. InvalidCid when `cid` is none; ContentUnavailable when nobody has it, or when it is too large."""
        wanted = Cid.parse(cid)
        lock = self._under_way.setdefault(cid, asyncio.Lock())
        async with lock:
            try:
                content = await self._store.get(cid)
            except ContentMissing:
                content = await self._fetch(wanted, candidates, limit)
                await self._store.put(content)
        if len(content) > limit:
            raise ContentUnavailable(f"{cid} has {len(content)} bytes, more than the {limit} that are allowed")
        return content

    async def _fetch(self, cid: Cid, candidates: Sequence[PeerKey], limit: int) -> bytes:
        download = _Download(cid, limit)
        reasons = []
        for peer in dict.fromkeys(candidates):
            if peer == self._network.peer:
                continue
            try:
                await self._continue(download, peer)
            except (MalformedMessage, PeerUnreachable) as error:
                reasons.append(f"{peer.hex()[:8]} {error}")
            else:
                return b"".join(download.pieces)
        raise ContentUnavailable(f"nobody handed out {cid}: {'; '.join(reasons) or 'there was nobody to ask'}")

    async def _continue(self, download: _Download, peer: PeerKey) -> None:
        """Take from one peer what is still missing."""
        if download.cid.codec == RAW:
            download.pieces = [await self._block(download.cid, peer)]
            return
        if download.layout is None:
            download.layout = await self._layout(download, peer)
        while not download.complete:
            download.pieces.append(await self._piece(download, download.layout, peer))

    async def _block(self, cid: Cid, peer: PeerKey) -> bytes:
        """A raw block, which is its own only leaf: its size is known when it is here."""
        block = await self._ask(peer, Request(Kind.RANGE, cid, 0, LEAF_BYTES))
        if len(block) > LEAF_BYTES or Cid.of_block(RAW, block) != cid:
            raise MalformedMessage(NOT_THIS)
        return block

    async def _layout(self, download: _Download, peer: PeerKey) -> Layout:
        body = await self._ask(peer, Request(Kind.LAYOUT, download.cid))
        return await asyncio.to_thread(_verified_layout, body, download)

    async def _piece(self, download: _Download, layout: Layout, peer: PeerKey) -> bytes:
        length = min(MAX_RANGE_BYTES, layout.size - download.offset)
        piece = await self._ask(peer, Request(Kind.RANGE, download.cid, download.offset, length))
        if len(piece) != length:
            raise MalformedMessage(f"sent {len(piece)} bytes instead of {length}")
        first = len(download.pieces) * RANGE_LEAVES
        if not await asyncio.to_thread(_matches, piece, layout.leaves[first : first + RANGE_LEAVES]):
            raise MalformedMessage(NOT_THIS)
        return piece

    async def _ask(self, peer: PeerKey, request: Request) -> bytes:
        message = await self._network.request(peer, PROTOCOL, request.to_bytes(), self._timeout)
        return body_of(message)


def _verified_layout(body: bytes, download: _Download) -> Layout:
    layout = layout_from(body, download.limit)
    if cid_of_layout(layout) != download.cid:
        raise MalformedMessage("sent a layout that is not this content's")
    return layout


def _matches(piece: bytes, leaves: Sequence[bytes]) -> bool:
    view = memoryview(piece)
    return all(
        hashlib.sha256(view[index * LEAF_BYTES : (index + 1) * LEAF_BYTES]).digest() == digest
        for index, digest in enumerate(leaves)
    )
