"""The chain as a view: folding, going back, waiting, and what ends it."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from scatter.node.chain_view import ChainView
from scatter.ports import BlockRef, Call, ChainEvent, ChainUnavailable, ChainUpdate
from scatter.protocol.ids import Address, Timestamp

DEFAULTS: dict[str, Any] = {"role": 2, "peer_key": bytes(32), "sealing_key": bytes(32)}


class ScriptedChain:
    """Says what the test says."""

    chain_id = 31_337

    def __init__(self) -> None:
        self._news: asyncio.Queue[ChainUpdate | Exception | None] = asyncio.Queue()

    async def head(self) -> BlockRef:
        raise NotImplementedError

    async def read(self, call: Call) -> Any:
        raise NotImplementedError

    def say(self, number: int, events: Sequence[ChainEvent] = (), rewound_to: int | None = None) -> None:
        back = None if rewound_to is None else block(rewound_to)
        self._news.put_nowait(ChainUpdate(block(number), events, back))

    def end(self, error: Exception | None = None) -> None:
        self._news.put_nowait(error)

    async def updates(self) -> AsyncIterator[ChainUpdate]:
        while (news := await self._news.get()) is not None:
            if isinstance(news, Exception):
                raise news
            yield news


def block(number: int) -> BlockRef:
    return BlockRef(number, bytes(32), Timestamp(1_000 + number))


def registered(node: str, number: int, **values: Any) -> ChainEvent:
    return ChainEvent("NodeRegistered", {**DEFAULTS, "node": Address(node), **values}, number, 0, b"")


def joined(job: bytes, number: int) -> ChainEvent:
    return ChainEvent("TrainerJoined", {"job": job, "trainer": Address("t"), "slot": 0}, number, 0, b"")


@pytest.fixture
def chain() -> ScriptedChain:
    return ScriptedChain()


@pytest.fixture
async def view(chain: ScriptedChain) -> AsyncIterator[ChainView]:
    chain.say(1, [registered("a", 1)])
    made = ChainView(chain)
    await made.start()
    yield made
    await made.stop()


async def test_events_are_folded_as_they_come(chain: ScriptedChain, view: ChainView) -> None:
    assert set(view.network.nodes) == {"a"}
    assert (view.now.block, view.now.timestamp) == (1, 1_001)
    chain.say(3, [registered("b", 3)])
    await view.reached(3)
    assert set(view.network.nodes) == {"a", "b"}


async def test_going_back_gives_what_a_fold_from_nothing_gives(chain: ScriptedChain, view: ChainView) -> None:
    chain.say(5, [registered("a", 2, role=3), registered("b", 3), registered("c", 5)])
    await view.reached(5)
    chain.say(4, [registered("d", 4)], rewound_to=2)
    await view.until(lambda network: "d" in network.nodes)
    fresh, again = ScriptedChain(), None
    fresh.say(4, [registered("a", 1), registered("a", 2, role=3), registered("d", 4)])
    again = ChainView(fresh)
    await again.start()
    assert view.network == again.network
    assert view.head == block(4)
    await again.stop()


async def test_waiting_ends_when_the_condition_is_met(chain: ScriptedChain, view: ChainView) -> None:
    waiting = asyncio.create_task(view.until(lambda network: "z" in network.nodes))
    reached = asyncio.create_task(view.reached(3))
    chain.say(2)
    await view.reached(2)
    assert not waiting.done()
    assert not reached.done()
    chain.say(3, [registered("z", 3)])
    await asyncio.gather(waiting, reached)


async def test_the_chains_failure_reaches_everybody_who_waits(chain: ScriptedChain, view: ChainView) -> None:
    waiting = [
        asyncio.create_task(view.until(lambda network: False)),
        asyncio.create_task(view.reached(9)),
    ]
    await asyncio.sleep(0)
    chain.end(ChainUnavailable("the server is gone"))
    for result in await asyncio.gather(*waiting, return_exceptions=True):
        assert isinstance(result, ChainUnavailable)
        assert str(result) == "the server is gone"
    with pytest.raises(ChainUnavailable, match="the server is gone"):
        await view.reached(2)
    await view.reached(1)
    await view.until(lambda network: "a" in network.nodes)


async def test_a_chain_that_is_closed_does_not_meet_conditions(chain: ScriptedChain, view: ChainView) -> None:
    chain.end()
    with pytest.raises(ChainUnavailable, match="no longer followed"):
        await view.until(lambda network: False)
    with pytest.raises(ChainUnavailable, match="no longer followed"):
        await view.reached(2)


async def test_stopping_tells_who_waits_and_does_not_cancel_him(view: ChainView) -> None:
    waiting = asyncio.create_task(view.reached(9))
    await asyncio.sleep(0)
    await view.stop()
    with pytest.raises(ChainUnavailable):
        await waiting


async def test_starting_raises_what_ends_the_following_at_once(chain: ScriptedChain) -> None:
    chain.end(ChainUnavailable("nobody there"))
    view = ChainView(chain)
    with pytest.raises(ChainUnavailable, match="nobody there"):
        await view.start()
    with pytest.raises(RuntimeError, match="has not started"):
        _ = view.head
    await view.stop()


async def test_a_job_that_cannot_be_understood_is_left_out_alone(chain: ScriptedChain, view: ChainView) -> None:
    strange, job = bytes([1]) * 32, bytes([2]) * 32
    chain.say(2, [joined(strange, 2), registered("b", 2)])
    await view.reached(2)
    chain.say(3, [joined(strange, 3), joined(job, 3), registered("c", 3)])
    await view.reached(3)
    assert set(view.network.nodes) == {"a", "b", "c"}
    assert not view.network.jobs


async def test_a_listener_that_fails_does_not_keep_news_from_others(chain: ScriptedChain, view: ChainView) -> None:
    heard: list[str] = []

    def broken(*news: object) -> None:
        raise RuntimeError("a screen without a terminal")

    view.on_change(broken)
    view.on_event(broken)
    unsubscribe = view.on_change(lambda: heard.append("block"))
    view.on_event(lambda event: heard.append(event.name))
    chain.say(2, [registered("b", 2)])
    await view.reached(2)
    await asyncio.sleep(0)
    unsubscribe()
    chain.say(3)
    await view.reached(3)
    await asyncio.sleep(0)
    assert heard == ["NodeRegistered", "block"]
