"""What disputes cost and bring: stakes of those who deviate from a verdict, bonds, shares and fees.

No challenge pays its side more than the offenders lost: of a stake, half goes to the filers and a quarter to the jurors.
"""

from collections import Counter

from scatter.protocol.ids import Address
from scatter.protocol.outcome import Dispute, JobOutcome
from scatter.protocol.pay import seat_slash
from scatter.protocol.rates import BPS, Rates
from scatter.protocol.terms import parts
from scatter.protocol.verdicts import Item


def stakes_taken(job: JobOutcome) -> dict[Item, frozenset[int]]:
    """The seats that lose L by each verdict. A seat loses it once: to the first item that takes it."""
    taken: dict[Item, frozenset[int]] = {}
    for item in sorted(job.disputes):
        taken[item] = job.disputes[item].verdict.lost.difference(*taken.values())
    return taken


def seat_penalties(job: JobOutcome, rates: Rates) -> dict[Address, int]:
    """What every seat loses of its ticket: L by verdict, which covers everything else, or base · 2ⁿ once."""
    by_verdict = frozenset().union(*stakes_taken(job).values())
    outside = frozenset().union(*(dispute.verdict.outside for dispute in job.disputes.values()))
    penalties = {}
    for number, seat in enumerate(job.seats):
        faulty = seat.silent or number in job.deviating
        slash = seat_slash(seat.lock, seat.earlier_slashes, rates) if faulty else 0
        penalties[seat.account] = seat.lock if number in by_verdict else slash
    for number, juror in enumerate(job.jurors):
        faulty = juror.silent or number in outside
        penalties[juror.account] = seat_slash(juror.lock, juror.earlier_slashes, rates) if faulty else 0
    return penalties


def juror_fee(job: JobOutcome, rates: Rates) -> int:
    """What the challenge pool pays each juror that was right where something changed: a part of the pool, at most what a
    member could earn in the job."""
    earned = sum(made.settled is not None for made in job.rounds) * (
        parts(job.terms, rates).members // job.terms.members
    )
    return min(job.challenge_pool * rates.juror_fee_bps // BPS, earned)


def juror_fees(job: JobOutcome, rates: Rates) -> dict[Address, int]:
    """The jurors that get the fee: each once, however many verdicts it helped to change something."""
    right = frozenset().union(*(d.verdict.agreed for d in job.disputes.values() if d.verdict.changed))
    return {job.jurors[number].account: juror_fee(job, rates) for number in sorted(right)}


def awards(job: JobOutcome, rates: Rates) -> Counter[Address]:
    """What disputes pay: bonds that go back, and shares of bonds and stakes. What division leaves is not in it."""
    paid: Counter[Address] = Counter()
    taken = stakes_taken(job)
    for item, dispute in job.disputes.items():
        stakes = sum(job.seats[seat].lock for seat in taken[item])
        filer, juror = _shares(dispute, stakes, rates)
        paid.update(dict.fromkeys(dispute.filers, filer))
        paid.update({job.jurors[number].account: juror for number in dispute.verdict.agreed})
    return paid


def _shares(dispute: Dispute, stakes: int, rates: Rates) -> tuple[int, int]:
    """What one item pays each of its filers and each juror that agreed."""
    bond, filers, agreed = rates.challenge_bond, len(dispute.filers), max(1, len(dispute.verdict.agreed))
    if not dispute.verdict.counts:
        return bond, 0
    if dispute.verdict.changed:
        return bond + stakes // 2 // filers, stakes // 4 // agreed
    return 0, bond * filers // 2 // agreed
