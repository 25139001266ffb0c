"""Nodes that pass off others' work as their own."""

from collections.abc import Sequence
from dataclasses import replace

from scatter.behaviours.bent import SCORING, Bent, Options
from scatter.behaviours.updates import TRAINERS
from scatter.learning.models import Model, read_model, write_model
from scatter.node.behaviour import Scene, Work
from scatter.ports import Call
from scatter.protocol.duties import Duty, DutyKind
from scatter.protocol.ids import Address
from scatter.protocol.view import JobView, NetworkView


class Copying(Bent[Options]):
    """Waits for another trainer's update and publishes it as its own. Before updates may no longer be published there are only
    ciphertexts: a strange digest is unreadable in its place. Where copiers of a conspiracy help, the first of them trains
    and tells the others what it published: theirs are exact copies. Either way the update is struck out, and ⌊s / R⌋ lost
    each round."""

    roles = TRAINERS

    def duties(self, owed: Sequence[Duty], scene: Scene) -> Sequence[Duty]:
        """What it owes, once there is something to copy."""
        return [duty for duty in owed if not self._too_early(duty, scene.network)]

    def update(self, start: Model, trained: Model, work: Work) -> Model:
        """What the first copier of the conspiracy tells, or tells the others."""
        memory, name = self.persona.conspiracy.memory, f"update/{work.job.id.hex()}/{work.round}"
        first = self._first(work.job)
        if first == self.persona.account:
            memory[name] = write_model(trained)
        return read_model(memory[name], like=start) if name in memory else trained

    def transaction(self, call: Call, duty: Duty, network: NetworkView) -> Call:
        """Alone, it publishes the digest of the first update in place of its own."""
        if duty.kind is not DutyKind.PUBLISH_UPDATE or self._first(network.jobs[duty.job]) is not None:
            return call
        published = list(network.jobs[duty.job].rounds[duty.round].updates.values())
        job, round_, own = call.arguments
        return replace(call, arguments=(job, round_, published[0] if published else own))

    def _too_early(self, duty: Duty, network: NetworkView) -> bool:
        if duty.kind not in (DutyKind.TRAIN, DutyKind.PUBLISH_UPDATE):
            return False
        job = network.jobs[duty.job]
        first, updates = self._first(job), job.current.updates
        if first is None:
            return duty.kind is DutyKind.PUBLISH_UPDATE and not updates
        return first != self.persona.account and job.trainers.index(first) not in updates

    def _first(self, job: JobView) -> Address | None:
        """The copier of the conspiracy in the first slot, when there is more than one in the job."""
        accounts = self.persona.conspiracy.accounts
        mine = accounts.get(self.persona.account)
        copiers = [trainer for trainer in job.trainers if mine and accounts.get(trainer) == mine]
        return copiers[0] if len(copiers) > 1 else None


class CopyingScores(Bent[Options]):
    """Waits for another seat to commit, and commits to the same. A commitment is bound to its sender and hides what is in it: the
    copy cannot be opened, not even with what the other opens. It is as silent as a seat that does not open: unpaid and
    slashed."""

    roles = SCORING

    def duties(self, owed: Sequence[Duty], scene: Scene) -> Sequence[Duty]:
        """A commitment only after another; no opening of what it cannot open."""
        return [duty for duty in owed if not self._held_back(duty, scene.network)]

    def transaction(self, call: Call, duty: Duty, network: NetworkView) -> Call:
        """The first commitment of another seat in place of its own."""
        if duty.kind is not DutyKind.COMMIT:
            return call
        job, round_, own = call.arguments
        others = self._others(network.jobs[duty.job])
        return replace(call, arguments=(job, round_, others[0] if others else own))

    def _held_back(self, duty: Duty, network: NetworkView) -> bool:
        if duty.kind is DutyKind.COMMIT:
            return not self._others(network.jobs[duty.job])
        return duty.kind is DutyKind.OPEN and self._copied(network.jobs[duty.job])

    def _copied(self, job: JobView) -> bool:
        seat = job.seat_of(self.persona.account)
        return seat is not None and job.current.commitments.get(seat) in self._others(job)

    def _others(self, job: JobView) -> list[bytes]:
        """The commitments of other seats, those of members first."""
        seat = job.seat_of(self.persona.account)
        return [made for other, made in sorted(job.current.commitments.items()) if other != seat]
