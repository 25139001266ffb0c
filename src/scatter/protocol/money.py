"""Who gets what of a job: integers in base units, every division rounded down, as the contracts do it.

`settlement(job, rates)` says for each participant what a claim pays and what it costs, and what goes to the challenge pool.
A differential test holds it against the contracts, to the last unit.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scatter.protocol.awards import awards, juror_fees, seat_penalties
from scatter.protocol.ids import Address
from scatter.protocol.outcome import JobOutcome, RoundOutcome
from scatter.protocol.pay import seat_pay, trainer_pay, trainer_penalty
from scatter.protocol.rates import BPS, Rates
from scatter.protocol.scores import SettledRound
from scatter.protocol.states import Reason
from scatter.protocol.terms import parts


@dataclass(frozen=True, slots=True)
class Due:
    """What a claim does for one account: tokens paid out, and what it loses of its slot stake or its ticket."""

    paid: int
    penalty: int = 0


@dataclass(frozen=True, slots=True)
class Settlement:
    """All claims of a job, what is left to the challenge pool when they are made, and what the pool pays for jurors' fees."""

    dues: Mapping[Address, Due]
    challenge_pool: int
    fees: int


def settlement(job: JobOutcome, rates: Rates) -> Settlement:
    """What every participant's claim comes to.

    Paid + challenge pool = pool + bond + slot stakes + challengers' bonds + what seats lose + fees.
    """
    rounds = job.judged_rounds
    slots = {trainer: trainer_penalty(slot, rounds, job.terms) for slot, trainer in enumerate(job.trainers)}
    seats, fees = seat_penalties(job, rates), juror_fees(job, rates)
    paid = Counter({job.requestor: _requestor_pay(job, rounds, rates)})
    for slot, trainer in enumerate(job.trainers):
        paid[trainer] += _trainer_pay(job, rounds, slot, rates) + job.terms.slot_stake - slots[trainer]
    for number, seat in enumerate(job.seats):
        paid[seat.account] += _seat_pay(job, rounds, number, rates)
    paid.update(awards(job, rates))
    paid.update(fees)
    penalties = slots | seats
    dues = {account: Due(paid[account], penalties.get(account, 0)) for account in (job.requestor, *penalties)}
    filed = rates.challenge_bond * sum(len(dispute.filers) for dispute in job.disputes.values())
    put_up = job.terms.pool + job.terms.bond + job.terms.slot_stake * len(job.trainers) + filed
    taken = sum(seats.values()) + sum(fees.values())
    return Settlement(dues, put_up + taken - paid.total(), sum(fees.values()))


def _settled(rounds: Sequence[RoundOutcome]) -> list[SettledRound]:
    return [r.settled for r in rounds if r.settled is not None]


def _requestor_pay(job: JobOutcome, rounds: Sequence[RoundOutcome], rates: Rates) -> int:
    """Rounds that did not settle, parts that nobody earned, and the bond unless it went to the trainers."""
    terms, cut, settled = job.terms, parts(job.terms, rates), _settled(rounds)
    pay = (terms.rounds - len(settled)) * terms.round_pool
    pay += sum(cut.trainers for r in settled if not r.accepted)
    if not job.wronged:
        pay += terms.bond
    elif job.reason is not Reason.NO_KEYS:
        pay -= cut.trainers // len(job.wronged) * len(job.wronged)
    return pay - _refusal_pay(job, rates) * len(job.refusing)


def _trainer_pay(job: JobOutcome, rounds: Sequence[RoundOutcome], slot: int, rates: Rates) -> int:
    """Shares of settled rounds; of a requestor's bond and, unless no round had begun, of the round in progress."""
    pay = sum(trainer_pay(settled, slot, job.terms, rates) for settled in _settled(rounds))
    if slot not in job.wronged:
        return pay
    in_progress = 0 if job.reason is Reason.NO_KEYS else parts(job.terms, rates).trainers
    return pay + in_progress // len(job.wronged) + job.terms.bond // len(job.wronged)


def _seat_pay(job: JobOutcome, rounds: Sequence[RoundOutcome], number: int, rates: Rates) -> int:
    settled = [(r.settled, r.openings.get(number)) for r in rounds if r.settled is not None]
    pay = sum(seat_pay(result, lanes, number, job.terms, rates) for result, lanes in settled)
    return pay + (_refusal_pay(job, rates) if number in job.refusing else 0)


def _refusal_pay(job: JobOutcome, rates: Rates) -> int:
    """What each refusing member gets of the round that it refused, when the refusal stands."""
    return job.terms.round_pool * rates.members_bps // BPS // max(1, len(job.refusing))
