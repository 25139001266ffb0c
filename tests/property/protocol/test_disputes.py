"""Nodes that follow their duties catch whoever lies, as long as one honest auditor and two thirds of a jury are there."""

from collections.abc import Callable
from dataclasses import dataclass
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.property.protocol.actors import Actor, cast, digest, enrol, example_terms, post
from tests.property.protocol.model_chain import ModelChain, account, seeded
from tests.property.protocol.model_parts import NOTHING
from tests.property.protocol.simulation import run
from tests.property.protocol.test_following_duties import check_money, check_transitions

from scatter.protocol.duties import Duty, DutyKind
from scatter.protocol.ids import NO_DIGEST, SCT, Address, Digest, JobId, Round
from scatter.protocol.money import settlement
from scatter.protocol.pay import trainer_pay
from scatter.protocol.scores import ZERO, settle
from scatter.protocol.states import ChallengeKind, JudgingPhase, Reason, State
from scatter.protocol.view import JobView

SEEDS = st.integers(0, 2**32).map(Random)


def true_lanes(view: JobView, round_: int) -> list[int]:
    return [5_000 + round_, *(ZERO + 100 * (slot + 1) + round_ for slot in range(len(view.trainers)))]


def about(random: Random) -> Callable[[JobView, int], list[int]]:
    """What an honest node finds: the truth, as far as its machine tells."""

    def scores(view: JobView, round_: int) -> list[int]:
        return [lane + random.randint(-2, 2) for lane in true_lanes(view, round_)]

    return scores


def false_lanes(view: JobView, round_: int) -> list[int]:
    metric, *contributions = true_lanes(view, round_)
    return [metric, *(lane + 777 for lane in reversed(contributions))]


@dataclass
class Case:
    """A job among honest nodes and those of `liars`, which are set up before anybody acts."""

    random: Random
    trainers: int = 3
    members: int = 3
    auditors: int = 1
    rounds: int = 2
    bystanders: int = 8
    min_jury: int = 3

    def __post_init__(self) -> None:
        self.terms = example_terms(
            rounds=self.rounds,
            members=self.members,
            auditors=self.auditors,
            max_trainers=self.trainers,
            min_trainers=self.trainers,
            min_jury=self.min_jury,
        )
        self.chain = ModelChain(random=seeded(self.random.randbytes(32)))
        self.actors = cast(
            self.random,
            trainers=self.trainers,
            validators=self.members + self.bystanders // 2,
            challengers=self.auditors + self.bystanders - self.bystanders // 2,
        )
        for actor in self.actors:
            actor.scores = about(self.random)
        enrol(self.chain, self.actors)
        self.job: JobId = post(self.chain, self.actors[0].address, self.terms)

    @property
    def view(self) -> JobView:
        return self.chain.view.jobs[self.job]

    def actor(self, address: Address) -> Actor:
        return next(actor for actor in self.actors if actor.address == address)

    def strangers(self) -> list[Actor]:
        """Those without a part in the job."""
        return [actor for actor in self.actors if actor.address not in self.view.participants]

    def run_until(self, reached: Callable[[JobView], bool]) -> None:
        for _ in run(self.chain, self.actors, self.random):
            if reached(self.view):
                return
        raise AssertionError("it never comes to that")

    def seat(self) -> None:
        """Go on until seats are drawn: liars are made of those."""
        self.run_until(lambda view: view.state is State.KEYING)

    def finish(self) -> None:
        for _ in run(self.chain, self.actors, self.random):
            pass
        assert self.view.state is State.SETTLED
        assert self.view.claimed == set(self.view.participants)
        check_money(self.chain)
        check_transitions(self.chain)

    def penalties(self) -> dict[Address, int]:
        penalties: dict[Address, int] = {}
        for event in self.chain.events:
            if event.name == "StakeSlashed":
                penalties[event.values["node"]] = event.values["amount"]
        return penalties

    def paid(self) -> dict[Address, int]:
        return {e.values["account"]: e.values["paid"] for e in self.chain.events if e.name == "Claimed"}

    def locks(self, *addresses: Address) -> dict[Address, int]:
        model = self.chain.jobs[self.job]
        return {seat.account: seat.lock for seat in model.seats if seat.account in addresses}


def as_if_honest(case: Case) -> list[int]:
    """What trainers would be paid for settled scores within a few units of the truth, slot stakes included."""
    lanes = {0: true_lanes(case.view, 1)}
    settled = settle(lanes, frozenset(range(case.trainers)), case.trainers, 1, case.terms.tau)
    share = [trainer_pay(settled, slot, case.terms, case.chain.rates) for slot in range(case.trainers)]
    return [case.terms.slot_stake + case.rounds * pay for pay in share]


