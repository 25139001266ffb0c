"""How a node may be bent, for simulations and tests. An honest node has the plain `Behaviour`."""

from collections.abc import Sequence
from dataclasses import dataclass

from scatter.learning.models import Model
from scatter.protocol.duties import Duty, Holdings, Identity, Now
from scatter.protocol.view import NetworkView


@dataclass(frozen=True, slots=True)
class Scene:
    """What a behaviour may look at: the chain as the node sees it, who it is, what it has, and the head block's time."""

    network: NetworkView
    me: Identity
    holdings: Holdings
    now: Now


class Behaviour:
    """The honest behaviour: does every duty, publishes what it trained. Bent ones override a hook."""

    def duties(self, owed: Sequence[Duty], scene: Scene) -> Sequence[Duty]:
        """The duties that the node will do, given those that it owes: fewer, later, or others too."""
        del scene
        return owed

    def update(self, start: Model, trained: Model) -> Model:
        """The model that a trainer publishes, given what the round started from and what training made of it."""
        del start
        return trained

    def scores(self, lanes: Sequence[int]) -> Sequence[int]:
        """The lanes that a seat or a juror commits to, given what it found (as `protocol.scores` packs them)."""
        return lanes


class LyingScorer(Behaviour):
    """Gives the best contribution to the trainer with the worst, and so on. All liars tell the same lie without talking.
    A committee that they rule is challenged by any honest auditor; each loses L by the jury's verdict."""

    def scores(self, lanes: Sequence[int]) -> Sequence[int]:
        """The metric as it is, the contributions of those that published in reverse order of rank."""
        published = [lane for lane in range(1, len(lanes)) if lanes[lane]]
        best_first = sorted(published, key=lambda lane: (-lanes[lane], lane))
        lied = list(lanes)
        for lane, other in zip(best_first, reversed(best_first), strict=True):
            lied[lane] = lanes[other]
        return lied


class LazyTrainer(Behaviour):
    """Returns the model that it was given. Its contribution is nothing: a copy, struck out, and s/R lost each round."""

    def update(self, start: Model, trained: Model) -> Model:
        """The starting model, unchanged."""
        del trained
        return start


class Silent(Behaviour):
    """Does nothing of the kinds named. What the protocol does to it depends on the state it is silent in."""

    def __init__(self, *kinds: str) -> None:
        self._kinds = frozenset(kinds)

    def duties(self, owed: Sequence[Duty], scene: Scene) -> Sequence[Duty]:
        """Everything but the silenced kinds."""
        del scene
        return [duty for duty in owed if duty.kind not in self._kinds]
