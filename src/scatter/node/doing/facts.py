"""What work rests on: the job as the chain shows it, and artefacts that were made before."""

from scatter.node.parts import Parts
from scatter.protocol.commitments import Sender
from scatter.protocol.duties import Artefact, Duty, artefact_key, item_key
from scatter.protocol.ids import Round
from scatter.protocol.view import JobView


def job_of(parts: Parts, duty: Duty) -> JobView:
    """The job of a duty, as the chain shows it now."""
    return parts.view.network.jobs[duty.job]


async def artefact(parts: Parts, kind: Artefact, duty: Duty, *, of_round: bool = True) -> bytes:
    """An artefact that the duty rests on; LookupError when it has not been made."""
    key = artefact_key(kind, duty.job, duty.round if of_round else Round(0))
    value = await parts.artefacts.get(key)
    if value is None:
        raise LookupError(f"{parts.name} has no {kind} for job {duty.job.hex()[:8]}, round {duty.round}")
    return value


async def artefact_on(parts: Parts, kind: Artefact, duty: Duty) -> bytes:
    """An artefact about the item of the duty; LookupError when it has not been made."""
    value = await parts.artefacts.get(item_key(kind, duty.job, duty.item))
    if value is None:
        raise LookupError(f"{parts.name} has no {kind} on {duty.subject} of round {duty.round}")
    return value


def sender_of(parts: Parts) -> Sender:
    """What commitments of this node are bound to."""
    return Sender(parts.contracts.chain_id, parts.contracts.protocol, parts.identity.address)
