"""How a node may be bent, for simulations and tests. An honest node has the plain `Behaviour`; the bent ones are in the room
`behaviours`, which no node knows.

A hook is called at the one place where what it bends is made. It does not wait for anything, and given the same it
returns the same: whatever looks like chance in it follows from a seed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from scatter.jobs.folder import JobPackage
from scatter.learning.models import Model
from scatter.ports import Call, PeerKey
from scatter.protocol.duties import Duty, Holdings, Identity, Now
from scatter.protocol.ids import Address, Round
from scatter.protocol.view import JobView, NetworkView


@dataclass(frozen=True, slots=True)
class Scene:
    """What there is to see when duties are looked for: the chain, who this node is, what it has, the head block's time."""

    network: NetworkView
    me: Identity
    holdings: Holdings
    now: Now


@dataclass(frozen=True, slots=True)
class Work:
    """What something is made for: a job as the chain shows it, and a round of it (0: none)."""

    job: JobView
    round: Round


class Behaviour:
    """The honest behaviour: does every duty, and changes nothing that it makes. Bent ones override a hook."""

    def duties(self, owed: Sequence[Duty], scene: Scene) -> Sequence[Duty]:
        """The duties that the node will do, given those that it owes: fewer, later, or others too."""
        del scene
        return owed

    def package(self, package: JobPackage) -> JobPackage:
        """The job that a requestor posts, given the one that it was asked to post."""
        return package

    def data(self, own: Path, workspace: Path, work: Work) -> Path:
        """The folder that a trainer trains on, given its own. What is made for it goes into `workspace`, under a name that
        begins with `train-`."""
        del workspace, work
        return own

    def update(self, start: Model, trained: Model, work: Work) -> Model:
        """The model that a trainer publishes, given what the round started from and what training made of it."""
        del start, work
        return trained

    def secret_for(self, reader: Address, secret: bytes, work: Work) -> bytes:
        """The 32 bytes that are sealed to a reader, or passed on to one that asks. `secret` is the job key in round 0, in
        others the key of an update."""
        del reader, work
        return secret

    def scores(self, lanes: Sequence[int], work: Work) -> Sequence[int]:
        """The lanes that a seat or a juror commits to, given what it found (as `protocol.scores` packs them). No lanes mean
        that the round cannot be scored, which refuses it. Who lacks what it needs abstains, and is not asked."""
        del work
        return lanes

    def aggregate(self, start: Model, made: Model, work: Work) -> Model:
        """The aggregate that a seat posts or a juror commits to, given what the round started from and the right one."""
        del start, work
        return made

    def transaction(self, call: Call, duty: Duty, network: NetworkView) -> Call:
        """The call that does a duty, given the honest one."""
        del duty, network
        return call

    def serves(self, peer: PeerKey, network: NetworkView) -> bool:
        """Whether a peer is given content and keys that it may have."""
        del peer, network
        return True
