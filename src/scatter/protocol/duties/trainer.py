"""What a trainer owes: to look at a job before it joins, then one update a round."""

from scatter.protocol.duties.duty import Artefact, Duty, DutyKind, Holdings, Identity, Now, fetch, in_time, owe
from scatter.protocol.states import Role, State
from scatter.protocol.view import JobView


def trainers_duties(view: JobView, me: Identity, holdings: Holdings, now: Now) -> list[Duty]:
    """Duties of a node that trains or might."""
    if me.role is not Role.TRAINER:
        return []
    if view.state is State.OPEN:
        return _joining(view, me, holdings, now)
    slot = view.slot_of(me.address)
    if slot is None or slot in view.dropped or view.ended:
        return []
    return _training(view, slot, holdings, now)


def _joining(view: JobView, me: Identity, holdings: Holdings, now: Now) -> list[Duty]:
    full = len(view.trainers) >= view.terms.max_trainers
    if view.slot_of(me.address) is not None or full or not in_time(view, now):
        return []
    if holdings.has(Artefact.REFUSAL, view.id):
        return []
    if view.terms.training_job not in holdings.content:
        return [fetch(view, view.terms.training_job)]
    return [owe(view, DutyKind.JOIN if holdings.has(Artefact.CONSENT, view.id) else DutyKind.EXAMINE)]


def _training(view: JobView, slot: int, holdings: Holdings, now: Now) -> list[Duty]:
    if view.bundle is None:
        return []
    if not holdings.has(Artefact.JOB_KEY, view.id):
        return [owe(view, DutyKind.OPEN_KEYS, until_deadline=False)]
    if view.state is not State.TRAINING or slot in view.current.updates or not in_time(view, now):
        return []
    if holdings.has(Artefact.UPDATE, view.id, view.round):
        return [owe(view, DutyKind.PUBLISH_UPDATE)]
    missing = [digest for digest in view.starting_content(view.round) if digest not in holdings.content]
    return [fetch(view, digest) for digest in missing] or [owe(view, DutyKind.TRAIN)]
