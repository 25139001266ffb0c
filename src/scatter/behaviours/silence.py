"""Nodes that do not do what they owe."""

from collections.abc import Sequence
from typing import ClassVar

from pydantic import Field

from scatter.behaviours.bent import SCORING, Bent, O_co, Options
from scatter.behaviours.updates import TRAINERS
from scatter.node.behaviour import Scene
from scatter.protocol.duties import Duty, DutyKind
from scatter.protocol.states import Role
from scatter.protocol.terms import MAX_ROUNDS

CHALLENGERS = frozenset({Role.CHALLENGER})
REQUESTORS = frozenset({Role.REQUESTOR})


class Silent(Bent[O_co]):
    """Does nothing of some kinds."""

    omits: ClassVar[frozenset[DutyKind]]

    def duties(self, owed: Sequence[Duty], scene: Scene) -> Sequence[Duty]:
        """Everything but what it omits."""
        del scene
        return [duty for duty in owed if duty.kind not in self.omits or not self.silent_in(duty.round)]

    def silent_in(self, round_: int) -> bool:
        """Whether it is silent in a round; in all, unless a subclass says otherwise."""
        del round_
        return True


class FromRound(Options):
    """When it begins."""

    round: int = Field(2, ge=1, le=MAX_ROUNDS, description="the first round that it is silent in")


class DropOut(Silent[FromRound]):
    """Publishes no update from some round on. Silence in round 1 costs nothing but the place in the job; later rounds cost a fifth
    of ⌊s / R⌋ each, and bring nothing."""

    roles = TRAINERS
    takes = FromRound
    omits = frozenset({DutyKind.TRAIN, DutyKind.PUBLISH_UPDATE})

    def silent_in(self, round_: int) -> bool:
        """From the chosen round on."""
        return round_ >= self.options.round


class SilentAtCommit(Silent[Options]):
    """Takes its seat and commits to nothing. Auditors stand in for it; it is unpaid and slashed for silence, once per job, twice as
    much with each job."""

    roles = SCORING
    omits = frozenset({DutyKind.SCORE, DutyKind.COMMIT})


class SilentAtOpening(Silent[Options]):
    """Commits to its scores and does not open them. They do not count: auditors stand in, and it is unpaid and slashed for
    silence."""

    roles = SCORING
    omits = frozenset({DutyKind.OPEN})


class SilentAtAggregation(Silent[Options]):
    """Scores, and posts no aggregate. A majority of the panel closes the round without it, and it loses nothing; where too few
    post until the deadline, the round keeps its starting model and the silent are slashed."""

    roles = SCORING
    omits = frozenset({DutyKind.AGGREGATE, DutyKind.POST_AGGREGATE})


class SilentAuditor(Silent[Options]):
    """Takes an auditor's seat, and neither scores nor challenges. It is unpaid and slashed for silence; others may still challenge
    what is wrong."""

    roles = CHALLENGERS
    omits = frozenset({DutyKind.SCORE, DutyKind.COMMIT, DutyKind.AUDIT, DutyKind.CHALLENGE})


class SilentJuror(Silent[Options]):
    """Is drawn for a jury and does not judge. It is slashed for silence; since two thirds of all jurors decide, more than a third
    of such jurors leave a job without a verdict."""

    roles = SCORING
    omits = frozenset({DutyKind.FETCH_KEYS, DutyKind.JUDGE, DutyKind.COMMIT_VERDICT, DutyKind.OPEN_VERDICT})


class WithheldOptions(Options):
    """Which key is withheld."""

    round: int = Field(1, ge=1, le=MAX_ROUNDS, description="the round whose shard key is not revealed")


class WithheldShardKey(Silent[WithheldOptions]):
    """Does not reveal the key of a round's evaluation. The job ends, in round 1 Defaulted; its bond, and the trainers' part of that
    round, go to those who had published."""

    roles = REQUESTORS
    takes = WithheldOptions
    omits = frozenset({DutyKind.REVEAL})

    def silent_in(self, round_: int) -> bool:
        """In the chosen round, which is the last one then."""
        return round_ >= self.options.round
