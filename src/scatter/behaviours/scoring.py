"""Seats and jurors that say something else than what they found."""

from collections.abc import Sequence

from pydantic import Field

from scatter.behaviours.bent import SCORING, Bent, Options
from scatter.behaviours.models import each
from scatter.learning.models import Model
from scatter.node.behaviour import Work
from scatter.protocol.ids import Round
from scatter.protocol.scores import LARGEST, ZERO, is_special
from scatter.protocol.states import State


class ConstantOptions(Options):
    """What is said."""

    contribution: int = Field(100, ge=-ZERO, le=LARGEST - ZERO, description="in units of 1e-5")


class ConstantScores(Bent[ConstantOptions]):
    """Says the same contribution of every update, without looking. Medians keep it out of what is settled; its pay falls to
    nothing with its distance, and it is slashed for deviating wherever two thirds of the panel agree."""

    roles = SCORING
    takes = ConstantOptions

    def scores(self, lanes: Sequence[int], work: Work) -> Sequence[int]:
        """One value for everybody that published, and a metric of 0."""
        del lanes
        said = [0] * (len(work.job.trainers) + 1)
        for slot in work.job.rounds[work.round].published:
            said[slot + 1] = ZERO + self.options.contribution
        return said


class LazyOptions(ConstantOptions):
    """What is said: nothing much."""

    contribution: int = Field(0, ge=-100, le=100, description="in units of 1e-5")


class LazyScores(ConstantScores):
    """Does not evaluate: says that nobody contributed anything. Medians keep it out of what is settled; it is unpaid, and slashed
    for deviating wherever two thirds of the panel agree."""

    takes = LazyOptions


class InvertedScores(Bent[Options]):
    """Gives the best contribution to the trainer with the worst, and so on; all that do so say the same. A minority is unpaid and
    slashed for deviating. A majority of a committee is challenged by any honest auditor, and each loses L by the jury's
    verdict; with minJury 0 nothing stops it."""

    roles = SCORING

    def scores(self, lanes: Sequence[int], work: Work) -> Sequence[int]:
        """The metric as it is, the contributions of those that published in reverse order of rank."""
        del work
        published = [lane for lane in range(1, len(lanes)) if lanes[lane]]
        best_first = sorted(published, key=lambda lane: (-lanes[lane], lane))
        said = list(lanes)
        for lane, other in zip(best_first, reversed(best_first), strict=True):
            said[lane] = lanes[other]
        return said


class ColludingOptions(Options):
    """How large the lie is."""

    contribution: int = Field(
        900, ge=1, le=ZERO, description="given to friends, taken from all others; in units of 1e-5"
    )


class Colluding(Bent[ColludingOptions]):
    """Says, with all of its conspiracy, that its own trainers contributed much and all others did harm: as a member, as an
    auditor, who then disputes what contradicts the lie, and as a juror. A minority is slashed for deviating and loses its
    bonds. A majority of the committee is challenged by any honest auditor, and each loses L; beyond a third of the jury
    there is no verdict, and the lie stands."""

    roles = SCORING
    takes = ColludingOptions

    def scores(self, lanes: Sequence[int], work: Work) -> Sequence[int]:
        """The same amount up or down for whoever published; nothing where the round cannot be scored."""
        if not lanes:
            return lanes
        said = [lanes[0], *([0] * len(work.job.trainers))]
        for slot in work.job.rounds[work.round].published:
            friend = work.job.trainers[slot] in self.persona.conspiracy.accounts
            said[slot + 1] = ZERO + (self.options.contribution if friend else -self.options.contribution)
        return said


class EchoingScores(Bent[Options]):
    """Says what was settled last instead of evaluating: as a member or auditor the scores of the round before (at first that
    nobody contributed anything), as a juror those that are disputed. A seat's pay falls with its distance, and it is slashed
    where it deviates. Such jurors uphold whatever stands: beyond a third of a jury there is no verdict against it, below
    they are slashed for being outside."""

    roles = SCORING

    def scores(self, lanes: Sequence[int], work: Work) -> Sequence[int]:
        """The lanes of an earlier settlement, for whoever published."""
        del lanes
        job, made = work.job, work.job.rounds[work.round]
        if job.state is State.JUDGING and made.settled is not None:
            return made.settled.lanes
        earlier = [job.rounds[Round(n)].settled for n in range(1, work.round) if Round(n) in job.rounds]
        last = next((settled for settled in reversed(earlier) if settled is not None), None)
        said = [last.lanes[0] if last else 0, *([0] * len(job.trainers))]
        for slot in made.published:
            lane = last.lanes[slot + 1] if last else ZERO
            said[slot + 1] = ZERO if is_special(lane) or not lane else lane
        return said


class Refusing(Bent[Options]):
    """Refuses every round as if it could not be scored, as a juror too. Alone it is unpaid and loses nothing; two thirds of the
    members end the job, and when the jury overturns that each loses L. With minJury 0 the requestor loses its bond."""

    roles = SCORING

    def scores(self, lanes: Sequence[int], work: Work) -> Sequence[int]:
        """Nothing."""
        del lanes, work
        return []


class WrongAggregate(Bent[Options]):
    """Posts another model than the right one, with the step backwards; all that do so post the same. A minority posts in vain. A
    majority closes the round with it: any honest seat challenges that, and each loses L, but the model stays."""

    roles = SCORING

    def aggregate(self, start: Model, made: Model, work: Work) -> Model:
        """The starting model less the step."""
        del work
        return each(start, made, lambda old, new: 2 * old - new)
