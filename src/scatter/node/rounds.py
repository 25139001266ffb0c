"""What a round comes to, worked out from its content: the scores of its updates, and its aggregate.

Members and auditors do this when the round is in progress, jurors when it was challenged. Honest ones find the same.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass

from scatter.jobs.errors import JobError
from scatter.jobs.examples import Examples
from scatter.learning.aggregation import Rule
from scatter.learning.aggregation import aggregate as combine
from scatter.learning.clipping import Float64Array
from scatter.learning.contributions import ContributionModels, RoundScores, classify, score_round
from scatter.learning.errors import LearningError, ModelError
from scatter.learning.models import Model, read_model
from scatter.node.behaviour import Work
from scatter.node.bundles import own_copy_is_wrong
from scatter.node.failures import GiveUp, Unscorable
from scatter.node.library import require_kept
from scatter.node.models import JobKeyMissing, job_key, keep_global_model, starting_model, update_file
from scatter.node.packages import package_of, shard_of
from scatter.node.parts import Parts
from scatter.node.running import JobCodeFailed, Package
from scatter.node.sealing import job_key_is_sealed_to_all
from scatter.node.trial import try_predictor
from scatter.ports import ContentMissing
from scatter.protocol.ids import Address, Digest, Round
from scatter.protocol.scores import ABSTENTION, pack
from scatter.protocol.view import JobView


async def round_lanes(parts: Parts, job: JobView, round_: Round) -> list[int]:
    """The lanes of a round: the starting model's metric, then one for each trainer, 0 where it did not publish.

    Of a settled round, those of updates that were not struck out are found without those that were, as seats found them: an
    update that is handed out late must not make their numbers wrong. What the others are worth is found beside them all.

    Unscorable when the requestor's evaluation cannot be done; JobKeyMissing and ContentMissing when this node lacks what it takes.
    """
    made = job.rounds[round_]
    struck = made.settled.struck if made.settled is not None else frozenset()
    evaluation = await _evaluation(parts, job, round_)
    files = {slot: (job.trainers[slot], await update_file(parts, job, round_, slot)) for slot in made.updates}
    timely = [file for slot, file in files.items() if slot not in struck]
    found = await _scored(parts, job, evaluation, timely)
    lanes = dict(found.lanes)
    if struck:
        late = [file for slot, file in files.items() if slot in struck]
        everything = (await _scored(parts, job, evaluation, [*timely, *late])).lanes
        lanes |= {trainer: everything[trainer] for trainer, _ in late}
    return [found.report, *(lanes.get(trainer, 0) for trainer in job.trainers)]


@dataclass(frozen=True, slots=True)
class _Evaluation:
    """What a round is scored with."""

    package: Package
    start: Model
    shard: Examples


async def _scored(
    parts: Parts, job: JobView, evaluation: _Evaluation, published: Iterable[tuple[Address, bytes | None]]
) -> RoundScores[Address]:
    classified = await asyncio.to_thread(classify, evaluation.start, published)
    models = await asyncio.to_thread(ContributionModels, evaluation.start, classified.readable)
    package, shard = evaluation.package, evaluation.shard
    predictions = await _predict(parts, package, shard, models)
    try:
        return await asyncio.to_thread(score_round, classified, predictions, shard.truth, package.definition.report)
    except LearningError as error:
        raise Unscorable(f"a round of job {job.name!r} cannot be scored: {error}") from error


async def _evaluation(parts: Parts, job: JobView, round_: Round) -> _Evaluation:
    """Unscorable when one of these cannot be used, also when others could not use them: a seat whose copy of the job key is wrong
    refuses, and has to be borne out by those that have the right one."""
    if not await job_key_is_sealed_to_all(job, await _job_key(parts, job)):
        raise Unscorable(f"the key of job {job.name!r} is not sealed as it should be to everybody drawn")
    try:
        package = await package_of(parts, job)
        start = await starting_model(parts, job, round_)
    except GiveUp as error:
        raise Unscorable(str(error)) from error
    return _Evaluation(package, start, await shard_of(parts, job, round_, package))


async def _job_key(parts: Parts, job: JobView) -> bytes:
    """The job key. Without it, Unscorable when the bundle is here and shows why; JobKeyMissing when it does not."""
    try:
        return await job_key(parts, job.id)
    except JobKeyMissing:
        if await own_copy_is_wrong(parts, job):
            raise Unscorable(f"the bundle of job {job.name!r} does not hold its key for {parts.name}") from None
        raise


async def evaluation_works(parts: Parts, job: JobView, round_: Round) -> bool:
    """Whether a round's evaluation does what seats need of it, as far as that can be told without reading updates: over the
    starting model, as many times as seats had models to predict with, so that limits on a run are tried too."""
    try:
        tried = await _evaluation(parts, job, round_)
        models = [tried.start] * (len(job.rounds[round_].updates) + 2)
        predictions = await try_predictor(parts.runner, tried.package, tried.shard, models)
        score_round(classify(tried.start, []), predictions[:1], tried.shard.truth, tried.package.definition.report)
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
    """What an honest seat opens: the packed lanes; no words, which refuses, when what is here shows that the round cannot be
    scored; an abstention when model, evaluation or job key are not here: whose fault that is, nobody can tell.

    Scoring is owed without them only in a hurry. What was here and is damaged was not withheld: ContentMissing.
    """
    try:
        lanes = await round_lanes(parts, job, round_)
    except Unscorable:
        lanes = []
    except (ContentMissing, JobKeyMissing):
        await require_kept(parts, job, round_)
        return [ABSTENTION]
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
