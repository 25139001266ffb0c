"""What the chain says, as immutable values: nodes, jobs and their rounds. Built by `projection`, read by everybody."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TypeVar

from scatter.protocol.ids import NO_DIGEST, Address, Digest, JobId, Round, Timestamp
from scatter.protocol.scores import SettledRound
from scatter.protocol.states import TERMINAL, Reason, Role, State
from scatter.protocol.terms import JobTerms

_K = TypeVar("_K")
_V = TypeVar("_V")


def _empty() -> Mapping[_K, _V]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class NodeView:
    """A registered node: role, keys, stake in base units.

    `deposited`: it put up a ticket in its role; with a stake of 0 it has since withdrawn or lost all of it.
    """

    address: Address
    role: Role
    peer_key: bytes
    sealing_key: bytes
    stake: int = 0
    locked: int = 0
    withdrawing: bool = False
    deposited: bool = False


@dataclass(frozen=True, slots=True)
class RoundView:
    """One round of a job. Updates are in the order in which they were published; seats and slots are numbers."""

    number: Round
    updates: Mapping[int, Digest] = field(default_factory=_empty)
    shard_key: bytes | None = None
    commitments: Mapping[int, bytes] = field(default_factory=_empty)
    openings: Mapping[int, tuple[int, ...]] = field(default_factory=_empty)
    settled: SettledRound | None = None
    aggregates: Mapping[int, Digest] = field(default_factory=_empty)
    closed: bool = False
    global_model: Digest = NO_DIGEST
    """The aggregate of the majority; NO_DIGEST while open, and when the round kept the model it started from."""

    @property
    def published(self) -> frozenset[int]:
        """Slots that published an update."""
        return frozenset(self.updates)


@dataclass(frozen=True, slots=True)
class JobView:
    """A federated job as the chain shows it."""

    id: JobId
    requestor: Address
    topic: bytes
    terms: JobTerms
    shard_key_hashes: tuple[bytes, ...]
    shard_digests: tuple[Digest, ...]
    state: State = State.NONE
    round: Round = Round(0)  # noqa: RUF009 — a NewType of int is immutable
    entered_block: int = 0
    """The block in which the job entered its state."""
    changed_block: int = 0
    """The block of the newest event about the job."""
    deadline: Timestamp | None = None
    reason: Reason = Reason.NONE
    draw_block: int | None = None
    bundle: Digest | None = None
    trainers: tuple[Address, ...] = ()
    dropped: frozenset[int] = frozenset()
    members: tuple[Address, ...] = ()
    rounds: Mapping[Round, RoundView] = field(default_factory=_empty)
    claimed: frozenset[Address] = frozenset()

    @property
    def name(self) -> str:
        """The topic as text."""
        return self.topic.rstrip(b"\0").decode(errors="replace")

    @property
    def ended(self) -> bool:
        """Whether the state is terminal."""
        return self.state in TERMINAL

    @property
    def current(self) -> RoundView:
        """The round in progress (round 0, without anything in it, before the first)."""
        return self.rounds.get(self.round, RoundView(self.round))

    @property
    def active_slots(self) -> frozenset[int]:
        """Slots of trainers that have not been dropped."""
        return frozenset(range(len(self.trainers))) - self.dropped

    def slot_of(self, account: Address) -> int | None:
        """The trainer slot of an account."""
        return self.trainers.index(account) if account in self.trainers else None

    def seat_of(self, account: Address) -> int | None:
        """The member seat of an account."""
        return self.members.index(account) if account in self.members else None

    @property
    def participants(self) -> tuple[Address, ...]:
        """Everybody with something to claim: requestor, trainers, members."""
        return (self.requestor, *self.trainers, *self.members)

    def starting_model(self, round_: Round) -> tuple[Round, Digest | None]:
        """(round that made it, digest) of the model that a round starts from; (0, None) for the initial model."""
        for number in range(round_ - 1, 0, -1):
            made = self.rounds.get(Round(number))
            if made is not None and made.closed and made.global_model != NO_DIGEST:
                return Round(number), made.global_model
        return Round(0), None

    def starting_content(self, round_: Round) -> tuple[Digest, ...]:
        """Manifests without which nobody can work on a round: the training job's, and that of the model it starts from."""
        _, model = self.starting_model(round_)
        return (self.terms.training_job,) if model is None else (self.terms.training_job, model)


@dataclass(frozen=True, slots=True)
class NetworkView:
    """Everything the contracts hold that nodes care about."""

    nodes: Mapping[Address, NodeView] = field(default_factory=_empty)
    jobs: Mapping[JobId, JobView] = field(default_factory=_empty)
