"""A juror's work: to get the keys, and to find out again what was challenged."""

from scatter.node.doing.facts import job_of
from scatter.node.doing.openings import keep_verdict
from scatter.node.failures import GiveUp
from scatter.node.key_exchange import KeyRequest, ask_for_key
from scatter.node.library import peers_of, require_kept
from scatter.node.models import JobKeyMissing, keep_passed_keys
from scatter.node.parts import Parts
from scatter.node.rounds import round_aggregate, round_words
from scatter.ports import ContentMissing, PeerUnreachable
from scatter.protocol.duties import Artefact, Duty, artefact_key
from scatter.protocol.ids import NO_DIGEST, Digest, Round
from scatter.protocol.states import ChallengeKind
from scatter.protocol.view import JobView, VerdictOpening


async def fetch_keys(parts: Parts, duty: Duty) -> None:
    """Get the job key, and the keys of a round's updates as far as anybody passes them on, from those with seats."""
    job = job_of(parts, duty)
    key = artefact_key(Artefact.JOB_KEY, job.id)
    if await parts.artefacts.get(key) is None:
        holders = peers_of(parts, [*job.seats, job.requestor])
        await parts.artefacts.keep(key, await ask_for_key(parts, job, KeyRequest(job.id), holders))
    if duty.round:
        await keep_passed_keys(parts, job.id, duty.round, await _update_keys(parts, job, duty.round))


async def _update_keys(parts: Parts, job: JobView, round_: Round) -> dict[int, bytes]:
    keys = {}
    for slot in job.rounds[round_].updates:
        holders = peers_of(parts, [*job.seats, job.trainers[slot]])
        try:
            keys[slot] = await ask_for_key(parts, job, KeyRequest(job.id, round_, slot), holders)
        except PeerUnreachable:
            continue
    return keys


async def judge(parts: Parts, duty: Duty) -> None:
    """Work out a challenged item again; keep what was found, and the salt that it is committed with."""
    job, item = job_of(parts, duty), duty.item
    if item.kind is ChallengeKind.AGGREGATE:
        found = VerdictOpening((), await _aggregate(parts, job, duty.round))
    else:
        found = VerdictOpening(tuple(await round_words(parts, job, duty.round)))
    await keep_verdict(parts, duty, found)


async def _aggregate(parts: Parts, job: JobView, round_: Round) -> Digest:
    """The digest, or NO_DIGEST when this juror could not read all that went into it."""
    try:
        return await round_aggregate(parts, job, round_)
    except (GiveUp, ContentMissing, JobKeyMissing):
        await require_kept(parts, job, round_)
        return NO_DIGEST
