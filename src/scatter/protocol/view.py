"""What the chain says, as immutable values: nodes, jobs and their rounds. Built by `projection`, read by everybody."""

from collections.abc import Mapping
from dataclasses import astuple, dataclass, field
from types import MappingProxyType
from typing import TypeVar

from scatter.protocol.ids import NO_DIGEST, Address, Digest, JobId, Round, Timestamp
from scatter.protocol.rates import Rates
from scatter.protocol.records import Record
from scatter.protocol.scores import SettledRound, abstains, are_scores, unpack
from scatter.protocol.states import TERMINAL, ChallengeKind, JudgingPhase, Reason, Role, SeatKind, State
from scatter.protocol.terms import JobTerms
from scatter.protocol.verdicts import Item, Verdict, as_judged

_K = TypeVar("_K")
_V = TypeVar("_V")


def _empty() -> Mapping[_K, _V]:
    return MappingProxyType({})


@dataclass(frozen=True, slots=True)
class NodeView:
    """A registered node: role, keys, stake in base units.

    `deposited`: it put up a ticket in its role; with a stake of 0 it has since withdrawn or lost all of it. `registrations`: how
    often it has registered.
    """

    address: Address
    role: Role
    peer_key: bytes
    sealing_key: bytes
    stake: int = 0
    locked: int = 0
    withdrawing: bool = False
    deposited: bool = False
    registrations: int = 0


@dataclass(frozen=True, slots=True)
class Reputation:
    """What was recorded of an account, as `ScatterReputation` says it: jobs, rounds (of jurors: items) in which it did its
    part, contributions in score units, silences, slashes, and challenges won and lost."""

    jobs: int = 0
    rounds: int = 0
    contribution: int = 0
    silences: int = 0
    slashes: int = 0
    won: int = 0
    lost: int = 0

    def __add__(self, other: "Reputation") -> "Reputation":
        return Reputation(*(mine + more for mine, more in zip(astuple(self), astuple(other), strict=True)))


@dataclass(frozen=True, slots=True)
class RoundView:
    """One round of a job. Updates are in the order in which they were published; seats and slots are numbers.

    `openings` of no words are refusals, those of one word of 256 ones abstentions.
    """

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

    @property
    def scored(self) -> Mapping[int, tuple[int, ...]]:
        """The words of each seat that opened scores, in the order of seats."""
        return {seat: self.openings[seat] for seat in sorted(self.openings) if are_scores(self.openings[seat])}

    @property
    def refused(self) -> frozenset[int]:
        """Seats that opened a refusal."""
        return frozenset(seat for seat, words in self.openings.items() if not words)

    @property
    def abstained(self) -> frozenset[int]:
        """Seats that opened an abstention."""
        return frozenset(seat for seat, words in self.openings.items() if abstains(words))


@dataclass(frozen=True, slots=True)
class VerdictOpening:
    """What a juror found on an item: words as seats open them, or the digest of an aggregate."""

    words: tuple[int, ...]
    aggregate: Digest = NO_DIGEST


@dataclass(frozen=True, slots=True)
class ItemView:
    """One thing that was challenged: by whom, and what jurors (by number) made of it."""

    filers: tuple[Address, ...] = ()
    commitments: Mapping[int, bytes] = field(default_factory=_empty)
    openings: Mapping[int, VerdictOpening] = field(default_factory=_empty)
    verdict: Verdict | None = None
    """None until the openings are tallied; one that does not count when jurors did not agree."""


@dataclass(frozen=True, slots=True)
class JobView:
    """A federated job as the chain shows it.

    Members and auditors have seats in one numbering, members first; jurors are numbered by themselves.
    """

    id: JobId
    requestor: Address
    topic: bytes
    terms: JobTerms
    shard_key_hashes: tuple[bytes, ...]
    shard_digests: tuple[Digest, ...]
    rates: Rates = Rates()  # noqa: RUF009 — immutable
    """The parameters that the job was posted under."""
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
    auditors: tuple[Address, ...] = ()
    jurors: tuple[Address, ...] = ()
    sealing_keys: Mapping[Address, bytes] = field(default_factory=_empty)
    """Of each trainer, member and auditor: the X25519 key that it had when the job entered Keying. What a reader registers later
    must not make what was sealed to it look wrong."""
    rounds: Mapping[Round, RoundView] = field(default_factory=_empty)
    items: Mapping[Item, ItemView] = field(default_factory=_empty)
    phase: JudgingPhase = JudgingPhase.DRAWING
    """How far the jury is, while the job is in Judging."""
    claimed: frozenset[Address] = frozenset()
    recorded: frozenset[Address] = frozenset()
    """Whose deeds in this job are part of their reputation."""
    records: frozenset[Record] = frozenset()
    """The tokens that were minted of it."""

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

    @property
    def seats(self) -> tuple[Address, ...]:
        """Members, then auditors."""
        return self.members + self.auditors

    def seat_of(self, account: Address) -> int | None:
        """The seat of a member or an auditor."""
        return self.seats.index(account) if account in self.seats else None

    def kind_of(self, seat: int) -> SeatKind:
        """Whether a seat is a member's or an auditor's."""
        return SeatKind.MEMBER if seat < self.terms.members else SeatKind.AUDITOR

    @property
    def participants(self) -> tuple[Address, ...]:
        """Everybody with something to claim: requestor, trainers, members, auditors, jurors."""
        return (self.requestor, *self.trainers, *self.seats, *self.jurors)

    def judged(self, round_: RoundView) -> SettledRound | None:
        """How a round is settled in the end: as a verdict on its scores, if there is one, leaves it. None: it is not."""
        item = self.items.get(Item(ChallengeKind.SCORES, round_.number))
        if round_.settled is None or item is None or item.verdict is None:
            return round_.settled
        seats = {seat: unpack(words, len(self.trainers)) for seat, words in round_.scored.items()}
        return as_judged(round_.settled, item.verdict, seats, self.terms.members)

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
    reputations: Mapping[Address, Reputation] = field(default_factory=_empty)
    parameters: tuple[Rates, ...] = ()
    """All versions of the parameters, the present one last."""

    @property
    def version(self) -> int:
        """The present version of the parameters, under which new jobs are posted; 0 before anything is known."""
        return max(0, len(self.parameters) - 1)
