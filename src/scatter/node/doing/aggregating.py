"""A member's work in Aggregating: the next global model, bit for bit what every other honest member computes."""

import asyncio

from scatter.learning.aggregation import Rule
from scatter.learning.aggregation import aggregate as combine
from scatter.learning.models import Model, read_model
from scatter.node.doing.sending import job_of
from scatter.node.failures import GiveUp
from scatter.node.models import job_key, keep_global_model, starting_model, update_file
from scatter.node.parts import Parts
from scatter.protocol.duties import Artefact, Duty, artefact_key
from scatter.protocol.ids import Round
from scatter.protocol.view import JobView


async def aggregate(parts: Parts, duty: Duty) -> None:
    """Aggregate the accepted updates by the job's rule, weighted by the settled contributions; keep the result's digest."""
    job = job_of(parts, duty)
    settled = job.rounds[duty.round].settled
    if settled is None:
        raise LookupError(f"round {duty.round} of job {job.name!r} has not settled")
    start = await starting_model(parts, job, duty.round)
    updates = [(job.trainers[slot], await _accepted(parts, job, duty.round, slot, start)) for slot in settled.accepted]
    contributions = {job.trainers[slot]: settled.contribution(slot) for slot in settled.accepted}
    model = await asyncio.to_thread(combine, Rule(job.terms.rule), start, updates, contributions)
    name = await keep_global_model(parts, job.id, duty.round, await job_key(parts, job.id), model)
    await parts.artefacts.keep(artefact_key(Artefact.AGGREGATE, job.id, duty.round), name)


async def _accepted(parts: Parts, job: JobView, round_: Round, slot: int, start: Model) -> Model:
    content = await update_file(parts, job, round_, slot)
    if content is None:
        raise GiveUp(
            f"the update of trainer {job.trainers[slot]} in round {round_} was accepted, but cannot be read here"
        )
    return read_model(content, like=start)
