"""Handing content out to peers that may have it."""

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable

from scatter.content.cids import Cid
from scatter.content.messages import PROTOCOL, Request, Status, layout_answer, range_answer, refusal
from scatter.content.verifying import verified_layout
from scatter.ports import ContentMissing, ContentStore, PeerKey, PeerNetwork
from scatter.ports.messages import MalformedMessage

Allowed = Callable[[PeerKey, str], Awaitable[bool]]
"""(who asks, CID) → whether he may have it."""

_REMEMBERED = 64


class ContentServer:
    """Answers `/scatter/content/1` from a store. To a peer that `allowed` turns down it does not say whether the content is
    here."""

    def __init__(self, store: ContentStore, allowed: Allowed) -> None:
        self._store = store
        self._allowed = allowed
        self._layouts: OrderedDict[Cid, bytes] = OrderedDict()
        self._computing = asyncio.Lock()

    def serve_on(self, network: PeerNetwork) -> None:
        """Answer the requests that arrive on a network."""
        network.serve(PROTOCOL, self.answer)

    async def answer(self, peer: PeerKey, message: bytes) -> bytes:
        """The answer to a peer's message, whatever it says."""
        try:
            request = Request.from_bytes(message)
        except MalformedMessage:
            return refusal(Status.MALFORMED)
        cid = Cid.from_bytes(request.cid)
        if not await self._allowed(peer, str(cid)):
            return refusal(Status.REFUSED)
        try:
            if request.offset is None or request.length is None:
                return await self._layout(cid)
            return range_answer(await self._store.read(str(cid), request.offset, request.length))
        except ContentMissing:
            return refusal(Status.MISSING)

    async def _layout(self, cid: Cid) -> bytes:
        """Computed once for many readers, and for one at a time: it reads and hashes everything."""
        async with self._computing:
            if cid not in self._layouts:
                self._layouts[cid] = layout_answer(await verified_layout(self._store, cid))
                if len(self._layouts) > _REMEMBERED:
                    self._layouts.popitem(last=False)
            self._layouts.move_to_end(cid)
            return self._layouts[cid]
