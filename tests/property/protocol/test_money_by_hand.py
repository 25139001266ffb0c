"""Money, worked out by hand: a pool of 1,000 a round, 7/10 of it for trainers, 3 members."""

from dataclasses import replace

from tests.property.protocol.actors import example_terms
from tests.property.protocol.model_chain import account
from tests.property.protocol.outcomes import RATES

from scatter.protocol.ids import SCT, Round
from scatter.protocol.money import Settlement, settlement
from scatter.protocol.outcome import Dispute, JobOutcome, RoundOutcome, Seat
from scatter.protocol.pay import seat_pay, trainer_penalty
from scatter.protocol.rates import Rates
from scatter.protocol.scores import COPY, UNREADABLE, ZERO, settle
from scatter.protocol.states import ChallengeKind, Reason
from scatter.protocol.terms import JobTerms, parts
from scatter.protocol.verdicts import (
    NO_VERDICT,
    Item,
    Verdict,
    verdict_on_scores,
)


def hand_terms(**changes: int) -> JobTerms:
    return example_terms(**{"round_pool": 1_000, "slot_stake": 300, "rounds": 3, "tau": 10, **changes})


def hand_round(*contributions: int, seats: int = 3) -> RoundOutcome:
    """All seats open the same contributions."""
    lanes = [0, *(c if c >= COPY else ZERO + c for c in contributions)]
    opened = dict.fromkeys(range(seats), lanes)
    published = frozenset(range(len(contributions)))
    return RoundOutcome(published, settle(opened, published, len(contributions), seats, 10), opened)


def hand_job(rounds: list[RoundOutcome], reason: Reason = Reason.NONE, trainers: int = 2, **changes: int) -> Settlement:
    terms = hand_terms(**changes)
    seats = [Seat(account(900 + i), 5_000 * SCT, 0, silent=False) for i in range(3)]
    return settlement(
        JobOutcome(terms, reason, account(1), [account(100 + s) for s in range(trainers)], seats, rounds), RATES
    )


def paid(settled: Settlement) -> list[int]:
    return [due.paid for due in settled.dues.values()]


def test_shares_follow_contributions_up_to_the_cap() -> None:
    settled = hand_job([hand_round(30, 10)] * 3, max_share_bps=6_000)
    assert paid(settled) == [1_000, 300 + 3 * 420, 300 + 3 * 175, 300, 300, 300]
    assert settled.challenge_pool == 3 * 105


def test_without_a_positive_contribution_the_trainers_part_returns() -> None:
    settled = hand_job([hand_round(-5, 0)] * 3, fault_bps=5_000)
    assert paid(settled) == [1_000 + 3 * 700, 300, 300, 300, 300, 300], "no update was accepted: nobody is at fault"


def test_fault_needs_three_rounds_in_which_others_were_accepted() -> None:
    rounds = [hand_round(5, -1), hand_round(5, -1), hand_round(5, 0)]
    assert trainer_penalty(1, rounds, hand_terms(fault_bps=5_000)) == 150
    assert trainer_penalty(1, rounds[:2], hand_terms(fault_bps=5_000)) == 0
    assert trainer_penalty(1, [*rounds[:2], hand_round(0, -1)], hand_terms(fault_bps=5_000)) == 0
    assert trainer_penalty(0, rounds, hand_terms(fault_bps=5_000)) == 0
    assert trainer_penalty(1, [*rounds, hand_round(5, 1)], hand_terms(fault_bps=5_000, rounds=4)) == 0


