"""What a settled round pays and costs, and what a seat stakes: integers in base units, every division rounded down."""

from collections.abc import Sequence

from scatter.protocol.outcome import RoundOutcome
from scatter.protocol.rates import BPS, Rates
from scatter.protocol.scores import SettledRound
from scatter.protocol.states import Role
from scatter.protocol.terms import JobTerms, parts

SILENT_TRAINER_BPS = 2_000
"""A trainer silent in a round after its first update loses this share of s/R."""
ROUNDS_BEFORE_FAULT = 3
"""`fault` applies to a trainer judged in at least so many rounds in each of which some update was accepted."""


def ticket(role: Role, rates: Rates) -> int:
    """What a node of a role with seats puts up."""
    return rates.challenger_ticket if role is Role.CHALLENGER else rates.validator_ticket


def seat_lock(role: Role, terms: JobTerms, rates: Rates) -> int:
    """L: what the seat of a node of this role locks, and the most it can lose: max(20 % of its ticket, all that the job pays
    trainers / ⌈V/2⌉)."""
    half = -(-terms.members // 2)
    return max(ticket(role, rates) * rates.lock_bps // BPS, terms.rounds * parts(terms, rates).trainers // half)


def seat_slash(lock: int, earlier_slashes: int, rates: Rates) -> int:
    """What a silent or deviating seat loses, once per job: base · 2ⁿ, at most L."""
    return min(lock, rates.slash_base << earlier_slashes)


def trainer_pay(settled: SettledRound, slot: int, terms: JobTerms, rates: Rates) -> int:
    """What one settled round pays a trainer: its share of the positive contributions, at most `max_share`."""
    contribution = settled.contribution(slot)
    if contribution <= 0:
        return 0
    part = parts(terms, rates).trainers
    return min(part * contribution // settled.positive_sum, part * terms.max_share_bps // BPS)


def seat_part(settled: SettledRound, seat: int, terms: JobTerms, rates: Rates) -> int:
    """The most that one settled round pays a seat: a member's part to the panel, stand-ins included; its own to another
    auditor."""
    cut = parts(terms, rates)
    return cut.members // terms.members if seat in settled.panel else cut.auditors // terms.auditors


def seat_pay(settled: SettledRound, lanes: Sequence[int] | None, seat: int, terms: JobTerms, rates: Rates) -> int:
    """What one settled round pays a seat that opened `lanes` (None: no numbers): less the farther from the settled scores."""
    if lanes is None or seat in settled.left_out:
        return 0
    part, counted = seat_part(settled, seat, terms, rates), settled.counted
    if not counted:
        return part
    distance = sum(abs(lanes[slot + 1] - settled.lanes[slot + 1]) for slot in counted)
    allowed = terms.tau * len(counted)
    return part * max(0, allowed - distance) // allowed


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
