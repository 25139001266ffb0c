"""Duties that send a transaction: which function, with which arguments, paid for, and seen before they are done."""

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest
from tests.property.protocol.actors import example_terms
from tests.unit.node.played import Played, posted
from tests.unit.node.world import World, Wrapped, duty, only

from scatter.node.doing import do
from scatter.node.job_secrets import JobSecrets
from scatter.node.parts import Parts
from scatter.node.spending import send_paid
from scatter.ports import Call, CallReverted, Receipt
from scatter.protocol.commitments import Sender, scores_commitment
from scatter.protocol.duties import Artefact, Duty, DutyKind, artefact_key
from scatter.protocol.duties.enrolment import NO_JOB
from scatter.protocol.ids import Address, JobId, Round
from scatter.protocol.scores import SettledRound
from scatter.protocol.states import Role, SeatKind, State
from scatter.protocol.view import JobView, RoundView

JOB = JobId(bytes([7]) * 32)


class Recorder:
    """A signer that takes everything."""

    def __init__(self, address: Address, receipt: Receipt | None = None) -> None:
        self.address = address
        self.calls: list[tuple[str, Call]] = []
        self._receipt = receipt

    async def send(self, key: str, call: Call) -> Receipt:
        self.calls.append((key, call))
        return self._receipt or Receipt(b"", 0, True, 1)

    @property
    def functions(self) -> list[tuple[str, tuple[Any, ...]]]:
        return [(call.function, call.arguments) for _, call in self.calls]


@pytest.fixture
async def validator(world: World) -> Parts:
    """With everything that a duty may need, and a signer that only writes down."""
    parts = await world.node("validator", Role.VALIDATOR)
    return replace(parts, signer=Recorder(parts.identity.address))


async def sent(parts: Parts, owing: Duty) -> tuple[str, tuple[Any, ...]]:
    await do(parts, owing)
    assert isinstance(parts.signer, Recorder)
    return parts.signer.functions[-1]


def show(world: World, job: JobView) -> None:
    world.view.network = replace(world.view.network, jobs={job.id: job})


def plain_job(**changes: Any) -> JobView:
    return JobView(JOB, Address("0x" + "11" * 20), bytes(32), example_terms(), (), (), **changes)


async def test_registering_says_role_and_keys(validator: Parts) -> None:
    function, arguments = await sent(validator, Duty(NO_JOB, Round(0), DutyKind.REGISTER, "keys"))
    assert function == "register"
    assert arguments == (3, validator.network.peer, validator.sealing_public)


async def test_arguments_come_from_artefacts(world: World, validator: Parts) -> None:
    words, salt = [123, 456], bytes([9]) * 32
    secrets = JobSecrets(bytes(32), (b"a" * 32, b"b" * 32))
    show(world, plain_job(round=Round(2), members=(validator.identity.address,)))
    kept = {
        artefact_key(Artefact.JOB_SECRETS, JOB): secrets.to_bytes(),
        artefact_key(Artefact.BUNDLE, JOB): b"bundle",
        artefact_key(Artefact.UPDATE, JOB, Round(2)): b"update",
        artefact_key(Artefact.SCORES, JOB, Round(2)): json.dumps(words).encode(),
        artefact_key(Artefact.SALT, JOB, Round(2)): salt,
        artefact_key(Artefact.AGGREGATE, JOB, Round(2)): b"aggregate",
    }
    for key, value in kept.items():
        await validator.artefacts.keep(key, value)
    sender = Sender(31_337, validator.contracts.protocol, validator.identity.address)
    commitment = scores_commitment(sender, SeatKind.MEMBER, JOB, Round(2), words, salt)
    expected = {
        DutyKind.PUBLISH_KEYS: ("publishKeys", (JOB, b"bundle")),
        DutyKind.PUBLISH_UPDATE: ("publishUpdate", (JOB, 2, b"update")),
        DutyKind.REVEAL: ("revealShardKey", (JOB, 2, b"b" * 32)),
        DutyKind.COMMIT: ("commitScores", (JOB, 2, commitment)),
        DutyKind.OPEN: ("openScores", (JOB, 2, words, salt)),
        DutyKind.POST_AGGREGATE: ("postAggregate", (JOB, 2, b"aggregate")),
        DutyKind.POKE: ("poke", (JOB,)),
    }
    for kind, call in expected.items():
        assert await sent(validator, Duty(JOB, Round(2), kind)) == call
    assert all(call.contract == "ScatterProtocol" for _, call in validator.signer.calls)


