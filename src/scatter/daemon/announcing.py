"""Telling other peers which content is here: what was added, and from time to time what is pinned, since peers forget."""

import asyncio
import logging
from contextlib import suppress

from scatter.content.cids import InvalidCid
from scatter.node.housekeeping import pinned
from scatter.node.parts import Parts
from scatter.ports import ContentRouting, PeerUnreachable

AGAIN_SECONDS = 12 * 3600.0
"""Records of the hash table last for a day or two."""
MOST_WAITING = 10_000

log = logging.getLogger(__name__)


class Announcer:
    """Announces while `run` runs, as fast as other peers take it."""

    def __init__(self, routing: ContentRouting) -> None:
        self._routing = routing
        self._waiting: asyncio.Queue[str] = asyncio.Queue(MOST_WAITING)

    def announce(self, cid: str) -> None:
        """Announce content before long. When too much waits already it is announced with what is pinned, if it is."""
        with suppress(asyncio.QueueFull):
            self._waiting.put_nowait(cid)

    async def run(self, parts: Parts) -> None:
        """Announce until cancelled."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._remind(parts))
            group.create_task(self._announce())

    async def _remind(self, parts: Parts) -> None:
        while True:
            for cid in sorted(await pinned(parts)):
                await self._waiting.put(cid)
            await asyncio.sleep(AGAIN_SECONDS)

    async def _announce(self) -> None:
        while True:
            cid = await self._waiting.get()
            try:
                await self._routing.provide(cid)
            except (PeerUnreachable, InvalidCid) as error:
                log.info("nobody was told of %s: %s", cid, error)
