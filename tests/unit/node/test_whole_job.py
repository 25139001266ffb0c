"""Nodes that follow their duties bring a job from posting to payout."""

import asyncio

import pytest
from tests.unit.node.played import posted
from tests.unit.node.world import World

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
    await played.by_themselves(workers)
    assert played.job.state is State.SETTLED
    assert all(made.closed and len(made.updates) == 2 for made in played.job.rounds.values())
    assert not [report for report in world.reports if report.progress in (Progress.GIVEN_UP, Progress.RETRYING)]
    assert len(world.ledger.sent) == len(set(world.ledger.sent))
    assert {task.get_name() for task in asyncio.all_tasks()} <= {"chain view", asyncio.current_task().get_name()}
