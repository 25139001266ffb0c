"""The probe contract's network, mined step by step."""

import asyncio
from pathlib import Path

from tests.conftest import TICK, ProbeNetwork

from scatter.chain.bindings import Bindings
from scatter.chain.stepped import SteppedChain, SteppedSigner
from scatter.ports import BlockRef
from scatter.protocol.ids import Timestamp


class SteppedMiner:
    """Mines through the stepped chain, which nobody else may mine."""

    def __init__(self, chain: SteppedChain) -> None:
        self._chain = chain

    async def mine(self) -> BlockRef:
        return (await self._chain.mine()).block

    async def advance(self, seconds: int) -> BlockRef:
        return (await self._chain.mine(Timestamp(self._chain.now.timestamp + seconds))).block


class SteppedProbeNetwork:
    """A `ProbeNetwork` whose chain and signers are stepped ones."""

    def __init__(self, inner: ProbeNetwork, stepped: SteppedChain) -> None:
        self._inner, self.stepped = inner, stepped
        self.where = inner.where
        self.chain = SteppedMiner(stepped)
        self._tick: asyncio.Task[None] | None = None
        self.resume()

    @classmethod
    async def start(cls, folder: Path) -> "SteppedProbeNetwork":
        inner = await ProbeNetwork.start(folder)
        await inner.pause()
        stepped = SteppedChain(inner.connection, inner.chain, bytes(32))
        await stepped.start()
        await stepped.know(Bindings({"Probe": (inner.where, inner.contract)}), 1)
        return cls(inner, stepped)

    async def signer(self, name: str) -> SteppedSigner:
        return SteppedSigner(self.stepped, await self._inner.account(name))

    def resume(self) -> None:
        self._tick = asyncio.create_task(self._mine_often())

    async def pause(self) -> None:
        if self._tick is not None:
            self._tick.cancel()
            await asyncio.wait([self._tick])
            self._tick = None

    async def stop(self) -> None:
        await self.pause()
        await self._inner.stop()

    async def _mine_often(self) -> None:
        while True:
            await asyncio.shield(asyncio.ensure_future(self.chain.mine()))
            await asyncio.sleep(TICK)