@pytest.mark.parametrize("kind", [DutyKind.PUBLISH_UPDATE, DutyKind.COMMIT, DutyKind.OPEN, DutyKind.REVEAL])
async def test_without_its_artefact_nothing_is_sent(world: World, validator: Parts, kind: DutyKind) -> None:
    show(world, plain_job(round=Round(1)))
    with pytest.raises(LookupError, match="validator has no"):
        await do(validator, Duty(JOB, Round(1), kind))
    assert not validator.signer.calls


async def test_settling_passes_openings_back_in_the_order_of_seats(world: World, validator: Parts) -> None:
    current = RoundView(Round(1), openings={2: (5, 6), 0: (1, 2)})
    show(world, plain_job(round=Round(1), rounds={Round(1): current}))
    call = await sent(validator, Duty(JOB, Round(1), DutyKind.SETTLE_ROUND))
    assert call == ("settleRound", (JOB, 1, [[1, 2], [5, 6]]))


def ended_job(trainers: int) -> JobView:
    """Three members, of whom the second was left out of round 1 and the third did not open in round 2."""
    people = [Address(f"0x{number:040x}") for number in range(100, 100 + trainers)]
    members = [Address(f"0x{number:040x}") for number in range(1, 4)]
    lanes = tuple([0] * (trainers + 1))
    rounds = {
        1: RoundView(
            Round(1),
            openings={2: (31, 32), 0: (11, 12), 1: (21, 22)},
            settled=SettledRound(lanes, frozenset(), frozenset({0, 2}), frozenset({1}), frozenset()),
        ),
        2: RoundView(
            Round(2),
            openings={1: (23, 24), 0: (13, 14)},
            settled=SettledRound(lanes, frozenset(), frozenset({0, 1}), frozenset(), frozenset()),
        ),
        3: RoundView(Round(3), openings={0: (15, 16)}),
    }
    return plain_job(
        state=State.SETTLED,
        round=Round(3),
        trainers=tuple(people),
        members=tuple(members),
        rounds={Round(number): made for number, made in rounds.items()},
    )


async def test_claims_of_small_jobs_need_no_words(world: World, validator: Parts) -> None:
    job = ended_job(15)
    show(world, job)
    function, (id_, accounts, words) = await sent(validator, Duty(JOB, Round(3), DutyKind.CLAIM))
    assert (function, id_, words) == ("claim", JOB, [])
    assert accounts == list(job.participants)


async def test_claims_above_fifteen_trainers_pass_opened_words_back(world: World, validator: Parts) -> None:
    """Word for word, by account and then by round; not those of a seat that was left out, nor of unsettled rounds."""
    job = ended_job(16)
    show(world, job)
    _, (_, accounts, words) = await sent(validator, Duty(JOB, Round(3), DutyKind.CLAIM))
    assert accounts == list(job.participants)
    assert words == [11, 12, 13, 14, 23, 24, 31, 32]


