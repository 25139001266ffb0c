"""Money: nothing is lost, made, or taken beyond what was put up, whatever becomes of a job."""

from collections.abc import Callable

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.property.protocol.actors import example_terms
from tests.property.protocol.model_chain import account

from scatter.protocol.ids import SCT
from scatter.protocol.money import (
    JobOutcome,
    RoundOutcome,
    Seat,
    Settlement,
    seat_lock,
    seat_pay,
    seat_slash,
    settlement,
    trainer_pay,
    trainer_penalty,
)
from scatter.protocol.rates import Rates
from scatter.protocol.scores import COPY, UNREADABLE, ZERO, settle
from scatter.protocol.states import Reason
from scatter.protocol.terms import JobTerms, parts

RATES = Rates()
CONTRIBUTIONS = st.one_of(
    st.integers(ZERO - 40, ZERO + 40), st.integers(0, 32_765), st.sampled_from([ZERO, COPY, UNREADABLE])
)


@st.composite
def round_outcomes(draw: Callable, trainers: int, members: int, tau: int) -> RoundOutcome:
    """A round that settled, or that ended before."""
    published = frozenset(draw(st.sets(st.integers(0, trainers - 1))))
    if not published or draw(st.integers(0, 5)) == 0:
        return RoundOutcome(published)
    lanes = st.lists(CONTRIBUTIONS, min_size=trainers + 1, max_size=trainers + 1)
    opened = draw(st.dictionaries(st.integers(0, members - 1), lanes, min_size=1))
    return RoundOutcome(published, settle(opened, published, trainers, tau), opened)


@st.composite
def outcomes(draw: Callable) -> JobOutcome:
    """A job at its end, in each of the ways in which it can end."""
    trainers, members, rounds = draw(st.integers(1, 18)), draw(st.integers(1, 7)), draw(st.integers(1, 5))
    terms = example_terms(
        round_pool=draw(st.integers(200 * SCT, 100_000 * SCT)),
        slot_stake=draw(st.integers(0, 2_000 * SCT)),
        rounds=rounds,
        members=members,
        max_trainers=trainers,
        fault_bps=draw(st.integers(0, 10_000)),
        max_share_bps=draw(st.integers(1, 10_000)),
        tau=draw(st.integers(1, 50)),
    )
    reason = draw(st.sampled_from([r for r in Reason if r is not Reason.REFUSED]))
    over: list[RoundOutcome] = []
    if reason in (Reason.NONE, Reason.NO_SHARD_KEY, Reason.TOO_FEW_OPENED):
        ended = rounds if reason is Reason.NONE else draw(st.integers(0, rounds - 1))
        over = [draw(round_outcomes(trainers, members, terms.tau)) for _ in range(ended)]
    if reason in (Reason.NO_SHARD_KEY, Reason.TOO_FEW_OPENED):
        over.append(RoundOutcome(frozenset(draw(st.sets(st.integers(0, trainers - 1), min_size=1)))))
    seated = reason not in (Reason.TOO_FEW_TRAINERS, Reason.DRAW_EXPIRED)
    lock = seat_lock(terms, RATES)
    seats = [
        Seat(account(900 + i), draw(st.integers(0, 255)), lock + draw(st.integers(0, 10**22)), draw(st.booleans()))
        for i in range(members if seated else 0)
    ]
    return JobOutcome(terms, reason, account(1), [account(100 + slot) for slot in range(trainers)], seats, over)


def settled_rounds(job: JobOutcome) -> list[RoundOutcome]:
    return [r for r in job.rounds if r.settled is not None]


@given(outcomes())
@settings(max_examples=300, deadline=None)
def test_every_unit_is_paid_or_reaches_the_challenge_pool(job: JobOutcome) -> None:
    settled = settlement(job, RATES)
    terms = job.terms
    put_up = terms.round_pool * (terms.rounds + 1) + terms.slot_stake * len(job.trainers)
    lost = sum(settled.dues[seat.account].penalty for seat in job.seats)
    assert sum(due.paid for due in settled.dues.values()) + settled.challenge_pool == put_up + lost
    assert set(settled.dues) == {job.requestor, *job.trainers, *(seat.account for seat in job.seats)}


@given(outcomes())
@settings(max_examples=300, deadline=None)
def test_nobody_owes_and_nobody_loses_more_than_was_at_stake(job: JobOutcome) -> None:
    settled, lock = settlement(job, RATES), seat_lock(job.terms, RATES)
    assert settled.challenge_pool >= 0
    assert all(due.paid >= 0 and due.penalty >= 0 for due in settled.dues.values())
    assert settled.dues[job.requestor].penalty == 0
    assert all(settled.dues[trainer].penalty <= job.terms.slot_stake for trainer in job.trainers)
    for seat in job.seats:
        assert settled.dues[seat.account].penalty <= (min(lock, seat.stake) if seat.at_fault else 0)


