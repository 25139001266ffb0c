"""What a round comes to, worked out from its content: the scores of its updates, and its aggregate.

Members and auditors do this when the round is in progress, jurors when it was challenged. Honest ones find the same.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress

from scatter.jobs.errors import JobError
from scatter.jobs.examples import Examples
from scatter.learning.aggregation import Rule
from scatter.learning.aggregation import aggregate as combine
from scatter.learning.clipping import Float64Array
from scatter.learning.contributions import ContributionModels, classify, score_round
from scatter.learning.errors import LearningError, ModelError
from scatter.learning.models import Model, read_model
from scatter.node.behaviour import Work
from scatter.node.failures import GiveUp, Unscorable
from scatter.node.library import require_kept
from scatter.node.models import JobKeyMissing, job_key, keep_global_model, starting_model, update_file
from scatter.node.packages import package_of, shard_of
from scatter.node.parts import Parts
from scatter.node.running import JobCodeFailed, Package
from scatter.node.sealing import job_key_is_sealed_to_all
from scatter.node.trial import try_predictor
from scatter.ports import ContentMissing
from scatter.protocol.ids import Digest, Round
from scatter.protocol.scores import pack
from scatter.protocol.view import JobView


async def round_lanes(parts: Parts, job: JobView, round_: Round) -> list[int]:
    """The lanes of a round: the starting model's metric, then one for each trainer, 0 where it did not publish.

    Unscorable when the requestor's evaluation cannot be done.
    """
    package, start, shard = await _evaluation(parts, job, round_)
    slots = job.rounds[round_].updates
    published = [(job.trainers[slot], await update_file(parts, job, round_, slot)) for slot in slots]
    classified = await asyncio.to_thread(classify, start, published)
    models = await asyncio.to_thread(ContributionModels, start, classified.readable)
    predictions = await _predict(parts, package, shard, models)
    try:
        scores = await asyncio.to_thread(score_round, classified, predictions, shard.truth, package.definition.report)
    except LearningError as error:
        raise Unscorable(f"round {round_} of job {job.name!r} cannot be scored: {error}") from error
    return [scores.report, *(scores.lanes.get(trainer, 0) for trainer in job.trainers)]


async def _evaluation(parts: Parts, job: JobView, round_: Round) -> tuple[Package, Model, Examples]:
    """What a round is scored with: package, starting model, shard. Unscorable when one of them cannot be used, also when others
    could not use them: a seat that has no job key refuses, and has to be borne out by those that have it."""
    if not await job_key_is_sealed_to_all(job, await job_key(parts, job.id)):
        raise Unscorable(f"the key of job {job.name!r} is not sealed as it should be to everybody drawn")
    try:
        package = await package_of(parts, job)
        start = await starting_model(parts, job, round_)
    except GiveUp as error:
        raise Unscorable(str(error)) from error
    return package, start, await shard_of(parts, job, round_, package)


async def evaluation_works(parts: Parts, job: JobView, round_: Round) -> bool:
    """Whether a round's evaluation does what seats need of it, as far as that can be told without reading updates: over the
    starting model, as many times as seats had models to predict with, so that limits on a run are tried too."""
    try:
        package, start, shard = await _evaluation(parts, job, round_)
        models = [start] * (len(job.rounds[round_].updates) + 2)
        predictions = await try_predictor(parts.runner, package, shard, models)
        score_round(classify(start, []), predictions[:1], shard.truth, package.definition.report)
    except (Unscorable, JobError, LearningError):
        return False
    return True


async def _predict(
    parts: Parts, package: Package, shard: Examples, models: Iterable[Model]
) -> list[Float64Array | None]:
    """Predictions, at the second attempt if need be: the first may have met a busy machine."""
    with suppress(JobCodeFailed):
        return await parts.runner.predict(package, shard, models)
    try:
        return await parts.runner.predict(package, shard, models)
    except JobCodeFailed as error:
        raise Unscorable(str(error)) from error


async def round_words(parts: Parts, job: JobView, round_: Round) -> list[int]:
    """What an honest seat opens: the packed lanes, or no words, which refuses, when the round cannot be scored.

    That is so, too, when model, evaluation or job key were withheld: scoring is owed without them only in a hurry. But what
    was here and is damaged was not withheld: ContentMissing.
    """
    try:
        lanes = await round_lanes(parts, job, round_)
    except (Unscorable, ContentMissing, JobKeyMissing):
        lanes = []
    await require_kept(parts, job, round_)
    return pack(parts.behaviour.scores(lanes, Work(job, round_)))


async def round_aggregate(parts: Parts, job: JobView, round_: Round) -> Digest:
    """The digest of a round's aggregate, which is kept here: the accepted updates by the job's rule, weighted by the
    contributions as they were settled when the round closed. GiveUp when an accepted update cannot be read here,
    ContentMissing when something that was here is damaged."""
    settled = job.rounds[round_].settled
    if settled is None:
        raise LookupError(f"round {round_} of job {job.name!r} has not settled")
    start = await starting_model(parts, job, round_)
    updates = [(job.trainers[slot], await _accepted(parts, job, round_, slot, start)) for slot in settled.accepted]
    contributions = {job.trainers[slot]: settled.contribution(slot) for slot in settled.accepted}
    made = await asyncio.to_thread(combine, Rule(job.terms.rule), start, updates, contributions)
    model = parts.behaviour.aggregate(start, made, Work(job, round_))
    return await keep_global_model(parts, job.id, round_, await job_key(parts, job.id), model)


async def _accepted(parts: Parts, job: JobView, round_: Round, slot: int, start: Model) -> Model:
    content = await update_file(parts, job, round_, slot)
    what = f"the update of trainer {job.trainers[slot]} in round {round_} was accepted, but cannot be read here"
    if content is None:
        await require_kept(parts, job, round_)
        raise GiveUp(what)
    try:
        return await asyncio.to_thread(read_model, content, like=start)
    except ModelError as error:
        # A committee may accept what is no model. Nothing can be made of that, also by those who judge it.
        raise GiveUp(f"{what}: {error}") from error
