"""The newest block, asked for once for all who wait."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from scatter.chain.rpc import Rpc
from scatter.ports import BlockRef, ChainError
from scatter.protocol.ids import Timestamp

DEVELOPMENT_INTERVAL = 0.05


@dataclass(frozen=True, slots=True)
class Head:
    """The newest block and its base fee (wei per gas)."""

    block: BlockRef
    base_fee: int


def parse_block(header: Mapping[str, Any]) -> BlockRef:
    """A block from its JSON-RPC header."""
    return BlockRef(
        int(header["number"], 16),
        bytes.fromhex(header["hash"].removeprefix("0x")),
        Timestamp(int(header["timestamp"], 16)),
    )


class Heads:
    """Polls for new heads while somebody waits for one, every `interval` seconds. Whatever a subscription could tell is
    lost when it reconnects, so a head only wakes its readers up: they ask the chain what changed."""

    def __init__(self, rpc: Rpc, interval: float = DEVELOPMENT_INTERVAL) -> None:
        self._rpc = rpc
        self._interval = interval
        self._last: Head | None = None
        self._poll: asyncio.Task[None] | None = None

    async def latest(self) -> Head:
        """The newest block now. ChainUnavailable."""
        header = await self._rpc.call("eth_getBlockByNumber", "latest", False)
        if header is None:
            raise ChainError(f"{self._rpc.url} has no blocks")
        self._last = Head(parse_block(header), int(header.get("baseFeePerGas", "0x0"), 16))
        return self._last

    async def after(self, known: Head) -> Head:
        """The newest block, as soon as it is another one than `known`. ChainUnavailable."""
        # All heads come from here, so `known` is never newer than `_last`.
        while self._last is None or self._last.block.hash == known.block.hash:
            if self._poll is None or self._poll.done():
                self._poll = asyncio.create_task(self._until_changed(known))
                self._poll.add_done_callback(_seen)
            await asyncio.shield(self._poll)
        return self._last

    async def close(self) -> None:
        """Stop polling; who waits is cancelled."""
        if self._poll is not None:
            self._poll.cancel()
            await asyncio.gather(self._poll, return_exceptions=True)

    async def _until_changed(self, known: Head) -> None:
        while True:
            head = await self.latest()
            if head.block.hash != known.block.hash:
                return
            await asyncio.sleep(self._interval)


def _seen(poll: asyncio.Task[None]) -> None:
    # When nobody waits any more, nobody else will look at the error.
    if not poll.cancelled():
        poll.exception()