async def test_claims_come_in_pages(world: World, validator: Parts) -> None:
    job = ended_job(40)
    job = replace(job, terms=replace(job.terms, rounds=3), claimed=frozenset(job.participants[:2]))
    show(world, job)
    _, (_, accounts, words) = await sent(validator, Duty(JOB, Round(3), DutyKind.CLAIM))
    assert accounts == list(job.participants[2 : 2 + 64 // 3])
    assert words == []
    show(world, replace(job, claimed=frozenset(job.participants[:-1])))
    _, (_, accounts, words) = await sent(validator, Duty(JOB, Round(3), DutyKind.CLAIM))
    assert accounts == [job.participants[-1]]
    assert words == [31, 32]


async def test_a_poke_is_new_at_each_block_and_everything_else_is_not(world: World, validator: Parts) -> None:
    show(world, plain_job())
    for _ in range(2):
        await do(validator, Duty(JOB, Round(0), DutyKind.POKE, "drawing"))
        await do(validator, Duty(NO_JOB, Round(0), DutyKind.REGISTER, "keys"))
        world.ledger.model.wait(1)
        world.ledger.tell()
        await world.settle()
    keys = [key for key, _ in validator.signer.calls]
    assert len(set(keys)) == 3
    assert keys[1] == keys[3]


async def test_a_job_with_sixteen_trainers_is_claimed_for_on_the_chain(world: World) -> None:
    """The chain checks the words: settled by hand, claimed with what was opened."""
    played = await posted(world, trainers=16, validators=1)
    view = await played.until_true(lambda job: job.ended and job.claimed >= set(job.participants))
    assert view.state is State.SETTLED
    settles = [calls for (_, key), calls in world.ledger.asked.items() if "settle-round" in key]
    assert len(settles) == 1
    assert any(
        call.function == "claim" and call.arguments[2] for calls in world.ledger.asked.values() for call in calls
    )


async def test_a_stake_is_approved_before_it_is_taken(played_open: Played) -> None:
    """The ledger takes nothing without an approval."""
    world, trainer = played_open.world, played_open.trainers[0]
    await played_open.until_true(lambda job: bool(job.trainers))
    mine = [(key, calls) for (sender, key), calls in world.ledger.asked.items() if sender == trainer.identity.address]
    functions = [call.function for key, calls in mine for call in calls]
    assert functions == ["register", "approve", "join"]
    approval = next(calls[0] for key, calls in mine if "/approve/" in key)
    assert approval == Call("ScatterToken", "approve", (trainer.contracts.protocol, played_open.job.terms.slot_stake))
    assert world.ledger.allowances[trainer.identity.address] == 0


@pytest.fixture
async def played_open(world: World) -> Played:
    return await posted(world)


async def test_two_prices_never_share_an_allowance(world: World) -> None:
    """Allowances are set, not added: each pair of approval and call ends before the next begins."""
    parts = await world.node("n", Role.TRAINER)
    recorder = Recorder(parts.identity.address)

    async def step(where: str) -> None:
        await asyncio.sleep(0.001)

    parts = replace(parts, signer=Wrapped(recorder, step))
    call = Call("ScatterProtocol", "join", (JOB,))
    await asyncio.gather(*(send_paid(parts, f"join/{number}", call, 5) for number in range(4)))
    await send_paid(parts, "free", call, 0)
    assert [function for function, _ in recorder.functions] == ["approve", "join"] * 4 + ["join"]


async def test_a_transaction_that_failed_when_mined_is_not_done(world: World) -> None:
    parts = await world.node("n", Role.VALIDATOR)
    failed = Receipt(b"", 0, False, 1, "WrongState(6)")
    parts = replace(parts, signer=Recorder(parts.identity.address, failed))
    show(world, plain_job())
    with pytest.raises(CallReverted, match=r"poke of n was mined and reverted: WrongState\(6\)"):
        await do(parts, Duty(JOB, Round(0), DutyKind.POKE))


async def test_a_duty_is_done_when_the_view_shows_it(played_open: Played) -> None:
    trainer = played_open.trainers[0]
    await played_open.until_true(lambda job: job.state is State.OPEN, only([DutyKind.JOIN]))
    for kind, subject in ((DutyKind.FETCH, played_open.job.terms.training_job.hex()), (DutyKind.EXAMINE, "")):
        await do(trainer, duty(played_open.job, kind, subject))
    await do(trainer, duty(played_open.job, DutyKind.JOIN))
    assert played_open.job.trainers == (trainer.identity.address,)
