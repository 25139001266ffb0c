"""What a member of the committee owes: to score every update in secret, to open, to aggregate."""

from scatter.protocol.duties.duty import (
    Artefact,
    Duty,
    DutyKind,
    Holdings,
    Identity,
    Now,
    confirmed,
    fetch,
    in_time,
    owe,
)
from scatter.protocol.ids import Digest
from scatter.protocol.states import State, majority
from scatter.protocol.view import JobView

SCORING_RESERVE = 3
"""A member stops waiting for content when a third of the commit window is left, and scores what is missing unreadable."""


def members_duties(view: JobView, me: Identity, holdings: Holdings, now: Now) -> list[Duty]:
    """Duties of a drawn member."""
    seat = view.seat_of(me.address)
    if seat is None or view.ended:
        return []
    missing = _missing(view, holdings)
    owed = [fetch(view, digest) for digest in missing]
    if view.bundle is None:
        return owed
    if not holdings.has(Artefact.JOB_KEY, view.id):
        return [*owed, owe(view, DutyKind.OPEN_KEYS, until_deadline=False)]
    if not in_time(view, now):
        return owed
    return [*owed, *_acting(view, seat, me, holdings, now, missing)]


def _missing(view: JobView, holdings: Holdings) -> list[Digest]:
    """Content a member needs now. Updates are read only after their keys may be: once the shard key is on the chain."""
    needed = [*view.starting_content(view.round), view.terms.evaluation_job]
    if view.state in (State.COMMITTING, State.OPENING, State.AGGREGATING):
        needed += view.current.updates.values()
    return [digest for digest in needed if digest not in holdings.content]


def _acting(view: JobView, seat: int, me: Identity, holdings: Holdings, now: Now, missing: list[Digest]) -> list[Duty]:
    match view.state:
        case State.COMMITTING if seat not in view.current.commitments:
            return _scoring(view, holdings, now, missing)
        case State.OPENING if _must_open(view, seat, holdings) and confirmed(view, me, now):
            return [owe(view, DutyKind.OPEN)]
        case State.AGGREGATING if seat not in view.current.aggregates:
            return _aggregating(view, seat, holdings, now, missing)
    return []


def _scoring(view: JobView, holdings: Holdings, now: Now, missing: list[Digest]) -> list[Duty]:
    if holdings.has(Artefact.SCORES, view.id, view.round):
        return [owe(view, DutyKind.COMMIT)]
    if {*view.starting_content(view.round), view.terms.evaluation_job} & set(missing):
        return []
    reserve = view.terms.durations.commit // SCORING_RESERVE
    hurried = view.deadline is not None and now.timestamp >= view.deadline - reserve
    return [owe(view, DutyKind.SCORE)] if not missing or hurried else []


def _must_open(view: JobView, seat: int, holdings: Holdings) -> bool:
    made = holdings.has(Artefact.SCORES, view.id, view.round)
    return made and seat in view.current.commitments and seat not in view.current.openings


def _aggregating(view: JobView, seat: int, holdings: Holdings, now: Now, missing: list[Digest]) -> list[Duty]:
    """A majority posts at once, in the order of seats; the rest only when half of the time has passed."""
    half = view.terms.durations.aggregate // 2
    first = seat < majority(len(view.members))
    if not first and view.deadline is not None and now.timestamp < view.deadline - half:
        return []
    if holdings.has(Artefact.AGGREGATE, view.id, view.round):
        return [owe(view, DutyKind.POST_AGGREGATE)]
    needed = {*view.starting_content(view.round), *_accepted(view)}
    return [] if needed & set(missing) else [owe(view, DutyKind.AGGREGATE)]


def _accepted(view: JobView) -> list[Digest]:
    settled = view.current.settled
    return [view.current.updates[slot] for slot in settled.accepted] if settled else []
