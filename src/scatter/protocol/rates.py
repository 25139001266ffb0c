"""The parameters that the contracts' owner can change for new jobs. A job keeps those that it was posted under."""

from dataclasses import dataclass

from scatter.protocol.ids import SCT

BPS = 10_000
"""Shares are basis points: 10,000 are the whole."""


@dataclass(frozen=True, slots=True)
class Rates:
    """The contract's `Parameters`: amounts in base units, shares in basis points. The defaults are docs/protocol.md's."""

    validator_ticket: int = 25_000 * SCT
    challenger_ticket: int = 20_000 * SCT
    lock_bps: int = 2_000
    slash_base: int = 200 * SCT
    trainers_bps: int = 7_000
    members_bps: int = 2_000
    min_seat_pay: int = 5 * SCT
    challenge_bond: int = 500 * SCT
    juror_fee_bps: int = 100


@dataclass(frozen=True, slots=True)
class Parts:
    """How a round's pool is cut, in base units."""

    trainers: int
    members: int
    auditors: int
