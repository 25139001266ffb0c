"""The transactions that somebody makes for a name: tokens of a job and of models, and the record of what this node did."""

from scatter.node.doing.calls import Arguments
from scatter.node.doing.facts import job_of
from scatter.node.parts import Parts
from scatter.protocol.duties import Duty


async def mint_job(parts: Parts, duty: Duty) -> Arguments:
    """Mint the job's two tokens."""
    return "mintJob", (duty.job, parts.identity.address)


async def mint_model(parts: Parts, duty: Duty) -> Arguments:
    """Mint the update of the duty's round. It is proven by all that this trainer published, in order."""
    job, me = job_of(parts, duty), parts.identity.address
    slot = job.slot_of(me)
    if slot is None:
        raise LookupError(f"{parts.name} has no slot in job {duty.job.hex()[:8]}")
    published = {number: made.updates[slot] for number, made in sorted(job.rounds.items()) if slot in made.updates}
    rounds, updates = list(published), list(published.values())
    return "mintModel", (duty.job, me, rounds, updates, rounds.index(duty.round))


async def record_deeds(parts: Parts, duty: Duty) -> Arguments:
    """Record what this node did in the job."""
    return "record", (duty.job, [parts.identity.address])
