"""What the requestor of a job owes: keys to everybody drawn, the shard key of each round; and it collects its models."""

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
from scatter.protocol.ids import NO_DIGEST
from scatter.protocol.states import State
from scatter.protocol.view import JobView


def requestors_duties(view: JobView, me: Identity, holdings: Holdings, now: Now) -> list[Duty]:
    """Duties of the account that posted the job."""
    if view.requestor != me.address:
        return []
    return [*_keys(view, me, holdings, now), *_models(view, holdings)]


def _keys(view: JobView, me: Identity, holdings: Holdings, now: Now) -> list[Duty]:
    if not in_time(view, now) or not confirmed(view, me, now):
        return []
    if view.state is State.KEYING:
        sealed = holdings.has(Artefact.BUNDLE, view.id)
        return [owe(view, DutyKind.PUBLISH_KEYS if sealed else DutyKind.SEAL_KEYS)]
    if view.state is State.REVEALING:
        return [owe(view, DutyKind.REVEAL)]
    return []


def _models(view: JobView, holdings: Holdings) -> list[Duty]:
    made = [r.global_model for r in view.rounds.values() if r.closed and r.global_model != NO_DIGEST]
    return [fetch(view, digest) for digest in dict.fromkeys(made) if digest not in holdings.content]
