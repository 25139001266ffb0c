"""Who a job is waiting for: what a person who watches wants to know first."""

from scatter.protocol.ids import Address
from scatter.protocol.states import State
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
            late = [member for seat, member in enumerate(view.members) if seat not in current.commitments]
        case State.OPENING:
            late = [view.members[seat] for seat in sorted(set(current.commitments) - set(current.openings))]
        case State.AGGREGATING:
            late = [member for seat, member in enumerate(view.members) if seat not in current.aggregates]
        case State.SETTLED | State.DEFAULTED | State.CANCELLED:
            late = [account for account in dict.fromkeys(view.participants) if account not in view.claimed]
    return tuple(late)
