"""A juror's work: to get the keys, and to find out again what was challenged."""

import json

from scatter.node.doing.facts import job_of
from scatter.node.failures import GiveUp
from scatter.node.key_exchange import KeyRequest, ask_for_key
from scatter.node.library import peers_of, require_kept
from scatter.node.models import JobKeyMissing
from scatter.node.parts import Parts
from scatter.node.rounds import round_aggregate, round_words
from scatter.ports import ContentMissing, PeerUnreachable
from scatter.protocol.duties import Artefact, Duty, artefact_key, item_key
from scatter.protocol.ids import NO_DIGEST, Digest, Round
from scatter.protocol.states import ChallengeKind
from scatter.protocol.view import JobView


async def fetch_keys(parts: Parts, duty: Duty) -> None:
    """Get the job key, and the keys of a round's updates as far as anybody passes them on, from those with seats."""
    job = job_of(parts, duty)
    key = artefact_key(Artefact.JOB_KEY, job.id)
    if await parts.artefacts.get(key) is None:
        holders = peers_of(parts, [*job.seats, job.requestor])
        await parts.artefacts.keep(key, await ask_for_key(parts, job, KeyRequest(job.id), holders))
    if duty.round:
        keys = await _update_keys(parts, job, duty.round)
        await parts.artefacts.keep(artefact_key(Artefact.UPDATE_KEYS, job.id, duty.round), json.dumps(keys).encode())


async def _update_keys(parts: Parts, job: JobView, round_: Round) -> dict[int, str]:
    keys = {}
    for slot in job.rounds[round_].updates:
        holders = peers_of(parts, [*job.seats, job.trainers[slot]])
        try:
            keys[slot] = (await ask_for_key(parts, job, KeyRequest(job.id, round_, slot), holders)).hex()
        except PeerUnreachable:
            continue
    return keys


async def judge(parts: Parts, duty: Duty) -> None:
    """Work out a challenged item again; keep what was found, and the salt that it is committed with."""
    job, item = job_of(parts, duty), duty.item
    found: dict[str, object] = {"words": [], "aggregate": ""}
    if item.kind is ChallengeKind.AGGREGATE:
        found["aggregate"] = (await _aggregate(parts, job, duty.round)).hex()
    else:
        found["words"] = await round_words(parts, job, duty.round)
    salt = item_key(Artefact.VERDICT_SALT, job.id, item)
    await parts.artefacts.keep(salt, parts.secrets(salt))
    await parts.artefacts.keep(item_key(Artefact.VERDICT, job.id, item), json.dumps(found).encode())


async def _aggregate(parts: Parts, job: JobView, round_: Round) -> Digest:
    """The digest, or NO_DIGEST when this juror could not read all that went into it."""
    try:
        return await round_aggregate(parts, job, round_)
    except (GiveUp, ContentMissing, JobKeyMissing):
        await require_kept(parts, job, round_)
        return NO_DIGEST