@given(SEEDS, st.sampled_from([(3, 2), (3, 3), (4, 3), (5, 4)]), st.sampled_from([1, 2, 3, 16]), st.integers(1, 3))
@settings(max_examples=12, deadline=None)
def test_a_lying_committee_is_overturned(
    random: Random, members: tuple[int, int], trainers: int, auditors: int
) -> None:
    case = Case(random, trainers=trainers, members=members[0], auditors=auditors)
    case.seat()
    liars = random.sample(case.view.members, members[1])
    for liar in liars:
        case.actor(liar).scores = false_lanes
    case.finish()
    items = case.view.items
    assert {item.kind for item in items} == {ChallengeKind.SCORES}
    assert len(items) == case.rounds
    assert all(seen.verdict is not None and seen.verdict.changed for seen in items.values())
    assert {case.view.seats[s] for seen in items.values() for s in seen.verdict.lost} == set(liars)  # type: ignore[union-attr]
    honest = set(case.view.seats) - set(liars)
    assert {filer for seen in items.values() for filer in seen.filers} == honest
    slashed = case.penalties()
    assert {liar: slashed[liar] for liar in liars} == case.locks(*liars)
    for slot, expected in enumerate(as_if_honest(case)):
        assert abs(case.paid()[case.view.trainers[slot]] - expected) < case.terms.round_pool // 20
    assert all(case.paid()[node] > case.chain.rates.challenge_bond * case.rounds for node in honest), "it was worth it"
    assert all(slashed.get(juror, 0) == 0 and case.paid()[juror] > 0 for juror in case.view.jurors)


def wrong_aggregate(round_: int) -> Digest:
    return digest("another", round_)


@given(SEEDS, st.booleans())
@settings(max_examples=8, deadline=None)
def test_a_wrong_aggregate_is_found_by_whoever_recomputes_it(random: Random, majority: bool) -> None:
    """Those who posted another aggregate lose L: two that made the model, and one that kept the right one from a majority."""
    case = Case(random, auditors=1, rounds=1)
    case.seat()
    liars = case.view.members[: 2 if majority else 1]
    for liar in liars:
        case.actor(liar).aggregate = wrong_aggregate
    case.actor(case.view.members[2]).silent = lambda duty: duty.kind is DutyKind.POST_AGGREGATE
    case.finish()
    model = wrong_aggregate(1) if majority else NO_DIGEST
    assert case.view.rounds[Round(1)].global_model == model, "rounds on a wrong aggregate stand"
    ((item, seen),) = case.view.items.items()
    assert (item.kind, item.round) == (ChallengeKind.AGGREGATE, 1)
    assert seen.verdict is not None
    assert (seen.verdict.changed, seen.verdict.lost) == (True, set(range(len(liars))))
    assert case.locks(*liars).items() <= case.penalties().items()


def refuse(view: JobView, round_: int) -> None:
    return None


@given(SEEDS, st.integers(2, 3))
@settings(max_examples=8, deadline=None)
def test_a_false_refusal_is_overturned(random: Random, refusing: int) -> None:
    case = Case(random)
    case.seat()
    for liar in case.view.members[:refusing]:
        case.actor(liar).scores = refuse
    case.finish()
    assert case.view.reason is Reason.REFUSED
    ((item, seen),) = case.view.items.items()
    assert (item.kind, seen.verdict and seen.verdict.changed) == (ChallengeKind.REFUSAL, True)
    assert case.penalties() == case.locks(*case.view.members[:refusing])
    assert case.view.requestor in seen.filers, "its own trial says that the round can be scored"
    bond, lost = case.chain.rates.challenge_bond, sum(case.penalties().values())
    assert case.paid()[case.view.requestor] == case.terms.pool + case.terms.bond + bond + lost // 2 // len(seen.filers)
    assert all(case.paid()[trainer] == case.terms.slot_stake for trainer in case.view.trainers)


