"""What the model chain and its jobs are made of."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol

from scatter.protocol.ids import Address
from scatter.protocol.rates import Rates
from scatter.protocol.scores import SettledRound, are_scores
from scatter.protocol.states import Role
from scatter.protocol.terms import Durations
from scatter.protocol.verdicts import Verdict

NOTHING = bytes(32)


class Refused(Exception):
    """The contract would revert; the message is the name of its error."""


def check(condition: object, error: str) -> None:
    if not condition:
        raise Refused(error)


def durations(seconds: int) -> Durations:
    return Durations(*[seconds] * 9)


@dataclass
class ModelNode:
    role: int = 0
    stake: int = 0
    locked: int = 0
    slashes: int = 0
    withdrawing: bool = False
    available_at: int = 0


@dataclass
class ModelSeat:
    """A drawn seat of any kind."""

    account: Address
    role: Role
    lock: int
    slashes: int
    silent: bool = False


@dataclass
class ModelRound:
    """Seats are numbered as in the core: members, then auditors. Openings of no words refuse, those of one word of ones abstain."""

    updates: dict[int, bytes] = field(default_factory=dict)
    commitments: dict[int, bytes] = field(default_factory=dict)
    openings: dict[int, tuple[int, ...]] = field(default_factory=dict)
    settled: SettledRound | None = None
    votes: dict[int, bytes] = field(default_factory=dict)
    closed: bool = False
    model: bytes = NOTHING

    @property
    def scored(self) -> dict[int, tuple[int, ...]]:
        return {seat: self.openings[seat] for seat in sorted(self.openings) if are_scores(self.openings[seat])}

    @property
    def refused(self) -> frozenset[int]:
        return frozenset(seat for seat, words in self.openings.items() if not words)


@dataclass
class ModelItem:
    filers: list[Address] = field(default_factory=list)
    commitments: dict[int, bytes] = field(default_factory=dict)
    openings: dict[int, tuple[tuple[int, ...], bytes]] = field(default_factory=dict)
    verdict: Verdict | None = None


class Chain(Protocol):
    """What a job needs of the chain around it."""

    chain_id: int
    contract: Address
    block: int
    timestamp: int
    rates: Rates
    pools: dict[Role, list[Address]]
    nodes: dict[Address, ModelNode]
    random: Callable[[int, bytes], bytes]
    challenge_pool: int

    def emit(self, name: str, **values: Any) -> None: ...

    def take(self, sender: Address, amount: int) -> None: ...
