"""An auditor's or a member's second look: does what stands agree with what it found itself?"""

import json

from scatter.node.doing.facts import artefact, job_of
from scatter.node.failures import GiveUp
from scatter.node.parts import Parts
from scatter.protocol.duties import Artefact, Duty, item_key
from scatter.protocol.scores import unpack
from scatter.protocol.states import ChallengeKind
from scatter.protocol.verdicts import contradicts


async def audit(parts: Parts, duty: Duty) -> None:
    """Compare; keep a finding when they differ, and then that they were compared."""
    if await _differs(parts, duty):
        await parts.artefacts.keep(item_key(Artefact.FINDING, duty.job, duty.item), b"")
    await parts.artefacts.keep(item_key(Artefact.AUDIT, duty.job, duty.item), b"")


async def _differs(parts: Parts, duty: Duty) -> bool:
    job = job_of(parts, duty)
    made = job.rounds[duty.round]
    if duty.item.kind is ChallengeKind.AGGREGATE:
        return await artefact(parts, Artefact.AGGREGATE, duty) != made.global_model
    words = json.loads(await artefact(parts, Artefact.SCORES, duty))
    if duty.item.kind is ChallengeKind.REFUSAL:
        return bool(words)
    if made.settled is None:
        raise GiveUp(f"round {duty.round} of job {job.name!r} has not settled")
    return bool(words) and contradicts(made.settled, unpack(words, len(job.trainers)), job.terms.tau)
