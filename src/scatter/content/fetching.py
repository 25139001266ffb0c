"""Getting content from peers: piece by piece, every piece verified before it is kept, from several of those who have it."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Self, TypeVar
from weakref import WeakValueDictionary

from scatter.content.cids import RAW, Cid
from scatter.content.messages import MAX_RANGE_BYTES, PROTOCOL, RANGE_LEAVES, Request, layout_from, range_from
from scatter.content.unixfs import LEAF_BYTES, Layout, cid_of_layout, leaf_digests
from scatter.content.verifying import verified_layout
from scatter.ports import (
    ContentMissing,
    ContentRouting,
    ContentStore,
    IncomingContent,
    PeerKey,
    PeerNetwork,
    PeerUnreachable,
)
from scatter.ports.messages import MalformedMessage

NOT_THIS = "sent bytes that are not this content's"
_PEERS_AT_ONCE = 3
_PIECES_OF_A_PEER = 3
"""Pieces that one peer is asked for at a time: each begins slowly. So at most nine are in memory."""


_T = TypeVar("_T")


class ContentUnavailable(LookupError):
    """Nobody who was asked handed the content out; the message says what each of them did."""


class WrongContent(MalformedMessage):
    """A peer sent what is not the content of the CID that it was asked for. Who does so is disconnected."""


class ContentFetcher:
    """Fetches content into a store. What one peer sent before it failed is kept, also for a later attempt, and others go on
    from there. A peer that lies, stalls or sends nonsense is asked no more.

    With `routing`, peers are also found by what they say of themselves, once those who are known to have the content are
    asked already.
    """

    def __init__(
        self,
        store: ContentStore,
        network: PeerNetwork,
        timeout: float = 30.0,
        routing: ContentRouting | None = None,
    ) -> None:
        self._store = store
        self._network = network
        self._timeout = timeout
        self._routing = routing
        self._under_way: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def fetch(self, cid: str, candidates: Sequence[PeerKey], limit: int) -> None:
        """Have content of at most `limit` bytes in the store, if need be from the first candidates that have it. InvalidCid
        when `cid` is none; ContentUnavailable when nobody has it, or when it is too large."""
        wanted = Cid.parse(cid)
        lock = self._under_way.setdefault(cid, asyncio.Lock())
        async with lock:
            try:
                size = (await verified_layout(self._store, wanted)).size
            except ContentMissing:
                peers = _Peers(cid, self._network.peer, candidates, self._routing)
                size = await self._fetch(wanted, peers, limit)
        if size > limit:
            raise ContentUnavailable(f"{cid} has {size} bytes, more than the {limit} that are allowed")

    async def _fetch(self, cid: Cid, peers: "_Peers", limit: int) -> int:
        if cid.codec == RAW:
            block = await self._ask_in_turn(peers, lambda peer: self._block(cid, peer))
            await self._store.put(block)
            return len(block)
        layout = await self._ask_in_turn(peers, lambda peer: self._layout(cid, peer, limit))
        incoming = await self._store.receive(str(cid), layout.size)
        try:
            await self._fetch_pieces(await _Download.begin(cid, layout, incoming), peers)
            await incoming.finish()
        finally:
            await incoming.leave()
        return layout.size

    async def _fetch_pieces(self, download: "_Download", peers: "_Peers") -> None:
        workers = [
            asyncio.create_task(self._work(download, peers)) for _ in range(min(_PEERS_AT_ONCE, len(download.missing)))
        ]
        try:
            await asyncio.gather(*workers)
        finally:
            for worker in workers:
                worker.cancel()
            await asyncio.gather(*workers, return_exceptions=True)
        if download.missing:
            raise peers.unavailable()

    async def _work(self, download: "_Download", peers: "_Peers") -> None:
        """Take pieces from one peer, and from another when it fails, while any are missing."""
        while not download.complete and (peer := await peers.next()) is not None:
            source = _Source(peer)
            loops = (self._take_from(source, download) for _ in range(_PIECES_OF_A_PEER))
            for outcome in await asyncio.gather(*loops, return_exceptions=True):
                if isinstance(outcome, BaseException):
                    raise outcome
            if source.failure is not None:
                await self._give_up(peer, peers, source.failure)

    async def _take_from(self, source: "_Source", download: "_Download") -> None:
        while source.failure is None and (number := await download.next()) is not None:
            if source.failure is not None:  # its other piece failed meanwhile
                download.put_back(number)
                return
            try:
                with download.under_way(number):
                    piece = await self._piece(download, number, source.peer)
                    await download.incoming.write(number * MAX_RANGE_BYTES, piece)
            except (MalformedMessage, PeerUnreachable) as error:
                source.failure = error

    async def _ask_in_turn(self, peers: "_Peers", ask: Callable[[PeerKey], Awaitable[_T]]) -> _T:
        """What the first peer hands out that has it. It is then the first to be asked for more."""
        while (peer := await peers.next()) is not None:
            try:
                result = await ask(peer)
            except (MalformedMessage, PeerUnreachable) as error:
                await self._give_up(peer, peers, error)
            else:
                peers.put_first(peer)
                return result
        raise peers.unavailable()

    async def _give_up(self, peer: PeerKey, peers: "_Peers", error: Exception) -> None:
        peers.failed(peer, error)
        if isinstance(error, WrongContent):
            await self._network.disconnect(peer, f"{error}: {peers.cid}")

    async def _block(self, cid: Cid, peer: PeerKey) -> bytes:
        """A raw block, which is its own only leaf: its size is known when it is here."""
        block = bytes(range_from(await self._ask(peer, Request.for_range(cid, 0, LEAF_BYTES))))
        if len(block) > LEAF_BYTES or Cid.of_block(RAW, block) != cid:
            raise WrongContent(NOT_THIS)
        return block

    async def _layout(self, cid: Cid, peer: PeerKey, limit: int) -> Layout:
        layout = layout_from(await self._ask(peer, Request.for_layout(cid)), limit)
        if await asyncio.to_thread(cid_of_layout, layout) != cid:
            raise WrongContent("sent a layout that is not this content's")
        return layout

    async def _piece(self, download: "_Download", number: int, peer: PeerKey) -> memoryview:
        offset = number * MAX_RANGE_BYTES
        length = min(MAX_RANGE_BYTES, download.layout.size - offset)
        piece = range_from(await self._ask(peer, Request.for_range(download.cid, offset, length)))
        if len(piece) != length:
            raise MalformedMessage(f"sent {len(piece)} bytes instead of {length}")
        if not await asyncio.to_thread(download.is_right, number, piece):
            raise WrongContent(NOT_THIS)
        return piece

    async def _ask(self, peer: PeerKey, request: Request) -> bytes:
        return await self._network.request(peer, PROTOCOL, request.to_bytes(), self._timeout)


class _Peers:
    """Whom to ask, one after the other and nobody twice, and what came of it."""

    def __init__(self, cid: str, me: PeerKey, candidates: Sequence[PeerKey], routing: ContentRouting | None) -> None:
        self.cid = cid
        self._left = deque(peer for peer in dict.fromkeys(candidates) if peer != me)
        self._known = {me, *self._left}
        self._routing = routing
        self._looking = asyncio.Lock()
        self._reasons: list[str] = []

    async def next(self) -> PeerKey | None:
        """A peer that nobody asks at the moment; None when there is no other."""
        async with self._looking:
            if not self._left and self._routing is not None:
                routing, self._routing = self._routing, None
                found = [peer for peer in await routing.providers(self.cid) if peer not in self._known]
                self._left.extend(dict.fromkeys(found))
            return self._left.popleft() if self._left else None

    def put_first(self, peer: PeerKey) -> None:
        """A peer that has the content, to be asked again."""
        self._left.appendleft(peer)

    def failed(self, peer: PeerKey, error: Exception) -> None:
        """A peer that is asked no more, and why."""
        self._reasons.append(f"{peer.hex()[:8]} {error}")

    def unavailable(self) -> ContentUnavailable:
        """The error when there is nobody left."""
        reasons = "; ".join(self._reasons) or "there was nobody to ask"
        return ContentUnavailable(f"nobody handed out {self.cid}: {reasons}")


@dataclass(slots=True)
class _Source:
    """A peer that is asked for pieces, and why it is asked no more."""

    peer: PeerKey
    failure: Exception | None = None


@dataclass(slots=True)
class _Download:
    """Which pieces of a file are missing, and where they go. A piece has 4 MiB, the last one what is left."""

    cid: Cid
    layout: Layout
    incoming: IncomingContent
    missing: deque[int]
    taken: int = 0
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @classmethod
    async def begin(cls, cid: Cid, layout: Layout, incoming: IncomingContent) -> Self:
        """What is still to be had, after what came of an earlier attempt was verified."""
        download = cls(cid, layout, incoming, deque(range(-(-len(layout.leaves) // RANGE_LEAVES))))
        if incoming.begun:
            for number in tuple(download.missing):
                piece = await incoming.read(number * MAX_RANGE_BYTES, MAX_RANGE_BYTES)
                if await asyncio.to_thread(download.is_right, number, piece):
                    download.missing.remove(number)
        return download

    @property
    def complete(self) -> bool:
        """Whether all of it is here."""
        return not self.missing and not self.taken

    def is_right(self, number: int, piece: bytes | memoryview) -> bool:
        """Whether bytes are the piece of that number."""
        return leaf_digests(piece) == list(self.layout.leaves[number * RANGE_LEAVES : (number + 1) * RANGE_LEAVES])

    async def next(self) -> int | None:
        """A piece to ask for; None once all are here. Waits while others ask for the last ones: they may fail."""
        while not self.missing and self.taken:
            self.changed.clear()
            await self.changed.wait()
        return self.missing.popleft() if self.missing else None

    @contextmanager
    def under_way(self, number: int) -> Iterator[None]:
        """Count a piece as asked for; it is missing again when the block raises."""
        self.taken += 1
        try:
            yield
        except BaseException:
            self.put_back(number)
            raise
        finally:
            self.taken -= 1
            self.changed.set()

    def put_back(self, number: int) -> None:
        """A piece that was taken is missing again."""
        self.missing.appendleft(number)
        self.changed.set()
