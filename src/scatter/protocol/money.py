"""Who gets what of a job: integers in base units, every division rounded down, as the contracts do it.

`settlement(job, rates)` says for each participant what a claim pays and what it costs, and what goes to the challenge pool.
A differential test holds it against the contracts, to the last unit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from scatter.protocol.ids import Address
from scatter.protocol.rates import BPS, Rates
from scatter.protocol.scores import SettledRound
from scatter.protocol.states import Reason
from scatter.protocol.terms import JobTerms, parts

SILENT_TRAINER_BPS = 2_000
"""A trainer silent in a round after its first update loses this share of s/R."""
ROUNDS_BEFORE_FAULT = 3
"""`fault` applies to a trainer judged in at least so many rounds in each of which some update was accepted."""


def seat_lock(terms: JobTerms, rates: Rates) -> int:
    """L: what a seat locks, and the most it can lose: max(20 % of the ticket, all that the job pays trainers / ⌈V/2⌉)."""
    half = -(-terms.members // 2)
    return max(rates.validator_ticket * rates.lock_bps // BPS, terms.rounds * parts(terms, rates).trainers // half)


def trainer_pay(settled: SettledRound, slot: int, terms: JobTerms, rates: Rates) -> int:
    """What one settled round pays a trainer: its share of the positive contributions, at most `max_share`."""
    contribution = settled.contribution(slot)
    if contribution <= 0:
        return 0
    part = parts(terms, rates).trainers
    return min(part * contribution // settled.positive_sum, part * terms.max_share_bps // BPS)


def seat_pay(settled: SettledRound, lanes: Sequence[int] | None, seat: int, terms: JobTerms, rates: Rates) -> int:
    """What one settled round pays a seat that opened `lanes` (None: it did not): less the farther from the settled scores."""
    if lanes is None or seat in settled.left_out:
        return 0
    part = parts(terms, rates).members // terms.members
    counted = settled.counted
    if not counted:
        return part
    distance = sum(abs(lanes[slot + 1] - settled.lanes[slot + 1]) for slot in counted)
    allowed = terms.tau * len(counted)
    return part * max(0, allowed - distance) // allowed


def seat_slash(lock: int, earlier_slashes: int, stake: int, rates: Rates) -> int:
    """What a silent or deviating seat loses, once per job: base · 2ⁿ, at most L and at most its stake."""
    return min(lock, rates.slash_base << earlier_slashes, stake)


@dataclass(frozen=True, slots=True)
class RoundOutcome:
    """What money needs to know of a round whose training ended: who published, how it settled (None: it did not), and the
    lanes that each seat opened."""

    published: frozenset[int]
    settled: SettledRound | None = None
    openings: Mapping[int, Sequence[int]] = field(default_factory=dict)


def trainer_penalty(slot: int, rounds: Sequence[RoundOutcome], terms: JobTerms) -> int:
    """What a trainer loses of its slot stake: nothing when it never published (it was dropped), at most all of it."""
    if not any(slot in r.published for r in rounds):
        return 0
    stake = terms.slot_stake
    silent = sum(slot not in r.published for r in rounds)
    judged = [r.settled for r in rounds if r.settled is not None and slot in r.published]
    struck = sum(slot in settled.struck for settled in judged)
    fair = sum(bool(settled.accepted) for settled in judged)
    never_accepted = not any(slot in settled.accepted for settled in judged)
    fault = stake * terms.fault_bps // BPS if fair >= ROUNDS_BEFORE_FAULT and never_accepted else 0
    silence = stake * SILENT_TRAINER_BPS // BPS // terms.rounds
    return min(stake, silent * silence + struck * (stake // terms.rounds) + fault)


@dataclass(frozen=True, slots=True)
class Seat:
    """A member seat at the end of a job. `at_fault`: silent or deviating in any round."""

    account: Address
    earlier_slashes: int
    stake: int
    at_fault: bool


@dataclass(frozen=True, slots=True)
class JobOutcome:
    """A job in a terminal state: everything that its money depends on.

    `rounds` holds, in order, the rounds whose training ended; after `Reason.NO_SHARD_KEY` the last of them is the one
    whose key is missing, in which somebody published.
    """

    terms: JobTerms
    reason: Reason
    requestor: Address
    trainers: Sequence[Address]
    seats: Sequence[Seat]
    rounds: Sequence[RoundOutcome]


@dataclass(frozen=True, slots=True)
class Due:
    """What a claim does for one account: tokens paid out, and what it loses of its slot stake or its ticket."""

    paid: int
    penalty: int = 0


@dataclass(frozen=True, slots=True)
class Settlement:
    """All claims of a job, and what is left to the challenge pool when they are made."""

    dues: Mapping[Address, Due]
    challenge_pool: int


def settlement(job: JobOutcome, rates: Rates) -> Settlement:
    """What every participant's claim comes to. Paid + challenge pool = pool + bond + slot stakes + what seats lose."""
    terms = job.terms
    trainers = {trainer: _trainer_due(job, slot, rates) for slot, trainer in enumerate(job.trainers)}
    seats = {seat.account: _seat_due(job, index, rates) for index, seat in enumerate(job.seats)}
    dues = {job.requestor: Due(_requestor_pay(job, rates)), **trainers, **seats}
    escrowed = terms.pool + terms.bond + terms.slot_stake * len(job.trainers)
    lost = sum(due.penalty for due in seats.values())
    return Settlement(dues, escrowed + lost - sum(due.paid for due in dues.values()))


def _settled(job: JobOutcome) -> list[SettledRound]:
    return [r.settled for r in job.rounds if r.settled is not None]


def _requestor_pay(job: JobOutcome, rates: Rates) -> int:
    """Rounds that did not settle, trainers' parts that nobody earned, and the bond unless it went to the trainers."""
    terms, cut, settled = job.terms, parts(job.terms, rates), _settled(job)
    pay = (terms.rounds - len(settled)) * terms.round_pool
    pay += sum(cut.trainers for r in settled if not r.accepted)
    if job.reason is Reason.NO_SHARD_KEY:
        publishers = len(job.rounds[-1].published)
        return pay - cut.trainers // publishers * publishers
    return pay if job.reason is Reason.NO_KEYS else pay + terms.bond


def _trainer_due(job: JobOutcome, slot: int, rates: Rates) -> Due:
    terms = job.terms
    pay = sum(trainer_pay(settled, slot, terms, rates) for settled in _settled(job))
    if job.reason is Reason.NO_KEYS:
        pay += terms.bond // len(job.trainers)
    if job.reason is Reason.NO_SHARD_KEY and slot in job.rounds[-1].published:
        publishers = len(job.rounds[-1].published)
        pay += parts(terms, rates).trainers // publishers + terms.bond // publishers
    penalty = trainer_penalty(slot, job.rounds, terms)
    return Due(pay + terms.slot_stake - penalty, penalty)


def _seat_due(job: JobOutcome, index: int, rates: Rates) -> Due:
    terms, seat = job.terms, job.seats[index]
    pay = sum(
        seat_pay(r.settled, r.openings.get(index), index, terms, rates) for r in job.rounds if r.settled is not None
    )
    lock = seat_lock(terms, rates)
    return Due(pay, seat_slash(lock, seat.earlier_slashes, seat.stake, rates) if seat.at_fault else 0)
