"""A development chain's clock: it jumps when nobody has anything to do, and not before."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace

import pytest
from tests.property.protocol.actors import example_terms

from scatter.localnet import clock as module
from scatter.localnet.clock import DevelopmentClock, next_time
from scatter.localnet.ground import beside
from scatter.node.chain_view import ChainView
from scatter.ports import BlockRef, Call, ChainUnavailable, ChainUpdate
from scatter.protocol.ids import Address, JobId, Timestamp
from scatter.protocol.states import State
from scatter.protocol.view import JobView, NetworkView

NOW = 1_000


def job(state: State, deadline: int | None, **changes: object) -> JobView:
    base = JobView(JobId(bytes(32)), Address("0x1"), bytes(32), example_terms(), (), ())
    return replace(base, state=state, deadline=None if deadline is None else Timestamp(deadline), **changes)


class Miner:
    """A chain that tells of its blocks when the test lets it."""

    def __init__(self) -> None:
        self.chain_id = 31_337
        self.waiting = 0
        self.mined: list[int | None] = []
        self.telling = asyncio.Event()
        self.telling.set()
        self._news: asyncio.Queue[BlockRef] = asyncio.Queue()
        self._news.put_nowait(BlockRef(1, bytes(32), Timestamp(NOW)))

    async def pending(self) -> int:
        return self.waiting

    async def mine(self, timestamp: Timestamp | None = None) -> BlockRef:
        self.waiting = 0
        self.mined.append(timestamp)
        block = BlockRef(1 + len(self.mined), bytes(32), Timestamp(timestamp or NOW + len(self.mined)))
        self._news.put_nowait(block)
        return block

    async def head(self) -> BlockRef:
        raise NotImplementedError

    async def read(self, call: Call) -> object:
        raise NotImplementedError

    async def updates(self) -> AsyncIterator[ChainUpdate]:
        while True:
            block = await self._news.get()
            await self.telling.wait()
            yield ChainUpdate(block, ())


class Table:
    """A clock at work over a miner and a view; the test says who is idle."""

    def __init__(self) -> None:
        self.miner = Miner()
        self.view = ChainView(self.miner)
        self.idle = False
        self.looks = 0

    async def is_idle(self) -> bool:
        self.looks += 1
        return self.idle

    async def looked(self, times: int) -> None:
        """Wait until the clock has asked so many times more."""
        goal = self.looks + times
        await self.eventually(lambda: self.looks >= goal)

    async def eventually(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(5):
            while not condition():  # noqa: ASYNC110
                await asyncio.sleep(0.001)


@pytest.fixture
async def table(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Table]:
    monkeypatch.setattr(module, "TICK_SECONDS", 0.002)
    made = Table()
    await made.view.start()
    made.view.network = NetworkView(jobs={JobId(bytes(32)): job(State.TRAINING, NOW + 600)})
    clock = DevelopmentClock(made.miner)
    clock.watch(made.view, made.is_idle)
    ticking = asyncio.create_task(clock.run())
    yield made
    ticking.cancel()
    await asyncio.wait([ticking])
    await made.view.stop()


async def test_time_stands_still_while_somebody_works(table: Table) -> None:
    await table.looked(20)
    assert not table.miner.mined


async def test_it_jumps_to_the_next_turn_when_all_are_idle(table: Table) -> None:
    table.idle = True
    await table.eventually(lambda: bool(table.miner.mined))
    assert table.miner.mined[0] == NOW + 601


async def test_what_is_sent_is_mined_whoever_works(table: Table) -> None:
    table.miner.waiting = 3
    await table.eventually(lambda: bool(table.miner.mined))
    assert table.miner.mined == [None]


async def test_a_single_idle_look_is_not_enough(table: Table) -> None:
    for _ in range(10):
        table.idle = True
        await table.looked(1)
        table.idle = False
        await table.looked(2)
    assert not table.miner.mined


async def test_time_does_not_pass_before_the_nodes_know_of_the_last_block(table: Table) -> None:
    """They are idle because they do not know."""
    table.miner.telling.clear()
    table.miner.waiting = 1
    table.idle = True
    await table.eventually(lambda: len(table.miner.mined) == 1)
    await asyncio.sleep(0.1)
    assert table.miner.mined == [None]
    table.miner.telling.set()
    await table.eventually(lambda: len(table.miner.mined) > 1)
    assert table.miner.mined[1] == NOW + 601


async def test_without_an_unfinished_job_time_stands_still(table: Table) -> None:
    done = job(State.SETTLED, None, claimed=frozenset({Address("0x1")}))
    table.view.network = NetworkView(jobs={done.id: done})
    table.idle = True
    await table.looked(20)
    assert not table.miner.mined


async def test_before_it_watches_a_clock_only_mines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TICK_SECONDS", 0.001)
    miner = Miner()
    ticking = asyncio.create_task(DevelopmentClock(miner).run())
    await asyncio.sleep(0.05)
    assert not miner.mined
    miner.waiting = 1
    await asyncio.sleep(0.05)
    assert miner.mined == [None]
    ticking.cancel()
    await asyncio.wait([ticking])


def test_the_next_time_is_the_first_of_all_jobs() -> None:
    now = Timestamp(NOW)
    later, sooner = job(State.TRAINING, NOW + 600), job(State.REVEALING, NOW + 60)
    assert next_time([later, sooner], now) == NOW + 61
    assert next_time([later, job(State.DRAWING, None)], now) is None, "a block comes before a time"


async def test_what_ends_the_work_beside_a_block_ends_the_block() -> None:
    async def fails() -> None:
        await asyncio.sleep(0)
        raise ChainUnavailable("anvil is gone")

    with pytest.raises(ChainUnavailable, match="anvil is gone"):
        async with beside(fails()):
            await asyncio.Event().wait()


async def test_the_work_beside_a_block_ends_with_it() -> None:
    ended: list[str] = []

    async def works() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append("work")

    async with beside(works()):
        await asyncio.sleep(0)
    assert ended == ["work"]

    async def fails() -> None:
        async with beside(works()):
            await asyncio.sleep(0)
            raise KeyError("the block's own")

    with pytest.raises(KeyError, match="the block's own"):
        await fails()
    assert ended == ["work", "work"]
