"""The clock of a development chain: blocks when there is something to mine, and a jump when nobody has anything to do."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Protocol

from scatter.node.chain_view import ChainView
from scatter.ports import BlockRef
from scatter.protocol.duties.timing import next_turn
from scatter.protocol.ids import Timestamp
from scatter.protocol.view import JobView

TICK_SECONDS = 0.05
IDLE_TICKS = 2
"""So many idle looks in a row before time passes: a peer's answer or a watcher's call may be on the way between two nodes."""

Idle = Callable[[], Awaitable[bool]]


class Miner(Protocol):
    """What the clock needs of a development chain."""

    async def pending(self) -> int:
        """How many transactions wait to be mined."""
        ...

    async def mine(self, timestamp: Timestamp | None = None) -> BlockRef:
        """Mine one block: at a given time, or a second after the last."""
        ...


class DevelopmentClock:
    """Mines while it runs. Deadlines pass on the chain's clock, not on the wall's."""

    def __init__(self, miner: Miner) -> None:
        self._miner = miner
        self._view: ChainView | None = None
        self._idle: Idle | None = None
        self._mined: BlockRef | None = None
        self._quiet = 0

    def watch(self, view: ChainView, idle: Idle) -> None:
        """From now on let time pass when everybody is idle. Until then only what is sent is mined."""
        self._view, self._idle = view, idle

    async def run(self) -> None:
        """Mine until cancelled. ChainUnavailable when the chain is gone."""
        while True:
            await asyncio.sleep(TICK_SECONDS)
            if await self._miner.pending():
                self._quiet = 0
                self._mined = await self._miner.mine()
            elif self._view is not None and self._idle is not None:
                self._quiet = self._quiet + 1 if self._seen(self._view) and await self._idle() else 0
                if self._quiet >= IDLE_TICKS:
                    self._quiet = 0
                    await self._pass_time(self._view)

    def _seen(self, view: ChainView) -> bool:
        """Whether the nodes know of the last block: before, they are idle only because they do not."""
        return self._mined is None or view.head.number >= self._mined.number

    async def _pass_time(self, view: ChainView) -> None:
        """Nobody acts: mine a block, at the next time that changes something when jobs wait for nothing else."""
        waiting = [job for job in view.network.jobs.values() if not _finished(job)]
        if waiting:
            self._mined = await self._miner.mine(next_time(waiting, view.now.timestamp))


def next_time(jobs: Iterable[JobView], now: Timestamp) -> Timestamp | None:
    """When some job's duties change by time alone; None when one waits for a block rather than for a time."""
    turns = [next_turn(job, now) for job in jobs]
    return None if None in turns else min(turn for turn in turns if turn is not None)


def _finished(job: JobView) -> bool:
    return job.ended and job.claimed >= set(job.participants)
