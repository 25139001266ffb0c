"""Who a job is waiting for: what a person who watches wants to know first."""

from scatter.protocol.ids import Address
from scatter.protocol.states import State
from scatter.protocol.view import JobView


def awaited(view: JobView) -> tuple[Address, ...]:
    """Accounts that have not yet done what the state asks of them; empty where anybody, or nobody, has to act.

    In Open that is nobody in particular; in Opening those that committed; in terminal states those that have not been
    claimed for.
    """
    current = view.current
    match view.state:
        case State.KEYING | State.REVEALING:
            return (view.requestor,)
        case State.TRAINING:
            return tuple(view.trainers[slot] for slot in sorted(view.active_slots - set(current.updates)))
        case State.COMMITTING:
            return _seats(view, set(range(len(view.members))) - set(current.commitments))
        case State.OPENING:
            return _seats(view, set(current.commitments) - set(current.openings))
        case State.AGGREGATING:
            return _seats(view, set(range(len(view.members))) - set(current.aggregates))
        case State.SETTLED | State.DEFAULTED | State.CANCELLED:
            return tuple(account for account in dict.fromkeys(view.participants) if account not in view.claimed)
    return ()


def _seats(view: JobView, seats: set[int]) -> tuple[Address, ...]:
    return tuple(view.members[seat] for seat in sorted(seats))
