"""When duties change although nothing happens: what a clock that jumps must not jump over."""

from scatter.protocol.duties.anybody import SECONDS_APART
from scatter.protocol.ids import Timestamp
from scatter.protocol.states import JudgingPhase, State
from scatter.protocol.view import JobView


def next_turn(view: JobView, now: Timestamp) -> Timestamp | None:
    """The first time after `now` at which some node may owe something that it does not owe now.

    None when the job waits for a block or for nothing, not for a time.
    """
    if view.deadline is None or view.ended:
        return None
    turns = [view.deadline + 1]
    if view.state is State.COMMITTING:
        turns.append(view.deadline - view.terms.durations.scoring_reserve)
    if view.state is State.JUDGING and view.phase is JudgingPhase.COMMITTING:
        reserve = view.terms.durations.judging_reserve
        turns += [view.deadline - reserve, view.deadline - reserve // 2]
    if view.state is State.AGGREGATING:
        turns.append(view.deadline - view.terms.durations.aggregate // 2)
    ahead = [turn for turn in turns if turn > now]
    late = now - view.deadline - 1
    return Timestamp(min(ahead) if ahead else now + SECONDS_APART - late % SECONDS_APART)
