"""Money: nothing is lost, made, or taken beyond what was put up, whatever becomes of a job."""

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.property.protocol.actors import example_terms
from tests.property.protocol.outcomes import RATES, outcomes

from scatter.protocol.awards import awards, stakes_taken
from scatter.protocol.ids import SCT
from scatter.protocol.money import settlement
from scatter.protocol.outcome import JobOutcome, RoundOutcome
from scatter.protocol.pay import seat_lock, seat_pay, seat_slash, trainer_pay
from scatter.protocol.states import Reason, Role
from scatter.protocol.terms import parts


def settled_rounds(job: JobOutcome) -> list[RoundOutcome]:
    return [r for r in job.rounds if r.settled is not None]


@given(outcomes())
@settings(max_examples=100, deadline=None)
def test_every_unit_is_paid_or_reaches_the_challenge_pool(job: JobOutcome) -> None:
    settled, terms = settlement(job, RATES), job.terms
    put_up = terms.round_pool * (terms.rounds + 1) + terms.slot_stake * len(job.trainers)
    put_up += RATES.challenge_bond * sum(len(dispute.filers) for dispute in job.disputes.values())
    lost = sum(settled.dues[seat.account].penalty for seat in [*job.seats, *job.jurors])
    paid = sum(due.paid for due in settled.dues.values())
    assert paid + settled.challenge_pool == put_up + lost + settled.fees
    drawn = [seat.account for seat in [*job.seats, *job.jurors]]
    assert list(settled.dues) == [job.requestor, *job.trainers, *drawn]


@given(outcomes())
@settings(max_examples=100, deadline=None)
def test_nobody_owes_and_nobody_loses_more_than_was_at_stake(job: JobOutcome) -> None:
    settled = settlement(job, RATES)
    assert settled.challenge_pool >= 0
    assert all(due.paid >= 0 and due.penalty >= 0 for due in settled.dues.values())
    assert settled.dues[job.requestor].penalty == 0
    assert all(settled.dues[trainer].penalty <= job.terms.slot_stake for trainer in job.trainers)
    lost = frozenset().union(*(d.verdict.lost for d in job.disputes.values()))
    outside = frozenset().union(*(d.verdict.outside for d in job.disputes.values()))
    for number, seat in enumerate(job.seats):
        slash = seat_slash(seat.lock, seat.earlier_slashes, RATES) if seat.silent or number in job.deviating else 0
        assert settled.dues[seat.account].penalty == (seat.lock if number in lost else slash) <= seat.lock
    for number, juror in enumerate(job.jurors):
        slash = seat_slash(juror.lock, juror.earlier_slashes, RATES)
        assert settled.dues[juror.account].penalty == (slash if juror.silent or number in outside else 0)


@given(outcomes())
@settings(max_examples=100, deadline=None)
def test_no_challenge_pays_its_side_more_than_the_offenders_lost(job: JobOutcome) -> None:
    """Beyond the bonds put up, disputes pay at most three quarters of what verdicts took, and fees at most 1 % a juror."""
    filed = RATES.challenge_bond * sum(len(dispute.filers) for dispute in job.disputes.values())
    taken = sum(job.seats[seat].lock for seats in stakes_taken(job).values() for seat in seats)
    assert awards(job, RATES).total() - filed <= taken * 3 // 4
    assert settlement(job, RATES).fees <= len(job.jurors) * (job.challenge_pool // 100)


@given(outcomes())
@settings(max_examples=100, deadline=None)
def test_the_challenge_pool_gets_only_penalties_what_was_not_earned_and_dust(job: JobOutcome) -> None:
    """Without a settled round, all that is not returned is penalties and fewer units than there are accounts."""
    job = replace(job, disputes={}, jurors=())
    settled, cut = settlement(job, RATES), parts(job.terms, RATES)
    penalties = sum(due.penalty for due in settled.dues.values())
    if not settled_rounds(job):
        assert 0 <= settled.challenge_pool - penalties < len(job.trainers)
    most = sum(cut.trainers + cut.members + cut.auditors for _ in settled_rounds(job))
    assert settled.challenge_pool - penalties <= most + len(job.trainers)


@given(outcomes())
@settings(max_examples=100, deadline=None)
def test_who_shares_the_bond(job: JobOutcome) -> None:
    """A requestor that defaulted gets less than pool and bond back; every other end returns the bond."""
    job = replace(job, disputes={})
    settled, terms = settlement(job, RATES), job.terms
    paid = settled.dues[job.requestor].paid
    unsettled = terms.rounds - len(settled_rounds(job))
    if job.reason is Reason.NO_KEYS:
        assert paid == terms.pool
        assert {settled.dues[t].paid for t in job.trainers} == {terms.slot_stake + terms.bond // len(job.trainers)}
    elif job.reason in (Reason.NO_SHARD_KEY, Reason.REFUSED):
        wronged = [job.trainers[slot] for slot in job.rounds[-1].published]
        assert all(settled.dues[t].paid >= terms.bond // len(wronged) for t in wronged)
        assert paid <= terms.pool - terms.round_pool * 6 // 10
    else:
        assert paid >= terms.bond + unsettled * terms.round_pool


@given(outcomes())
@settings(max_examples=100, deadline=None)
def test_pay_keeps_to_its_part(job: JobOutcome) -> None:
    terms, cut = job.terms, parts(job.terms, RATES)
    for made in settled_rounds(job):
        assert made.settled is not None
        shares = [trainer_pay(made.settled, slot, terms, RATES) for slot in range(len(job.trainers))]
        assert sum(shares) <= cut.trainers
        assert max(shares) <= cut.trainers * terms.max_share_bps // 10_000
        assert [slot for slot, share in enumerate(shares) if share] == [s for s in made.settled.accepted if shares[s]]
        number = terms.members + terms.auditors
        pays = [seat_pay(made.settled, made.openings.get(i), i, terms, RATES) for i in range(number)]
        assert sum(pays[i] for i in made.settled.panel) <= cut.members
        assert sum(pay for i, pay in enumerate(pays) if i not in made.settled.panel) <= cut.auditors
        assert all(0 <= pays[i] <= cut.members // terms.members for i in made.settled.panel)
        assert all(pay == 0 for i, pay in enumerate(pays) if i not in made.openings or i in made.settled.left_out)


@given(st.integers(0, 10**23), st.integers(0, 255))
def test_a_slash_is_bounded_and_never_falls_with_the_record(lock: int, slashes: int) -> None:
    amount = seat_slash(lock, slashes, RATES)
    assert 0 <= amount <= lock
    assert amount <= seat_slash(lock, slashes + 1, RATES)


@given(st.integers(1, 31), st.integers(1, 32), st.integers(200 * SCT, 2**96 - 1))
def test_a_majority_of_seats_stakes_what_the_trainers_can_win(members: int, rounds: int, pool: int) -> None:
    terms = example_terms(members=members, rounds=rounds, round_pool=pool)
    majority = -(-members // 2)
    lock = seat_lock(Role.VALIDATOR, terms, RATES)
    assert lock * majority > rounds * parts(terms, RATES).trainers - majority
    assert lock >= RATES.validator_ticket // 5
    assert lock >= seat_lock(Role.CHALLENGER, terms, RATES) >= RATES.challenger_ticket // 5
