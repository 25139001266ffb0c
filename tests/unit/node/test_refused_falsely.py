"""A committee that refuses what can be scored: the requestor tries by itself, challenges, and a jury overturns it."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from tests.unit.node.jobcode import result
from tests.unit.node.played import Played, posted
from tests.unit.node.world import World, only

from scatter.node.behaviour import Behaviour
from scatter.node.rounds import evaluation_works
from scatter.ports import SandboxResult, SandboxRun
from scatter.protocol.duties import DutyKind
from scatter.protocol.ids import Round
from scatter.protocol.pay import seat_lock
from scatter.protocol.rates import Rates
from scatter.protocol.states import ChallengeKind, Reason, Role, State
from scatter.protocol.verdicts import Item

REFUSAL = Item(ChallengeKind.REFUSAL, Round(2))


class Refuser(Behaviour):
    """Says of every round that it cannot be scored."""

    def scores(self, lanes: Sequence[int], *scene: Any) -> Sequence[int]:
        del lanes, scene
        return []


async def refused(world: World, refusers: int = 2) -> Played:
    """Two trainers; so many of three members refuse the second round falsely."""
    played = await posted(world, rounds=2, trainers=2, validators=3, others=3)
    await played.until(State.TRAINING, 2)
    for liar in played.members[:refusers]:
        played.change(liar, replace(liar, behaviour=Refuser()))
    await played.until(State.CHALLENGING)
    assert played.job.reason is Reason.REFUSED
    return played


async def test_a_jury_overturns_it_and_the_refusers_lose_their_lock(world: World) -> None:
    played = await refused(world)
    # The member that had scored keeps quiet: the requestor does not depend on it.
    quiet = only([DutyKind.CHALLENGE], played.members[2].identity.address)
    job = await played.until_true(lambda job: job.ended and job.claimed >= set(job.participants), quiet)
    assert set(job.items) == {REFUSAL}
    assert job.items[REFUSAL].filers == (job.requestor,)
    verdict = job.items[REFUSAL].verdict
    assert verdict is not None
    assert (verdict.counts, verdict.changed, verdict.lost) == (True, True, {0, 1})
    slashed = {e.values["node"]: e.values["amount"] for e in world.ledger.model.events if e.name == "StakeSlashed"}
    assert slashed == dict.fromkeys(job.members[:2], seat_lock(Role.VALIDATOR, job.terms, Rates()))


async def test_a_refusal_with_reason_is_not_challenged(world: World) -> None:
    played = await posted(world, rounds=2, trainers=2, validators=3, others=3)
    await played.until(State.COMMITTING, 2)
    world.sandbox.instead = lambda run: result({}, exit_code=1)
    job = await played.until_true(lambda job: job.ended)
    assert (job.state, job.reason, dict(job.items)) == (State.SETTLED, Reason.REFUSED, {})


async def test_without_a_jury_nobody_tries(world: World) -> None:
    played = await posted(world, rounds=1, trainers=1, validators=3)
    await played.until(State.TRAINING)
    for liar in played.members:
        played.change(liar, replace(liar, behaviour=Refuser()))
    await played.until(State.CHALLENGING)
    runs = len(world.sandbox.runs)
    job = await played.until_true(lambda job: job.ended)
    assert (job.reason, len(world.sandbox.runs)) == (Reason.REFUSED, runs)


@pytest.mark.parametrize("problem", ["nothing", "fails the second time", "disagrees", "too many models", "labels"])
async def test_what_the_trial_finds(world: World, problem: str) -> None:
    """It runs the predictor twice over the starting model, as often as a seat's run has models: two updates, so four."""
    played = await refused(world)
    seen: list[int] = []

    def answer(run: SandboxRun) -> SandboxResult | None:
        seen.append(len(run.outputs))
        if problem == "fails the second time" and len(seen) == 2:
            return result({}, None, "it took longer than 60 s")
        if problem == "too many models" and len(run.outputs) > 3:
            return result({}, None, "it took longer than 60 s")
        if problem == "disagrees" and len(seen) == 2:
            return result(dict.fromkeys(run.outputs, b"no array"))
        return None

    world.sandbox.instead = answer
    job = played.job
    if problem == "labels":
        job = replace(job, shard_digests=job.shard_digests[::-1])
    assert await evaluation_works(played.requestor, job, Round(2)) == (problem == "nothing")
    assert seen == {"nothing": [4, 4], "labels": [], "too many models": [4]}.get(problem, [4, 4])
