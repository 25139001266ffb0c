"""Seats compare what stands with what they found themselves, and keep what differs before they call it done."""

import json
from dataclasses import replace
from typing import Any

import pytest
from tests.property.protocol.actors import digest, example_terms
from tests.property.protocol.model_chain import account
from tests.unit.node.world import World, Wrapped

from scatter.node.doing import do
from scatter.node.failures import GiveUp
from scatter.node.parts import Parts
from scatter.protocol.duties import Artefact, Duty, DutyKind, artefact_key, item_key
from scatter.protocol.ids import NO_DIGEST, Address, JobId, Round
from scatter.protocol.scores import COPY, UNREADABLE, ZERO, SettledRound, pack
from scatter.protocol.states import ChallengeKind, Role
from scatter.protocol.verdicts import Item
from scatter.protocol.view import JobView, RoundView

JOB, ROUND = JobId(bytes([7]) * 32), Round(2)
TRAINERS = tuple(Address(f"0x{number:040x}") for number in range(11, 14))
SETTLED = SettledRound((9_000, ZERO + 50, UNREADABLE, 0), frozenset({0, 1}), frozenset({0}), frozenset(), frozenset())
MODEL = digest("model")


@pytest.fixture
async def auditor(world: World) -> Parts:
    return await world.node("auditor", Role.CHALLENGER)


def show(world: World, **made: Any) -> None:
    """A job of three trainers with tau 10, audited by the first node of the world; in round 2 the third did not publish, and
    the second's update was struck out."""
    view = RoundView(ROUND, **{"settled": SETTLED, "closed": True, "global_model": MODEL, **made})
    job = JobView(JOB, account(10), b"tiny", example_terms(), (), (), trainers=TRAINERS, rounds={ROUND: view})
    job = replace(job, auditors=(account(1),))
    world.view.network = replace(world.view.network, jobs={JOB: job})


def duty(kind: ChallengeKind) -> Duty:
    return Duty(JOB, ROUND, DutyKind.AUDIT, kind.name.lower())


async def found(auditor: Parts, kind: ChallengeKind, own: bytes) -> bool:
    """Whether the auditor keeps a finding, given what it made itself."""
    made = Artefact.AGGREGATE if kind is ChallengeKind.AGGREGATE else Artefact.SCORES
    await auditor.artefacts.keep(artefact_key(made, JOB, ROUND), own)
    await do(auditor, duty(kind))
    item = Item(kind, ROUND)
    assert await auditor.artefacts.get(item_key(Artefact.AUDIT, JOB, item)) == b""
    return await auditor.artefacts.get(item_key(Artefact.FINDING, JOB, item)) is not None


def words(*lanes: int) -> bytes:
    return json.dumps(pack(lanes)).encode()


@pytest.mark.parametrize(
    ("own", "differs"),
    [
        (words(9_000, ZERO + 50, UNREADABLE, 0), False),
        (words(1, ZERO + 60, COPY, ZERO + 5_000), False),
        (words(9_000, ZERO + 40, UNREADABLE, 0), False),
        (words(9_000, ZERO + 61, UNREADABLE, 0), True),
        (words(9_000, ZERO + 39, UNREADABLE, 0), True),
        (words(9_000, ZERO + 50, ZERO, 0), True),
        (words(9_000, COPY, UNREADABLE, 0), True),
        (b"[]", False),
    ],
    ids=["same", "near", "at tau", "above", "below", "readable", "copy", "refused itself"],
)
async def test_scores(world: World, auditor: Parts, own: bytes, differs: bool) -> None:
    """In a published lane, by more than tau or in specialness. Who could not score says nothing of the scores."""
    show(world)
    assert await found(auditor, ChallengeKind.SCORES, own) == differs


async def test_scores_that_are_not_settled(world: World, auditor: Parts) -> None:
    show(world, settled=None)
    with pytest.raises(GiveUp, match="round 2 of job 'tiny' has not settled"):
        await found(auditor, ChallengeKind.SCORES, words(9_000, ZERO, ZERO, 0))
    assert not await auditor.artefacts.keys(Artefact.AUDIT)


@pytest.mark.parametrize(
    ("own", "stands", "differs"),
    [(MODEL, MODEL, False), (digest("mine"), MODEL, True), (MODEL, NO_DIGEST, True)],
    ids=["same", "another", "the round kept its model"],
)
async def test_an_aggregate(world: World, auditor: Parts, own: bytes, stands: bytes, differs: bool) -> None:
    show(world, global_model=stands)
    assert await found(auditor, ChallengeKind.AGGREGATE, own) == differs


@pytest.mark.parametrize(("own", "differs"), [(b"[]", False), (words(9_000, ZERO, ZERO, 0), True)])
async def test_a_refusal(world: World, auditor: Parts, own: bytes, differs: bool) -> None:
    show(world, settled=None, openings={0: (), 1: ()})
    assert await found(auditor, ChallengeKind.REFUSAL, own) == differs


async def test_without_anything_of_its_own_nothing_is_kept(world: World, auditor: Parts) -> None:
    show(world)
    for kind in ChallengeKind:
        with pytest.raises(LookupError, match="auditor has no"):
            await do(auditor, duty(kind))
    assert not await auditor.artefacts.keys("")


async def test_a_finding_is_kept_before_the_audit(world: World, auditor: Parts) -> None:
    """Between them a process may end; the other way round the finding would be lost."""
    show(world)
    own = artefact_key(Artefact.SCORES, JOB, ROUND)
    await auditor.artefacts.keep(own, words(9_000, ZERO, ZERO, 0))

    async def step(where: str) -> None:
        if where == "after keep":
            raise InterruptedError

    mortal = replace(auditor, artefacts=Wrapped(auditor.artefacts, step))
    finding, audited = (
        item_key(kind, JOB, Item(ChallengeKind.SCORES, ROUND)) for kind in (Artefact.FINDING, Artefact.AUDIT)
    )
    with pytest.raises(InterruptedError):
        await do(mortal, duty(ChallengeKind.SCORES))
    assert await auditor.artefacts.keys("") == {own, finding}
    await do(auditor, duty(ChallengeKind.SCORES))
    assert await auditor.artefacts.keys("") == {own, finding, audited}
