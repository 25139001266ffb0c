"""Trainers and requestors that hand out bad keys, or none."""

from collections.abc import Sequence
from enum import StrEnum

from pydantic import Field

from scatter.behaviours.bent import Bent, Options
from scatter.behaviours.disputing import challenges, refusals
from scatter.behaviours.silence import REQUESTORS
from scatter.behaviours.updates import TRAINERS
from scatter.node.behaviour import Scene, Work
from scatter.ports import PeerKey
from scatter.protocol.duties import Duty, DutyKind
from scatter.protocol.ids import Address
from scatter.protocol.terms import MAX_AUDITORS, MAX_MEMBERS
from scatter.protocol.view import NetworkView


class UnreadableOptions(Options):
    """Whom it shuts out."""

    seats: int = Field(
        1, ge=1, le=MAX_MEMBERS + MAX_AUDITORS, description="so many seats, members first, get a bad key"
    )


class UnreadableKeys(Bent[UnreadableOptions]):
    """Seals a bad key of its updates to some seats, so that they disagree with the others. But those that got the right one seal it
    again to everybody, and see what was done: an update that one seat cannot read is unreadable for all seats, and for a jury. It
    is struck out, which costs ⌊s / R⌋ each round, and nobody else loses anything."""

    roles = TRAINERS
    takes = UnreadableOptions

    def secret_for(self, reader: Address, secret: bytes, work: Work) -> bytes:
        """Another key for the first seats."""
        seat = work.job.seat_of(reader)
        shut_out = work.round > 0 and seat is not None and seat < self.options.seats
        return self.persona.secret(work, f"bad key/{reader}") if shut_out else secret


class WithheldBundleOptions(Options):
    """How it is withheld."""

    named: bool = Field(False, description="whether its digest is put on the chain all the same")


class WithheldBundle(Bent[WithheldBundleOptions]):
    """Does not hand out the job key. Without a bundle on the chain the job is Defaulted, and the bond goes to the trainers. A bundle
    that is named on the chain and handed to nobody shuts out everybody: all trainers are silent in round 1, the job is
    Cancelled, and nobody gets or loses anything; nodes cannot tell that from a failing network."""

    roles = REQUESTORS
    takes = WithheldBundleOptions

    def duties(self, owed: Sequence[Duty], scene: Scene) -> Sequence[Duty]:
        """No bundle, unless it is to be named."""
        del scene
        withheld = () if self.options.named else (DutyKind.SEAL_KEYS, DutyKind.PUBLISH_KEYS)
        return [duty for duty in owed if duty.kind not in withheld]

    def serves(self, peer: PeerKey, network: NetworkView) -> bool:
        """Nothing to anybody while a job of its has a bundle on the chain."""
        del peer
        mine = [job for job in network.jobs.values() if job.requestor == self.persona.account and not job.ended]
        return not any(job.bundle is not None for job in mine)


class Readers(StrEnum):
    """Whose copy of a job key is wrong."""

    EVERYBODY = "everybody"
    TRAINERS = "trainers"
    SEATS = "seats"
    MEMBERS = "members"


class WrongBundleOptions(Options):
    """Whom it deceives."""

    readers: Readers = Field(Readers.EVERYBODY, strict=False, description="everybody, trainers, seats, or members")


class WrongBundle(Bent[WrongBundleOptions]):
    """Seals a wrong job key, and challenges the refusal that follows. Whoever gets it sees that it is not the one on the chain.
    Trainers without it are silent in round 1, which costs them nothing: without any, the job is Cancelled. Where some train, all
    seats refuse the round, also those that got the right key: they seal it again and see what others got. That costs the
    requestor its bond. A jury does the same with the key that it is given, so a challenge costs another one, and the seats
    nothing."""

    roles = REQUESTORS
    takes = WrongBundleOptions

    def duties(self, owed: Sequence[Duty], scene: Scene) -> Sequence[Duty]:
        """What it owes, and challenges of refusals."""
        mine = [job for job in scene.network.jobs.values() if job.requestor == self.persona.account]
        return [*(duty for job in mine for duty in challenges(job, refusals(job), scene)), *owed]

    def secret_for(self, reader: Address, secret: bytes, work: Work) -> bytes:
        """Another key for those that it deceives."""
        deceived = {
            Readers.EVERYBODY: reader != self.persona.account,
            Readers.TRAINERS: reader in work.job.trainers,
            Readers.SEATS: reader in work.job.seats,
            Readers.MEMBERS: reader in work.job.members,
        }
        wrong = work.round == 0 and deceived[self.options.readers]
        return self.persona.secret(work, f"wrong key/{reader}") if wrong else secret
