"""Nodes with real parts on the model chain, recorded."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.unit.node.ledger import Ledger
from tests.unit.node.played import posted
from tests.unit.node.world import World
from tests.unit.simulation.recording.test_whole_jobs import check_conservation, check_durations, check_payouts
from tests.unit.simulation.recording.watched import WatchedChain

from scatter.protocol.states import State
from scatter.simulation.blocks import Actor
from scatter.simulation.recording.recorder import Recorder


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    ledger = Ledger()
    ledger.model = WatchedChain()
    made = World(tmp_path, ledger)
    await made.view.start()
    yield made
    await made.close()


async def test_a_job_of_real_nodes(world: World) -> None:
    chain = world.ledger.model
    assert isinstance(chain, WatchedChain)
    start = chain.beginning()
    played = await posted(world, rounds=2, trainers=2, validators=3)
    view = await played.until_true(lambda job: job.ended and job.claimed >= set(job.participants))
    assert view.state is State.SETTLED
    actors = [
        Actor(parts.name, parts.identity.role.name.lower(), parts.identity.role, "honest", parts.identity.address)
        for parts in played.everybody
    ]
    recorder = Recorder(actors, None, start)
    for record in chain.records:
        recorder.add(record)
    recorded = recorder.recorded
    check_conservation(recorded, chain)
    check_payouts(recorded, chain)
    check_durations(recorded)
    metrics = recorded["metrics"].column("metric")
    assert len(metrics) == 2
    assert metrics[1] > metrics[0], "the model learnt"
    assert [row["trainers_accepted"] for row in recorded["rounds"]] == [2, 2]
    assert all(row["model"] for row in recorded["rounds"])
    assert {row["digest"] for row in recorded["aggregates"]} == set(recorded["rounds"].column("model"))