@given(outcomes())
@settings(max_examples=300, deadline=None)
def test_the_challenge_pool_gets_only_penalties_what_was_not_earned_and_dust(job: JobOutcome) -> None:
    """Without a settled round, all that is not returned is penalties and fewer units than there are accounts."""
    settled = settlement(job, RATES)
    penalties = sum(due.penalty for due in settled.dues.values())
    if not settled_rounds(job):
        assert 0 <= settled.challenge_pool - penalties < len(job.trainers)
    most = sum(parts(job.terms, RATES).trainers + parts(job.terms, RATES).members for _ in settled_rounds(job))
    assert settled.challenge_pool - penalties <= most + len(job.trainers)


@given(outcomes())
@settings(max_examples=300, deadline=None)
def test_who_shares_the_bond(job: JobOutcome) -> None:
    """A requestor that defaulted gets less than pool and bond back; every other end returns the bond."""
    settled, terms = settlement(job, RATES), job.terms
    paid = settled.dues[job.requestor].paid
    unsettled = terms.rounds - len(settled_rounds(job))
    if job.reason is Reason.NO_KEYS:
        assert paid == terms.pool
        assert {settled.dues[t].paid for t in job.trainers} == {terms.slot_stake + terms.bond // len(job.trainers)}
    elif job.reason is Reason.NO_SHARD_KEY:
        wronged = [job.trainers[slot] for slot in job.rounds[-1].published]
        assert all(settled.dues[t].paid >= terms.bond // len(wronged) for t in wronged)
        assert paid <= terms.pool - terms.round_pool * 6 // 10
    else:
        assert paid >= terms.bond + unsettled * terms.round_pool


@given(outcomes())
@settings(max_examples=200, deadline=None)
def test_pay_keeps_to_its_part(job: JobOutcome) -> None:
    terms, cut = job.terms, parts(job.terms, RATES)
    for made in settled_rounds(job):
        assert made.settled is not None
        shares = [trainer_pay(made.settled, slot, terms, RATES) for slot in range(len(job.trainers))]
        assert sum(shares) <= cut.trainers
        assert max(shares) <= cut.trainers * terms.max_share_bps // 10_000
        assert [slot for slot, share in enumerate(shares) if share] == [s for s in made.settled.accepted if shares[s]]
        pays = [seat_pay(made.settled, made.openings.get(i), i, terms, RATES) for i in range(terms.members)]
        assert sum(pays) <= cut.members
        assert all(0 <= pay <= cut.members // terms.members for pay in pays)
        assert all(pay == 0 for i, pay in enumerate(pays) if i not in made.openings or i in made.settled.left_out)


@given(st.integers(0, 10**23), st.integers(0, 255), st.integers(0, 10**23))
def test_a_slash_is_bounded_and_never_falls_with_the_record(lock: int, slashes: int, stake: int) -> None:
    amount = seat_slash(lock, slashes, stake, RATES)
    assert 0 <= amount <= min(lock, stake)
    assert amount <= seat_slash(lock, slashes + 1, stake, RATES)


@given(st.integers(1, 31), st.integers(1, 32), st.integers(200 * SCT, 2**96 - 1))
def test_a_majority_of_seats_stakes_what_the_trainers_can_win(members: int, rounds: int, pool: int) -> None:
    terms = example_terms(members=members, rounds=rounds, round_pool=pool)
    majority = -(-members // 2)
    lock = seat_lock(terms, RATES)
    assert lock * majority > rounds * parts(terms, RATES).trainers - majority
    assert lock >= RATES.validator_ticket // 5


# ── cases worked out by hand: a pool of 1,000 a round, 7/10 of it for trainers, 3 members ──────────────────────────────
def hand_terms(**changes: int) -> JobTerms:
    return example_terms(**{"round_pool": 1_000, "slot_stake": 300, "rounds": 3, "tau": 10, **changes})


def hand_round(*contributions: int, seats: int = 3) -> RoundOutcome:
    """All seats open the same contributions."""
    lanes = [0, *(c if c >= COPY else ZERO + c for c in contributions)]
    opened = dict.fromkeys(range(seats), lanes)
    published = frozenset(range(len(contributions)))
    return RoundOutcome(published, settle(opened, published, len(contributions), 10), opened)


def hand_job(rounds: list[RoundOutcome], reason: Reason = Reason.NONE, trainers: int = 2, **changes: int) -> Settlement:
    terms = hand_terms(**changes)
    seats = [Seat(account(900 + i), 0, 25_000 * SCT, at_fault=False) for i in range(3)]
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


def test_a_seat_loses_pay_by_its_mean_distance() -> None:
    lanes = [0, ZERO + 30, ZERO + 10]
    opened = {0: lanes, 1: lanes, 2: [0, ZERO + 33, ZERO + 8], 3: [0, ZERO + 60, ZERO + 10], 4: [0, COPY, ZERO + 10]}
    settled = settle(opened, frozenset({0, 1}), 2, tau=10)
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
