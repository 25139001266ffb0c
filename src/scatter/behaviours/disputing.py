"""Seats that dispute what is right."""

from collections.abc import Sequence

from pydantic import Field

from scatter.behaviours.bent import SCORING, Bent, Options
from scatter.node.behaviour import Scene
from scatter.protocol.duties import Artefact, Duty, DutyKind
from scatter.protocol.duties.audit import challengeable
from scatter.protocol.duties.duty import in_time, owe_item
from scatter.protocol.states import ChallengeKind, State
from scatter.protocol.terms import MAX_ITEMS
from scatter.protocol.verdicts import Item
from scatter.protocol.view import JobView


class FalseChallengesOptions(Options):
    """How many."""

    items: int = Field(1, ge=1, le=MAX_ITEMS, description="how many right things it disputes in each job")


class FalseChallenges(Bent[FalseChallengesOptions]):
    """Disputes rounds that it knows to be right, to extort or to delay. Each challenge costs it the bond, half of which pays the
    jurors that did the work again; nothing of the job changes but its end, which comes later."""

    roles = SCORING
    takes = FalseChallengesOptions

    def duties(self, owed: Sequence[Duty], scene: Scene) -> Sequence[Duty]:
        """What it owes, and challenges of the first things that it has found nothing against."""
        more = [duty for view in scene.network.jobs.values() for duty in self._challenges(view, scene)]
        return [*more, *owed]

    def _challenges(self, view: JobView, scene: Scene) -> list[Duty]:
        if view.seat_of(scene.me.address) is None:
            return []
        right = [item for item in challengeable(view) if not scene.holdings.has_on(Artefact.FINDING, view.id, item)]
        return challenges(view, right[: self.options.items], scene)


def challenges(view: JobView, items: Sequence[Item], scene: Scene) -> list[Duty]:
    """Challenges of items, as far as they can be filed now."""
    if not view.terms.min_jury or view.state is not State.CHALLENGING or not in_time(view, scene.now):
        return []
    return [owe_item(view, DutyKind.CHALLENGE, item) for item in items if _open_to(view, item, scene)]


def refusals(view: JobView) -> list[Item]:
    """The refusal of a job, if there is one to challenge."""
    return [item for item in challengeable(view) if item.kind is ChallengeKind.REFUSAL]


def _open_to(view: JobView, item: Item, scene: Scene) -> bool:
    seen = view.items.get(item)
    return seen is None or scene.me.address not in seen.filers