@given(SEEDS, st.booleans())
@settings(max_examples=8, deadline=None)
def test_a_refusal_with_reason_stands(random: Random, challenged: bool) -> None:
    """Nobody can score the round. A requestor that challenges that loses its bond to the jurors."""
    case = Case(random)
    for actor in case.actors:
        actor.scores = refuse
    case.run_until(lambda view: view.state is State.CHALLENGING)
    if challenged:
        case.chain.send(case.view.requestor, "challenge", case.job, int(ChallengeKind.REFUSAL), 1)
    case.finish()
    assert case.view.reason is Reason.REFUSED
    assert not case.penalties()
    assert case.paid()[case.view.requestor] < case.terms.pool
    assert all(case.paid()[member] > 0 for member in case.view.members)
    assert all(case.paid()[trainer] > case.terms.slot_stake for trainer in case.view.trainers)
    assert len(case.view.jurors) == (7 if challenged else 0)
    assert all(case.paid()[juror] == case.chain.rates.challenge_bond // 2 // 7 for juror in case.view.jurors)


@given(SEEDS)
@settings(max_examples=5, deadline=None)
def test_where_all_are_honest_nobody_challenges(random: Random) -> None:
    case = Case(random, auditors=2)
    case.finish()
    assert not case.view.items
    assert not case.penalties()
    audited = [duty for actor in case.actors for duty in actor.done if duty.kind is DutyKind.AUDIT]
    seats, trainers = 5 * 2 * case.rounds, case.trainers * (case.rounds - 1)
    assert len(audited) == seats + trainers, "scores and aggregates by seats; what they start from by trainers"


@given(SEEDS)
@settings(max_examples=5, deadline=None)
def test_without_a_second_layer_nothing_is_audited_or_challenged(random: Random) -> None:
    case = Case(random, min_jury=0)
    case.seat()
    for liar in case.view.members[:2]:
        case.actor(liar).scores = false_lanes
    case.finish()
    kinds = {duty.kind for actor in case.actors for duty in actor.done}
    assert not kinds & {DutyKind.AUDIT, DutyKind.CHALLENGE, DutyKind.JUDGE}


@pytest.mark.parametrize("why", ["gone", "expired"])
def test_a_void_jury_returns_the_bonds(why: str) -> None:
    case = Case(Random(7), bystanders=4)  # noqa: S311
    case.seat()
    for liar in case.view.members[:2]:
        case.actor(liar).scores = false_lanes
    case.run_until(lambda view: len(view.items) == case.rounds and len(view.items[max(view.items)].filers) == 2)
    if why == "expired":
        case.chain.random = lambda block, salt: NOTHING
    for bystander in case.strangers()[:2] if why == "gone" else []:
        case.chain.send(bystander.address, "request_withdrawal")
    case.finish()
    assert "JuryVoid" in [event.name for event in case.chain.events]
    assert all(seen.verdict is None for seen in case.view.items.values())
    assert set(case.penalties()) <= set(case.view.seats)
    filers = {filer for seen in case.view.items.values() for filer in seen.filers}
    assert all(case.paid()[filer] >= case.chain.rates.challenge_bond * case.rounds for filer in filers)


@given(SEEDS)
@settings(max_examples=10, deadline=None)
def test_lying_and_silent_jurors_are_slashed_and_two_thirds_suffice(random: Random) -> None:
    case = Case(random, members=3)
    case.seat()
    for liar in case.view.members:
        case.actor(liar).scores = false_lanes
    case.run_until(lambda view: view.state is State.JUDGING and view.phase is JudgingPhase.COMMITTING)
    lying, silent = random.sample(case.view.jurors, 2)
    case.actor(lying).scores = false_lanes
    case.actor(silent).silent = silent_juror(random.choice([DutyKind.COMMIT_VERDICT, DutyKind.OPEN_VERDICT]))
    case.finish()
    assert all(seen.verdict is not None and seen.verdict.changed for seen in case.view.items.values())
    slashed = case.penalties()
    assert slashed[lying] == slashed[silent] == 200 * SCT
    assert set(slashed) == {lying, silent, *case.view.members}, "the auditor was right in the end"


def silent_juror(kind: DutyKind) -> Callable[[Duty], bool]:
    return lambda duty: duty.kind is kind


def test_when_more_than_a_third_of_the_jury_lies_nothing_changes() -> None:
    case = Case(Random(11), members=3, rounds=1)  # noqa: S311
    case.seat()
    for liar in case.view.members:
        case.actor(liar).scores = false_lanes
    case.run_until(lambda view: view.state is State.JUDGING and view.phase is JudgingPhase.COMMITTING)
    for juror in case.view.jurors[:3]:
        case.actor(juror).scores = false_lanes
    case.finish()
    ((_, seen),) = case.view.items.items()
    assert seen.verdict is not None
    assert not seen.verdict.counts
    assert not set(case.penalties()) - {case.view.auditors[0]}, "only the auditor deviates from what stands"
    outcome = case.chain.jobs[case.job].outcome()
    assert settlement(outcome, case.chain.rates).fees == 0


def test_bystanders_are_strangers_until_they_are_drawn() -> None:
    case = Case(Random(3))  # noqa: S311
    case.seat()
    strangers = case.strangers()
    assert len(strangers) == case.bystanders
    for _ in run(case.chain, case.actors, case.random):
        assert not [duty for actor in strangers for duty in actor.done if duty.job == case.job]
    assert account(1) == case.view.requestor
