"""Nodes that follow their duties bring a job from posting to payout."""

import asyncio

import pytest
from tests.unit.node.played import posted
from tests.unit.node.world import World

from scatter.localnet.clock import DevelopmentClock
from scatter.node.node import Node
from scatter.node.reports import Progress
from scatter.protocol.states import State


async def test_one_by_one(world: World) -> None:
    played = await posted(world, rounds=2, trainers=2, validators=3)
    view = await played.until_true(lambda job: job.ended and job.claimed >= set(job.participants))
    assert view.state is State.SETTLED
    assert all(made.closed and len(made.settled.accepted) == 2 for made in view.rounds.values() if made.settled)
    assert view.rounds[2].settled.metric > view.rounds[1].settled.metric


@pytest.mark.parametrize(("workers", "rounds"), [(1, 1), (3, 2)])
async def test_by_themselves(world: World, workers: int, rounds: int) -> None:
    played = await posted(world, rounds=rounds, trainers=2, validators=3)
    nodes = [Node(parts, workers) for parts in played.everybody]
    clock = DevelopmentClock(world.ledger)

    async def all_idle() -> bool:
        return all([await node.idle() for node in nodes])

    clock.watch(world.view, all_idle)
    ticking = asyncio.create_task(clock.run())
    for node in nodes:
        await node.start()
    async with asyncio.timeout(120):
        await world.view.until(lambda view: view.jobs[played.job_id].claimed >= set(played.job.participants))
    for node in nodes:
        await node.stop()
    ticking.cancel()
    assert played.job.state is State.SETTLED
    assert all(made.closed and len(made.updates) == 2 for made in played.job.rounds.values())
    assert not [report for report in world.reports if report.progress in (Progress.GIVEN_UP, Progress.RETRYING)]
    assert len(world.ledger.sent) == len(set(world.ledger.sent))
    assert {task.get_name() for task in asyncio.all_tasks()} <= {"chain view", asyncio.current_task().get_name()} | {
        ticking.get_name()
    }
