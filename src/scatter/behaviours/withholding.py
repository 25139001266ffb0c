"""Trainers and requestors that put digests on the chain, and hand out what they name too late or never."""

from collections.abc import Sequence

from pydantic import Field

from scatter.behaviours.bent import Bent, Options
from scatter.behaviours.disputing import challenges, refusals
from scatter.behaviours.silence import REQUESTORS
from scatter.behaviours.updates import TRAINERS
from scatter.node.behaviour import Scene
from scatter.ports import PeerKey
from scatter.protocol.duties import Duty
from scatter.protocol.ids import Round
from scatter.protocol.states import ChallengeKind, Role, State
from scatter.protocol.terms import MAX_ROUNDS
from scatter.protocol.verdicts import Item
from scatter.protocol.view import JobView, NetworkView


class LateContentOptions(Options):
    """When it begins."""

    round: int = Field(1, ge=1, le=MAX_ROUNDS, description="the first round whose update it withholds")


class LateContent(Bent[LateContentOptions]):
    """Hands its updates to nobody until a jury is drawn; then it challenges the rounds that they were struck out of, and lets jurors
    read them. They find a contribution, and it is paid as if it had come in time: a majority of seats may have lied, for all
    that anybody can prove. But no seat loses anything but the pay of that round, so that there is nothing to share: the
    challenge brings back its bond, and no more."""

    roles = TRAINERS
    takes = LateContentOptions

    def duties(self, owed: Sequence[Duty], scene: Scene) -> Sequence[Duty]:
        """What it owes, and challenges of the rounds that it was struck out of."""
        found = [(view, view.slot_of(scene.me.address)) for view in scene.network.jobs.values()]
        more = [
            duty for view, slot in found if slot is not None for duty in challenges(view, _struck(view, slot), scene)
        ]
        return [*more, *owed]

    def serves(self, peer: PeerKey, network: NetworkView) -> bool:
        """Nothing to anybody from its first such update on, until a jury judges."""
        del peer
        return not any(self._withholds(view) for view in network.jobs.values())

    def _withholds(self, view: JobView) -> bool:
        slot = view.slot_of(self.persona.account)
        published = [number for number, made in view.rounds.items() if slot in made.updates]
        late = any(number >= self.options.round for number in published)
        return late and view.state is not State.JUDGING and not view.ended


def _struck(view: JobView, slot: int) -> list[Item]:
    return [
        Item(ChallengeKind.SCORES, Round(number))
        for number, made in sorted(view.rounds.items())
        if made.settled is not None and slot in made.settled.struck
    ]


class WithheldContentOptions(Options):
    """For how long."""

    late: bool = Field(False, description="whether it hands the evaluation out once a jury is drawn")


class WithheldContent(Bent[WithheldContentOptions]):
    """Hands its content to trainers only: no seat gets the evaluation. Whose fault that is no seat can tell, so none refuses: all
    abstain, and the job is Cancelled. Nobody loses anything, trainers are not paid, and there is no refusal that it could
    challenge with a jury that reads what seats could not."""

    roles = REQUESTORS
    takes = WithheldContentOptions

    def duties(self, owed: Sequence[Duty], scene: Scene) -> Sequence[Duty]:
        """What it owes, and challenges of refusals."""
        mine = [view for view in scene.network.jobs.values() if view.requestor == self.persona.account]
        return [*(duty for view in mine for duty in challenges(view, refusals(view), scene)), *owed]

    def serves(self, peer: PeerKey, network: NetworkView) -> bool:
        """Trainers; others from Judging on, if it means to."""
        mine = [view for view in network.jobs.values() if view.requestor == self.persona.account]
        if self.options.late and any(view.state is State.JUDGING for view in mine):
            return True
        return any(node.peer_key == peer and node.role is Role.TRAINER for node in network.nodes.values())
