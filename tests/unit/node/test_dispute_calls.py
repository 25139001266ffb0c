"""Transactions of a dispute: arguments, the bond, and commitments that open to what was committed."""

import json
from dataclasses import replace
from typing import Any

import pytest
from tests.property.protocol.actors import digest, example_terms
from tests.unit.node.test_sending import Recorder, sent, show
from tests.unit.node.world import World

from scatter.node.doing import do
from scatter.node.parts import Parts
from scatter.protocol.commitments import Sender, scores_commitment, verdict_commitment
from scatter.protocol.duties import Artefact, Duty, DutyKind, artefact_key, item_key
from scatter.protocol.ids import NO_DIGEST, SCT, Address, JobId, Round
from scatter.protocol.rates import Rates
from scatter.protocol.states import ChallengeKind, Role, SeatKind
from scatter.protocol.verdicts import Item
from scatter.protocol.view import ItemView, JobView, RoundView, VerdictOpening

JOB, ROUND, SALT = JobId(bytes([7]) * 32), Round(3), bytes([9]) * 32
MODEL = digest("model")
FOUND: dict[ChallengeKind, dict[str, Any]] = {
    ChallengeKind.SCORES: {"words": [5, 6], "aggregate": ""},
    ChallengeKind.AGGREGATE: {"words": [], "aggregate": MODEL.hex()},
    ChallengeKind.REFUSAL: {"words": [], "aggregate": ""},
}


@pytest.fixture
async def parts(world: World) -> Parts:
    made = await world.node("node", Role.VALIDATOR)
    return replace(made, signer=Recorder(made.identity.address))


def plain_job(trainers: int = 2, **changes: Any) -> JobView:
    people = tuple(Address(f"0x{number:040x}") for number in range(100, 100 + trainers))
    return JobView(JOB, Address("0x" + "11" * 20), bytes(32), example_terms(), (), (), trainers=people, **changes)


def about(kind: DutyKind, item: ChallengeKind) -> Duty:
    return Duty(JOB, ROUND, kind, item.name.lower())


@pytest.mark.parametrize("kind", ChallengeKind)
async def test_a_challenge_puts_up_its_bond(world: World, parts: Parts, kind: ChallengeKind) -> None:
    show(world, plain_job(rates=Rates(challenge_bond=7 * SCT)))
    await do(parts, about(DutyKind.CHALLENGE, kind))
    assert isinstance(parts.signer, Recorder)
    approval, challenge = (call for _, call in parts.signer.calls)
    assert approval.contract == "ScatterToken"
    assert (approval.function, approval.arguments) == ("approve", (parts.contracts.protocol, 7 * SCT))
    assert challenge.contract == "ScatterProtocol"
    assert (challenge.function, challenge.arguments) == ("challenge", (JOB, int(kind), ROUND))


@pytest.mark.parametrize("kind", ChallengeKind)
async def test_a_verdict_opens_to_what_was_committed(world: World, parts: Parts, kind: ChallengeKind) -> None:
    show(world, plain_job())
    item = Item(kind, ROUND)
    await parts.artefacts.keep(item_key(Artefact.VERDICT, JOB, item), json.dumps(FOUND[kind]).encode())
    await parts.artefacts.keep(item_key(Artefact.VERDICT_SALT, JOB, item), SALT)
    function, committed = await sent(parts, about(DutyKind.COMMIT_VERDICT, kind))
    assert (function, committed[:3]) == ("commitVerdict", (JOB, int(kind), ROUND))
    function, opened = await sent(parts, about(DutyKind.OPEN_VERDICT, kind))
    aggregate = MODEL if kind is ChallengeKind.AGGREGATE else NO_DIGEST
    assert (function, opened) == ("openVerdict", (JOB, int(kind), ROUND, FOUND[kind]["words"], aggregate, SALT))
    sender = Sender(31_337, parts.contracts.protocol, parts.identity.address)
    assert committed[3] == verdict_commitment(sender, JOB, item, *opened[3:])


