"""What members and auditors owe beside their scores: to recompute what was settled, and to challenge what differs.

Only where there is a second layer: a job without a jury has nobody to turn to.
"""

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
from scatter.protocol.terms import MAX_CHALLENGES
from scatter.protocol.verdicts import Item
from scatter.protocol.view import JobView, RoundView


def audits(view: JobView, me: Identity, holdings: Holdings, now: Now) -> list[Duty]:
    """Duties of a member or auditor of a job that a jury could judge."""
    if view.seat_of(me.address) is None or not view.terms.min_jury or view.state is State.JUDGING or view.ended:
        return []
    items = challengeable(view)
    if view.state is State.CHALLENGING and not in_time(view, now):
        return []
    challenged = _challenges(view, items, me, holdings) if view.state is State.CHALLENGING else []
    return [*challenged, *(duty for item in items for duty in _audit(view, item, holdings))]


def challengeable(view: JobView) -> list[Item]:
    """What may be challenged of a job as it stands: settled scores, aggregates of closed rounds, a refusal."""
    items = []
    for number, made in sorted(view.rounds.items()):
        if made.settled is not None:
            items.append(Item(ChallengeKind.SCORES, number))
            items += [Item(ChallengeKind.AGGREGATE, number)] if made.closed and made.settled.accepted else []
    return [*items, Item(ChallengeKind.REFUSAL, max(view.rounds))] if view.reason is Reason.REFUSED else items


def _challenges(view: JobView, items: list[Item], me: Identity, holdings: Holdings) -> list[Duty]:
    room = len(view.items) < MAX_CHALLENGES
    return [
        owe_item(view, DutyKind.CHALLENGE, item)
        for item in items
        if holdings.has_on(Artefact.FINDING, view.id, item)
        and (item in view.items or room)
        and not (item in view.items and me.address in view.items[item].filers)
    ]


def _audit(view: JobView, item: Item, holdings: Holdings) -> list[Duty]:
    """Compare what stands with what this node made itself; an aggregate is made for that, at leisure."""
    if holdings.has_on(Artefact.AUDIT, view.id, item):
        return []
    own = Artefact.AGGREGATE if item.kind is ChallengeKind.AGGREGATE else Artefact.SCORES
    if holdings.has(own, view.id, item.round):
        return [owe_item(view, DutyKind.AUDIT, item, until_deadline=False)]
    return _recomputing(view, view.rounds[item.round], holdings) if own is Artefact.AGGREGATE else []


def _recomputing(view: JobView, made: RoundView, holdings: Holdings) -> list[Duty]:
    if can_aggregate(view, made, holdings):
        return [Duty(view.id, made.number, DutyKind.AGGREGATE)]
    return [fetch(view, digest) for digest in holdings.missing(aggregated_content(view, made))]
