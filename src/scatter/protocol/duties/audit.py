"""Who looks again at what stands, and challenges what is wrong. Only where there is a second layer: a job without a jury has
nobody to turn to.

- Members and auditors compare settled scores, aggregates and a refusal with what they found themselves.
- The requestor tries the evaluation that was refused, on the model that the round started from: updates it cannot read.
- Trainers read each aggregate that they start from. Whether a model that can be read is the right one they cannot tell, nor
  what their own update was worth: both take the updates of others.
"""

from collections.abc import Callable

from scatter.protocol.duties.duty import (
    Artefact,
    Duty,
    DutyKind,
    Holdings,
    Identity,
    Now,
    fetch,
    in_time,
    owe_item,
)
from scatter.protocol.duties.seat import aggregated_content, can_aggregate
from scatter.protocol.states import ChallengeKind, Reason, State
from scatter.protocol.verdicts import Item
from scatter.protocol.view import JobView, RoundView

Looking = Callable[[JobView, Item, Holdings], list[Duty]]


def audits(view: JobView, me: Identity, holdings: Holdings, now: Now) -> list[Duty]:
    """Duties of whoever can tell by himself that something is wrong, in a job that a jury could judge."""
    if not view.terms.min_jury or view.state is State.JUDGING or view.ended:
        return []
    if view.state is State.CHALLENGING and not in_time(view, now):
        return []
    if view.seat_of(me.address) is not None:
        return _of(view, me, holdings, challengeable(view), _audit)
    if view.requestor == me.address:
        return _of(view, me, holdings, _refusals(view), _trial)
    slot = view.slot_of(me.address)
    return [] if slot is None or slot in view.dropped else _of(view, me, holdings, _started_from(view), _reading)


def _of(view: JobView, me: Identity, holdings: Holdings, items: list[Item], look: Looking) -> list[Duty]:
    """Look at each item once; challenge what was found, when that can be done."""
    challenged = _challenges(view, items, me, holdings) if view.state is State.CHALLENGING else []
    unseen = [item for item in items if not holdings.has_on(Artefact.AUDIT, view.id, item)]
    return [*challenged, *(duty for item in unseen for duty in look(view, item, holdings))]


def challengeable(view: JobView) -> list[Item]:
    """What may be challenged of a job as it stands: settled scores, aggregates of closed rounds, a refusal."""
    items = []
    for number, made in sorted(view.rounds.items()):
        if made.settled is not None:
            items.append(Item(ChallengeKind.SCORES, number))
            items += [Item(ChallengeKind.AGGREGATE, number)] if made.closed and made.settled.accepted else []
    return items + _refusals(view)


def _refusals(view: JobView) -> list[Item]:
    return [Item(ChallengeKind.REFUSAL, max(view.rounds))] if view.reason is Reason.REFUSED else []


def _started_from(view: JobView) -> list[Item]:
    """The aggregates that rounds so far started from."""
    makers = {view.starting_model(number)[0] for number in view.rounds}
    return [Item(ChallengeKind.AGGREGATE, maker) for maker in sorted(makers) if maker]


def _challenges(view: JobView, items: list[Item], me: Identity, holdings: Holdings) -> list[Duty]:
    return [
        owe_item(view, DutyKind.CHALLENGE, item)
        for item in items
        if holdings.has_on(Artefact.FINDING, view.id, item)
        and not (item in view.items and me.address in view.items[item].filers)
    ]


def _audit(view: JobView, item: Item, holdings: Holdings) -> list[Duty]:
    """Compare what stands with what this node made itself; an aggregate is made for that, at leisure."""
    own = Artefact.AGGREGATE if item.kind is ChallengeKind.AGGREGATE else Artefact.SCORES
    if holdings.has(own, view.id, item.round):
        return [owe_item(view, DutyKind.AUDIT, item, until_deadline=False)]
    return _recomputing(view, view.rounds[item.round], holdings) if own is Artefact.AGGREGATE else []


def _trial(view: JobView, item: Item, holdings: Holdings) -> list[Duty]:
    missing = holdings.missing([*view.starting_content(item.round), view.terms.evaluation_job])
    return [fetch(view, digest) for digest in missing] or [owe_item(view, DutyKind.AUDIT, item, until_deadline=False)]


def _reading(view: JobView, item: Item, holdings: Holdings) -> list[Duty]:
    """The audit fetches the model itself: one whose manifest is no manifest is never here."""
    known = holdings.has(Artefact.JOB_KEY, view.id) and not holdings.missing([view.terms.training_job])
    return [owe_item(view, DutyKind.AUDIT, item, until_deadline=False)] if known else []


def _recomputing(view: JobView, made: RoundView, holdings: Holdings) -> list[Duty]:
    if can_aggregate(view, made, holdings):
        return [Duty(view.id, made.number, DutyKind.AGGREGATE)]
    return [fetch(view, digest) for digest in holdings.missing(aggregated_content(view, made))]