@pytest.mark.parametrize("kind", [DutyKind.COMMIT_VERDICT, DutyKind.OPEN_VERDICT])
async def test_without_verdict_or_salt_nothing_is_sent(world: World, parts: Parts, kind: DutyKind) -> None:
    show(world, plain_job())
    with pytest.raises(LookupError, match="node has no verdict on scores of round 3"):
        await do(parts, about(kind, ChallengeKind.SCORES))
    key = item_key(Artefact.VERDICT, JOB, Item(ChallengeKind.SCORES, ROUND))
    await parts.artefacts.keep(key, json.dumps(FOUND[ChallengeKind.SCORES]).encode())
    with pytest.raises(LookupError, match="node has no verdict-salt on scores of round 3"):
        await do(parts, about(kind, ChallengeKind.SCORES))
    assert isinstance(parts.signer, Recorder)
    assert not parts.signer.calls


@pytest.mark.parametrize(("place", "kind"), [("members", SeatKind.MEMBER), ("auditors", SeatKind.AUDITOR)])
@pytest.mark.parametrize("words", [[5, 6], []])
async def test_scores_of_each_kind_of_seat_open_to_what_was_committed(
    world: World, parts: Parts, place: str, kind: SeatKind, words: list[int]
) -> None:
    strangers = {"members": tuple(Address(f"0x{number:040x}") for number in range(900, 903))}
    show(world, plain_job(**{**strangers, place: (parts.identity.address,)}))
    await parts.artefacts.keep(artefact_key(Artefact.SCORES, JOB, ROUND), json.dumps(words).encode())
    await parts.artefacts.keep(artefact_key(Artefact.SALT, JOB, ROUND), SALT)
    _, committed = await sent(parts, Duty(JOB, ROUND, DutyKind.COMMIT))
    function, opened = await sent(parts, Duty(JOB, ROUND, DutyKind.OPEN))
    assert (function, opened) == ("openScores", (JOB, ROUND, words, SALT))
    sender = Sender(31_337, parts.contracts.protocol, parts.identity.address)
    assert committed[2] == scores_commitment(sender, kind, JOB, ROUND, words, SALT)


async def test_who_has_no_seat_commits_to_nothing(world: World, parts: Parts) -> None:
    show(world, plain_job())
    await parts.artefacts.keep(artefact_key(Artefact.SCORES, JOB, ROUND), b"[]")
    await parts.artefacts.keep(artefact_key(Artefact.SALT, JOB, ROUND), SALT)
    with pytest.raises(LookupError, match="node has no seat in job 07070707"):
        await do(parts, Duty(JOB, ROUND, DutyKind.COMMIT))


def judged(trainers: int) -> JobView:
    """Seats 0 and 3 opened words, 1 refused, 2 was silent; jurors 0 and 2 found words, juror 1 that there are none."""
    made = RoundView(ROUND, openings={3: (31, 32), 1: (), 0: (1, 2)})
    jury = {2: VerdictOpening((21, 22)), 1: VerdictOpening(()), 0: VerdictOpening((11, 12))}
    items = {Item(kind, ROUND): ItemView(openings=jury) for kind in ChallengeKind}
    return plain_job(trainers, rounds={ROUND: made}, items=items)


@pytest.mark.parametrize(
    ("trainers", "kind", "words"),
    [
        (15, ChallengeKind.SCORES, []),
        (16, ChallengeKind.SCORES, [[1, 2], [31, 32], [11, 12], [21, 22]]),
        (16, ChallengeKind.AGGREGATE, []),
        (16, ChallengeKind.REFUSAL, []),
    ],
)
async def test_a_tally_passes_back_what_the_chain_has_only_hashes_of(
    world: World, parts: Parts, trainers: int, kind: ChallengeKind, words: list[list[int]]
) -> None:
    """Above fifteen trainers, of scores: what seats opened in their order, then what jurors opened in theirs."""
    show(world, judged(trainers))
    call = await sent(parts, about(DutyKind.TALLY, kind))
    assert call == ("tally", (JOB, int(kind), ROUND, words))
