"""A job in a terminal state, as far as money depends on it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from scatter.protocol.ids import Address
from scatter.protocol.scores import SettledRound
from scatter.protocol.states import ChallengeKind, Reason
from scatter.protocol.terms import JobTerms
from scatter.protocol.verdicts import NO_VERDICT, Item, Verdict, as_judged


@dataclass(frozen=True, slots=True)
class RoundOutcome:
    """What money needs to know of a round whose training ended: who published, how it settled (None: it did not), the
    lanes of each seat that opened numbers, and the seats that refused, not those that abstained."""

    published: frozenset[int]
    settled: SettledRound | None = None
    openings: Mapping[int, Sequence[int]] = field(default_factory=dict)
    refused: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True)
class Seat:
    """A drawn seat of any kind at the end of a job. `lock`: what it locked (L), in base units; `earlier_slashes`: of its node,
    at the draw; `silent`: in any round, or as a juror."""

    account: Address
    lock: int
    earlier_slashes: int
    silent: bool


@dataclass(frozen=True, slots=True)
class Dispute:
    """One thing that was challenged: by whom, and what the jury found. Without a jury there is no verdict."""

    filers: Sequence[Address]
    verdict: Verdict = NO_VERDICT


@dataclass(frozen=True, slots=True)
class JobOutcome:
    """Everything that a job's money depends on.

    `seats` are the members', then the auditors'. `rounds` holds, in order, the rounds whose training ended; after
    `Reason.NO_SHARD_KEY` and `Reason.REFUSED` the last of them is the one that did not settle, in which somebody published.
    `challenge_pool` is what the contract's challenge pool held when the job ended, in base units.
    """

    terms: JobTerms
    reason: Reason
    requestor: Address
    trainers: Sequence[Address]
    seats: Sequence[Seat]
    rounds: Sequence[RoundOutcome]
    jurors: Sequence[Seat] = ()
    disputes: Mapping[Item, Dispute] = field(default_factory=dict)
    challenge_pool: int = 0

    @property
    def judged_rounds(self) -> list[RoundOutcome]:
        """The rounds as verdicts on their scores left them."""
        rounds = list(self.rounds)
        for item, dispute in self.disputes.items():
            made = rounds[item.round - 1]
            if item.kind is ChallengeKind.SCORES and made.settled is not None:
                settled = as_judged(made.settled, dispute.verdict, made.openings, self.terms.members)
                rounds[item.round - 1] = replace(made, settled=settled)
        return rounds

    @property
    def deviating(self) -> frozenset[int]:
        """The seats that deviate from what is settled in the end, in any round."""
        return frozenset().union(*(made.settled.deviating for made in self.judged_rounds if made.settled is not None))

    @property
    def refusing(self) -> frozenset[int]:
        """The members whose refusal stands: no jury overturned it."""
        if self.reason is not Reason.REFUSED or any(
            item.kind is ChallengeKind.REFUSAL and dispute.verdict.changed for item, dispute in self.disputes.items()
        ):
            return frozenset()
        return frozenset(seat for seat in self.rounds[-1].refused if seat < self.terms.members)

    @property
    def wronged(self) -> frozenset[int]:
        """The slots of trainers that share the bond of a requestor that defaulted, or whose evaluation was refused."""
        if self.reason is Reason.NO_KEYS:
            return frozenset(range(len(self.trainers)))
        if self.reason is Reason.NO_SHARD_KEY or self.refusing:
            return self.rounds[-1].published
        return frozenset()
