"""A member's work in Committing: what each update of the round contributed, measured by running the job's predictor."""

import asyncio
import json

from scatter.learning.contributions import ContributionModels, classify, score_round
from scatter.learning.errors import LearningError
from scatter.node.doing.sending import job_of
from scatter.node.failures import GiveUp
from scatter.node.models import starting_model, update_file
from scatter.node.packages import package_of, shard_of
from scatter.node.parts import Parts
from scatter.protocol.duties import Artefact, Duty, artefact_key
from scatter.protocol.scores import pack


async def score(parts: Parts, duty: Duty) -> None:
    """Score every update of the round; keep the words and the salt that they are committed with."""
    job = job_of(parts, duty)
    package = await package_of(parts, job)
    shard = await shard_of(parts, job, duty.round, package)
    start = await starting_model(parts, job, duty.round)
    slots = job.rounds[duty.round].updates
    published = [(job.trainers[slot], await update_file(parts, job, duty.round, slot)) for slot in slots]
    classified = await asyncio.to_thread(classify, start, published)
    models = await asyncio.to_thread(ContributionModels, start, classified.readable)
    predictions = await parts.runner.predict(package, shard, models)
    try:
        scores = await asyncio.to_thread(score_round, classified, predictions, shard.truth, package.definition.report)
    except LearningError as error:
        raise GiveUp(f"round {duty.round} of job {job.name!r} cannot be scored: {error}") from error
    lanes = [scores.report, *(scores.lanes.get(trainer, 0) for trainer in job.trainers)]
    salt = artefact_key(Artefact.SALT, job.id, duty.round)
    await parts.artefacts.keep(salt, parts.secrets(salt))
    await parts.artefacts.keep(artefact_key(Artefact.SCORES, job.id, duty.round), json.dumps(pack(lanes)).encode())