def test_silence_and_strikes_cost_parts_of_the_slot_stake_and_at_most_all() -> None:
    silent = RoundOutcome(frozenset({0}))
    assert trainer_penalty(1, [hand_round(5, 5), silent, silent], hand_terms()) == 2 * (60 // 3)
    assert trainer_penalty(1, [silent, silent, silent], hand_terms()) == 0, "it was dropped in the first round"
    struck = hand_round(5, COPY)
    assert trainer_penalty(1, [struck, hand_round(5, 5), silent], hand_terms()) == 100 + 20
    assert trainer_penalty(1, [struck] * 3, hand_terms(fault_bps=5_000)) == 300
    settled = hand_job([hand_round(5, 5), silent, silent])
    assert [settled.dues[account(100 + slot)].penalty for slot in range(2)] == [0, 40], "each pays for itself"


def test_a_seat_loses_pay_by_its_mean_distance() -> None:
    lanes = [0, ZERO + 30, ZERO + 10]
    opened = {0: lanes, 1: lanes, 2: [0, ZERO + 33, ZERO + 8], 3: [0, ZERO + 60, ZERO + 10], 4: [0, COPY, ZERO + 10]}
    settled = settle(opened, frozenset({0, 1}), 2, members=5, tau=10)
    terms = hand_terms(members=5)
    pay = [seat_pay(settled, opened.get(seat), seat, terms, RATES) for seat in range(6)]
    assert pay == [60, 60, 60 * (20 - 5) // 20, 0, 0, 0]


def test_where_no_lane_counts_a_seat_earns_its_whole_part() -> None:
    made = hand_round(COPY, UNREADABLE)
    assert made.settled is not None
    assert seat_pay(made.settled, made.openings[0], 0, hand_terms(), RATES) == 100


def test_a_missing_shard_key_pays_those_who_published() -> None:
    """Seven tenths of the round and the bond in equal parts; the dust of the first is the requestor's, of the bond nobody's."""
    settled = hand_job([hand_round(10, 10, 10), RoundOutcome(frozenset({0, 1, 2}))], Reason.NO_SHARD_KEY, trainers=3)
    requestor, *trainers = paid(settled)[:4]
    assert requestor == (1_000 - 699) + 1_000
    assert trainers == [300 + 233 + 233 + 333] * 3
    assert settled.challenge_pool == 1 + 1


def test_a_missing_job_key_gives_the_bond_to_all_trainers() -> None:
    settled = hand_job([], Reason.NO_KEYS, trainers=3)
    assert paid(settled)[:4] == [3_000, 633, 633, 633]
    assert settled.challenge_pool == 1


def test_the_parts_of_a_round_are_all_of_it() -> None:
    assert parts(hand_terms(), RATES) == parts(hand_terms(members=1), RATES)
    cut = parts(hand_terms(round_pool=1_009), RATES)
    assert (cut.trainers, cut.members, cut.auditors) == (706, 303, 0)
    with_auditors = parts(hand_terms(round_pool=1_009, auditors=2), RATES)
    assert (with_auditors.trainers, with_auditors.members, with_auditors.auditors) == (706, 201, 102)


def test_a_stand_in_is_paid_as_a_member_and_another_auditor_of_the_auditors_part() -> None:
    """Of 1,000: 700 trainers, 200 three members, 100 two auditors; seat 1 is silent, so the first auditor stands in."""
    lanes, terms = [0, ZERO + 10], hand_terms(auditors=2)
    opened = {0: lanes, 2: lanes, 3: lanes, 4: [0, ZERO + 15]}
    settled = settle(opened, frozenset({0}), 1, members=3, tau=10)
    assert settled.panel == {0, 2, 3}
    assert [seat_pay(settled, opened.get(seat), seat, terms, RATES) for seat in range(5)] == [66, 0, 66, 66, 25]


def refused(verdict: Verdict | None = None, filers: int = 0, auditors: int = 1) -> Settlement:
    """Round 1 of three settled; two of three members, and the auditor, refused the second; two trainers published in it."""
    terms = hand_terms(auditors=auditors)
    drawn = [Seat(account(900 + i), 4_000, 0, silent=False) for i in range(3 + auditors)]
    rounds = [hand_round(10, 10), RoundOutcome(frozenset({0, 1}), refused=frozenset({0, 1, 3}))]
    filed = [account(100 + slot) for slot in range(filers)]
    found = {Item(ChallengeKind.REFUSAL, Round(2)): Dispute(filed, verdict)} if verdict else {}
    jurors = [Seat(account(950 + i), 4_000, 0, silent=False) for i in range(4)]
    job = JobOutcome(
        terms, Reason.REFUSED, account(1), [account(100), account(101)], drawn, rounds, jurors, found, 10_000
    )
    return settlement(job, Rates(challenge_bond=50, slash_base=7))


def test_a_refusal_that_stands_pays_publishers_and_refusing_members() -> None:
    """1,000 of the bond and 700 of the round to two trainers, 200 to two members, the auditor nothing; the rest goes back."""
    settled = refused()
    requestor, first, second, *members, auditor = paid(settled)[:7]
    assert requestor == 1_000 + (1_000 - 700 - 200)
    assert first == second == 300 + 350 + 350 + 500
    assert members == [66 + 100, 66 + 100, 66]
    assert auditor == 0


def test_an_upheld_refusal_costs_its_challengers_their_bonds() -> None:
    upheld = Verdict(counts=True, agreed=frozenset({0, 1, 2}), outside=frozenset({3}))
    quiet, settled = refused(), refused(upheld, filers=2)
    assert paid(settled)[:7] == paid(quiet)[:7]
    assert paid(settled)[7:] == [16, 16, 16, 0]
    assert [due.penalty for due in settled.dues.values()][7:] == [0, 0, 0, 7]
    assert settled.challenge_pool - quiet.challenge_pool == 100 - 48 + 7


def test_an_overturned_refusal_returns_the_round_and_takes_l_of_the_refusers() -> None:
    overturned = Verdict(counts=True, changed=True, lost=frozenset({0, 1, 3}), agreed=frozenset({0, 1, 2}))
    settled = refused(overturned, filers=1)
    requestor, filer, other, *members, auditor = paid(settled)[:7]
    assert requestor == 1_000 + 1_000 + 1_000
    assert filer == 300 + 350 + 50 + 12_000 // 2
    assert other == 300 + 350
    assert members == [66, 66, 66]
    assert auditor == 0
    assert [due.penalty for due in settled.dues.values()][3:] == [4_000, 4_000, 0, 4_000, 0, 0, 0, 0]
    assert paid(settled)[7:] == [3_000 // 3 + 66, 3_000 // 3 + 66, 3_000 // 3 + 66, 0], "1 % of the pool, at most 66"
    assert settled.fees == 3 * 66


def test_a_seat_loses_l_once_to_the_first_item_that_takes_it() -> None:
    """Two rounds and an aggregate find seat 0 lying; the filers of round 1's scores share half of its stake."""
    rounds = [hand_round(10, 10)] * 3
    drawn = [Seat(account(900 + i), 4_000, 0, silent=True) for i in range(3)]
    lanes = rounds[0].settled.lanes if rounds[0].settled else ()
    found = Verdict(counts=True, changed=True, lanes=lanes, lost=frozenset({0}))
    items = {
        Item(ChallengeKind.AGGREGATE, Round(1)): Dispute([account(901)], found),
        Item(ChallengeKind.SCORES, Round(2)): Dispute([account(902)], found),
        Item(ChallengeKind.SCORES, Round(1)): Dispute([account(100), account(101)], found),
    }
    terms, trainers = hand_terms(), [account(100), account(101)]
    job = JobOutcome(terms, Reason.NONE, account(1), trainers, drawn, rounds, (), items)
    settled = settlement(job, Rates(challenge_bond=50, slash_base=7))
    assert paid(settled) == [1_000, *[300 + 3 * 350 + 50 + 1_000] * 2, 300, 350, 350]
    assert [due.penalty for due in settled.dues.values()] == [0, 0, 0, 4_000, 7, 7]


def test_a_verdict_on_scores_pays_as_if_it_had_been_settled_so() -> None:
    """Two of three members swap the contributions of two trainers; three jurors of three say so."""
    true, false = [0, ZERO + 30, ZERO + 10], [0, ZERO + 10, ZERO + 30]
    opened = {0: false, 1: false, 2: true}
    made = RoundOutcome(frozenset({0, 1}), settle(opened, frozenset({0, 1}), 2, members=3, tau=10), opened)
    assert made.settled is not None
    verdict = verdict_on_scores(made.settled, opened, dict.fromkeys(range(3), true), 3, tau=10)
    drawn = [Seat(account(900 + i), 4_000, 0, silent=False) for i in range(3)]
    jurors = [Seat(account(950 + i), 4_000, 0, silent=False) for i in range(3)]
    items = {Item(ChallengeKind.SCORES, Round(1)): Dispute([account(902)], verdict)}
    terms, trainers = hand_terms(rounds=1, max_share_bps=10_000), [account(100), account(101)]
    job = JobOutcome(terms, Reason.NONE, account(1), trainers, drawn, [made], jurors, items, 500)
    settled = settlement(job, Rates(challenge_bond=50))
    assert paid(settled) == [1_000, 300 + 525, 300 + 175, 0, 0, 100 + 50 + 4_000, *[2_000 // 3 + 5] * 3]
    assert settled.challenge_pool == 200 + (8_000 - 4_000 - 1_998)


def lying_majority() -> JobOutcome:
    """Two of three members agree on false scores; the third and two auditors contradict them, and so does the jury."""
    true, false = [0, ZERO + 30, ZERO + 10], [0, ZERO + 10, ZERO + 30]
    opened = {0: false, 1: false, 2: true, 3: true, 4: true}
    made = RoundOutcome(frozenset({0, 1}), settle(opened, frozenset({0, 1}), 2, members=3, tau=10), opened)
    assert made.settled is not None
    assert made.settled.deviating == {2, 3, 4}
    verdict = verdict_on_scores(made.settled, opened, dict.fromkeys(range(7), true), 7, tau=10)
    drawn = [Seat(account(900 + i), 4_000, 0, silent=False) for i in range(5)]
    jurors = [Seat(account(950 + i), 4_000, 0, silent=False) for i in range(7)]
    items = {Item(ChallengeKind.SCORES, Round(1)): Dispute([account(903)], verdict)}
    terms, trainers = hand_terms(rounds=1, auditors=2), [account(100), account(101)]
    return JobOutcome(terms, Reason.NONE, account(1), trainers, drawn, [made], jurors, items)


def test_honest_seats_that_contradicted_a_lying_majority_lose_nothing_once_the_lie_is_overturned() -> None:
    job = lying_majority()
    settled = settlement(job, Rates(challenge_bond=50, slash_base=7))
    assert [due.penalty for due in settled.dues.values()][3:8] == [4_000, 4_000, 0, 0, 0]
    assert paid(settled)[3:8] == [0, 0, 66, 50 + 50 + 4_000, 50]


def test_without_a_verdict_they_deviate() -> None:
    """What no jury overturns stands, and is what seats are measured by."""
    job = lying_majority()
    stands = replace(job, disputes={item: replace(d, verdict=NO_VERDICT) for item, d in job.disputes.items()})
    settled = settlement(stands, Rates(challenge_bond=50, slash_base=7))
    assert [due.penalty for due in settled.dues.values()][3:8] == [0, 0, 7, 7, 7]
