"""What members and auditors owe: to score every update in secret, to open, and who is on the panel to aggregate."""

from scatter.protocol.duties.duty import (
    Artefact,
    Duty,
    DutyKind,
    Holdings,
    Identity,
    Now,
    confirmed,
    fetch,
    hurried,
    in_time,
    owe,
)
from scatter.protocol.ids import Digest
from scatter.protocol.scores import SettledRound
from scatter.protocol.states import State, majority
from scatter.protocol.view import JobView, RoundView


def seats_duties(view: JobView, me: Identity, holdings: Holdings, now: Now) -> list[Duty]:
    """Duties of a drawn member or auditor."""
    seat = view.seat_of(me.address)
    if seat is None or view.ended:
        return []
    missing = holdings.missing(_needed(view))
    owed = [fetch(view, digest) for digest in missing]
    if view.bundle is not None and not holdings.has(Artefact.JOB_KEY, view.id):
        owed.append(owe(view, DutyKind.OPEN_KEYS, until_deadline=False))
    return [*owed, *_acting(view, seat, me, holdings, now)] if in_time(view, now) else owed


def _needed(view: JobView) -> list[Digest]:
    """Content a seat needs now. Updates are read only after their keys may be: once the shard key is on the chain."""
    needed = [*view.starting_content(view.round), view.terms.evaluation_job]
    if view.state in (State.COMMITTING, State.OPENING, State.AGGREGATING):
        needed += view.current.updates.values()
    return needed


def _acting(view: JobView, seat: int, me: Identity, holdings: Holdings, now: Now) -> list[Duty]:
    current = view.current
    match view.state:
        case State.COMMITTING if seat not in current.commitments:
            return _scoring(view, holdings, now)
        case State.OPENING if seat in current.commitments and seat not in current.openings:
            made = holdings.has(Artefact.SCORES, view.id, view.round)
            return [owe(view, DutyKind.OPEN)] if made and confirmed(view, me, now) else []
        case State.AGGREGATING if current.settled is not None and seat in current.settled.panel - set(
            current.aggregates
        ):
            return _posting(view, current.settled, seat, holdings, now)
    return []


def _scoring(view: JobView, holdings: Holdings, now: Now) -> list[Duty]:
    """Score when all is here. In a hurry with what is here: missing updates are unreadable, and without the evaluation,
    the model or the job key it abstains."""
    if holdings.has(Artefact.SCORES, view.id, view.round):
        return [owe(view, DutyKind.COMMIT)]
    ready = holdings.has(Artefact.JOB_KEY, view.id) and not holdings.missing(_needed(view))
    return [owe(view, DutyKind.SCORE)] if ready or hurried(view, now, view.terms.durations.scoring_reserve) else []


def _posting(view: JobView, settled: SettledRound, seat: int, holdings: Holdings, now: Now) -> list[Duty]:
    """A majority posts at once, in the order of seats; the rest only when half of the time has passed."""
    half = view.terms.durations.aggregate // 2
    first = sorted(settled.panel).index(seat) < majority(view.terms.members)
    if not first and view.deadline is not None and now.timestamp < view.deadline - half:
        return []
    if holdings.has(Artefact.AGGREGATE, view.id, view.round):
        return [owe(view, DutyKind.POST_AGGREGATE)]
    ready = can_aggregate(view, view.current, holdings)
    return [owe(view, DutyKind.AGGREGATE)] if ready else []


def can_aggregate(view: JobView, made: RoundView, holdings: Holdings) -> bool:
    """Whether everything is here that the aggregate of a settled round is computed from."""
    return holdings.has(Artefact.JOB_KEY, view.id) and not holdings.missing(aggregated_content(view, made))


def aggregated_content(view: JobView, made: RoundView) -> list[Digest]:
    """What the aggregate of a settled round is computed from: the accepted updates, and the model that they started from."""
    accepted = made.settled.accepted if made.settled is not None else ()
    return [*view.starting_content(made.number), *(made.updates[slot] for slot in accepted)]
