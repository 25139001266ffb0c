"""The second look: is what stands what this node would have found, as far as it can tell?"""

import json
from contextlib import suppress

from scatter.content.fetching import ContentUnavailable
from scatter.jobs.errors import ManifestError
from scatter.jobs.manifests import GlobalModelManifest, UpdateManifest
from scatter.learning.errors import ModelError
from scatter.learning.models import require_layout
from scatter.node.doing.facts import artefact, job_of
from scatter.node.doing.fetching import largest_model
from scatter.node.failures import GiveUp, Unscorable
from scatter.node.library import fetch_whole, holders
from scatter.node.models import global_model
from scatter.node.parts import Parts
from scatter.node.rounds import evaluation_works, round_lanes
from scatter.protocol.duties import Artefact, Duty, item_key
from scatter.protocol.ids import Round
from scatter.protocol.scores import UNREADABLE, are_scores, unpack
from scatter.protocol.states import ChallengeKind
from scatter.protocol.verdicts import contradicts
from scatter.protocol.view import JobView, RoundView


async def audit(parts: Parts, duty: Duty) -> None:
    """Look; keep a finding when something is wrong, and then that it was looked at."""
    if await _is_wrong(parts, duty, job_of(parts, duty)):
        await parts.artefacts.keep(item_key(Artefact.FINDING, duty.job, duty.item), b"")
    await parts.artefacts.keep(item_key(Artefact.AUDIT, duty.job, duty.item), b"")


async def _is_wrong(parts: Parts, duty: Duty, job: JobView) -> bool:
    me = parts.identity.address
    if job.seat_of(me) is not None:
        return await _differs(parts, duty, job)
    if job.requestor == me:
        return await evaluation_works(parts, job, duty.round)
    return not await _can_be_started_from(parts, duty, job)


async def _can_be_started_from(parts: Parts, duty: Duty, job: JobView) -> bool:
    """Whether a round's model is one that fits the job. One that nobody hands out is no finding: that may be the network."""
    name = job.rounds[duty.round].global_model
    try:
        initial = await global_model(parts, job, Round(0), None)
    except GiveUp:
        return True  # nothing fits a job without a model; that is its requestor's doing
    try:
        limit = await largest_model(parts, job)
        await fetch_whole(parts, name, [GlobalModelManifest], holders(parts, job, name), limit)
        require_layout(await global_model(parts, job, duty.round, name), initial)
    except (ManifestError, GiveUp, ModelError):
        return False
    return True


async def _differs(parts: Parts, duty: Duty, job: JobView) -> bool:
    """Whether what stands differs from what this seat made itself."""
    made = job.rounds[duty.round]
    if duty.item.kind is ChallengeKind.AGGREGATE:
        return await artefact(parts, Artefact.AGGREGATE, duty) != made.global_model
    words = json.loads(await artefact(parts, Artefact.SCORES, duty))
    if duty.item.kind is ChallengeKind.REFUSAL or not are_scores(words):
        return duty.item.kind is ChallengeKind.REFUSAL and are_scores(words)
    if made.settled is None:
        raise GiveUp(f"round {duty.round} of job {job.name!r} has not settled")
    lanes = unpack(words, len(job.trainers))
    if missed := [slot for slot in made.settled.counted if lanes[slot + 1] == UNREADABLE]:
        lanes = await _found_later(parts, job, made, missed) or lanes
    return contradicts(made.settled, lanes, job.terms.tau)


async def _found_later(parts: Parts, job: JobView, made: RoundView, missed: list[int]) -> list[int]:
    """The lanes of a round with updates that this seat could not read in time, and the panel could: from an honest panel it gets
    them now. Nothing when it still cannot score the round."""
    limit = await largest_model(parts, job)
    for slot in missed:
        name = made.updates[slot]
        with suppress(ContentUnavailable, ManifestError):
            await fetch_whole(parts, name, [UpdateManifest], holders(parts, job, name), limit)
    try:
        return await round_lanes(parts, job, made.number)
    except Unscorable:
        return []
