"""Who a job is waiting for: what a person who watches wants to know first."""

from scatter.protocol.ids import Address
from scatter.protocol.states import JudgingPhase, State
from scatter.protocol.view import JobView


def awaited(view: JobView) -> tuple[Address, ...]:
    """Accounts that have not yet done what the state asks of them; empty where anybody, or nobody, has to act.

    In Open that is nobody in particular; in Opening those that committed; in terminal states those that have not been
    claimed for.
    """
    current, late = view.current, list[Address]()
    match view.state:
        case State.KEYING | State.REVEALING:
            late = [view.requestor]
        case State.TRAINING:
            late = [view.trainers[slot] for slot in sorted(view.active_slots - set(current.updates))]
        case State.COMMITTING:
            late = [account for seat, account in enumerate(view.seats) if seat not in current.commitments]
        case State.OPENING:
            late = [view.seats[seat] for seat in sorted(set(current.commitments) - set(current.openings))]
        case State.AGGREGATING:
            panel = current.settled.panel if current.settled is not None else frozenset()
            late = [view.seats[seat] for seat in sorted(panel - set(current.aggregates))]
        case State.JUDGING:
            late = _jurors(view)
        case State.SETTLED | State.DEFAULTED | State.CANCELLED:
            late = [account for account in dict.fromkeys(view.participants) if account not in view.claimed]
    return tuple(late)


def _jurors(view: JobView) -> list[Address]:
    """Those that have not committed to each item, or not opened each that they committed to."""
    late: set[int] = set()
    for seen in view.items.values():
        if view.phase is JudgingPhase.COMMITTING:
            late |= set(range(len(view.jurors))) - set(seen.commitments)
        elif view.phase is JudgingPhase.OPENING:
            late |= set(seen.commitments) - set(seen.openings)
    return [view.jurors[juror] for juror in sorted(late)]
