"""Who gets what of a job: integers in base units, every division rounded down, as the contracts do it.

`settlement(job, stakes)` says for each participant what a claim pays, what it costs and what goes to the challenge pool.
A differential test holds it against the contracts, to the last unit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from scatter.protocol.ids import Address, Round
from scatter.protocol.rates import BPS, Rates
from scatter.protocol.scores import SettledRound
from scatter.protocol.states import Reason, State
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
    """What money needs to know of a round: who published, and how it settled (None: it did not)."""

    number: Round
    published: frozenset[int]
    settled: SettledRound | None
    openings: Mapping[int, Sequence[int]]
    closed: bool


def trainer_penalty(slot: int, rounds: Sequence[RoundOutcome], silent_rounds: int, terms: JobTerms) -> int:
    """What a trainer that was not dropped loses of its slot stake.

    `silent_rounds` counts rounds in whose Training it was silent after its first update.
    """
    stake = terms.slot_stake
    closed = [r.settled for r in rounds if r.settled is not None and r.closed]
    struck = sum(slot in settled.struck for settled in closed)
    judged = [settled for settled in closed if slot in settled.published]
    never_accepted = not any(slot in settled.accepted for settled in judged)
    fair = [settled for settled in judged if settled.accepted]
    fault = stake * terms.fault_bps // BPS if len(fair) >= ROUNDS_BEFORE_FAULT and never_accepted else 0
    silence = stake * SILENT_TRAINER_BPS // BPS // terms.rounds
    return min(stake, silent_rounds * silence + struck * (stake // terms.rounds) + fault)


@dataclass(frozen=True, slots=True)
class Seat:
    """A member seat at the end of a job. `at_fault`: silent or deviating in any round."""

    account: Address
    earlier_slashes: int
    stake: int
    at_fault: bool


@dataclass(frozen=True, slots=True)
class JobOutcome:
    """A job in a terminal state: everything that its money depends on."""

    terms: JobTerms
    state: State
    reason: Reason
    requestor: Address
    trainers: Sequence[Address]
    dropped: frozenset[int]
    silent_rounds: Mapping[int, int]
    seats: Sequence[Seat]
    rounds: Sequence[RoundOutcome]


@dataclass(frozen=True, slots=True)
class Due:
    """What a claim does for one account: tokens paid out, stake lost, and what reaches the challenge pool."""

    paid: int
    slashed: int = 0


@dataclass(frozen=True, slots=True)
class Settlement:
    """All claims of a job, and what is left to the challenge pool when they are made."""

    dues: Mapping[Address, Due]
    challenge_pool: int


def settlement(job: JobOutcome, rates: Rates) -> Settlement:
    """What every participant's claim comes to. Paid + challenge pool = pool + bond + slot stakes + slashes."""
    terms = job.terms
    dues: dict[Address, Due] = {job.requestor: Due(_requestor_due(job, rates))}
    for slot, trainer in enumerate(job.trainers):
        dues[trainer] = Due(_trainer_due(job, slot, rates))
    lock = seat_lock(terms, rates)
    for index, seat in enumerate(job.seats):
        slashed = seat_slash(lock, seat.earlier_slashes, seat.stake, rates) if seat.at_fault else 0
        dues[seat.account] = Due(_seat_due(job, index, rates), slashed)
    escrowed = terms.round_pool * (terms.rounds + 1) + terms.slot_stake * len(job.trainers)
    slashed_in_all = sum(due.slashed for due in dues.values())
    return Settlement(dues, escrowed + slashed_in_all - sum(due.paid for due in dues.values()))


def _paying_rounds(job: JobOutcome) -> list[tuple[RoundOutcome, SettledRound]]:
    return [(r, r.settled) for r in job.rounds if r.settled is not None and job.state is State.SETTLED]


def _defaulted_round(job: JobOutcome) -> RoundOutcome | None:
    return job.rounds[-1] if job.reason is Reason.NO_SHARD_KEY else None


def _requestor_due(job: JobOutcome, rates: Rates) -> int:
    terms, cut = job.terms, parts(job.terms, rates)
    paying = _paying_rounds(job)
    unpaid_rounds = terms.rounds - len(paying)
    due = unpaid_rounds * terms.round_pool
    due += sum(cut.trainers for _, settled in paying if not settled.accepted)
    if job.reason is Reason.NO_SHARD_KEY:
        publishers = len(job.rounds[-1].published)
        return due - cut.trainers // publishers * publishers
    return due if job.reason is Reason.NO_KEYS else due + terms.round_pool


def _trainer_due(job: JobOutcome, slot: int, rates: Rates) -> int:
    terms = job.terms
    due = sum(trainer_pay(settled, slot, terms, rates) for _, settled in _paying_rounds(job))
    if job.reason is Reason.NO_KEYS:
        due += terms.round_pool // len(job.trainers)
    defaulted = _defaulted_round(job)
    if defaulted is not None and slot in defaulted.published:
        publishers = len(defaulted.published)
        due += parts(terms, rates).trainers // publishers + terms.round_pool // publishers
    if slot in job.dropped or job.state is State.CANCELLED:
        return due + terms.slot_stake
    return due + terms.slot_stake - trainer_penalty(slot, job.rounds, job.silent_rounds.get(slot, 0), terms)


def _seat_due(job: JobOutcome, seat: int, rates: Rates) -> int:
    return sum(seat_pay(settled, r.openings.get(seat), seat, job.terms, rates) for r, settled in _paying_rounds(job))
