"""The transactions of a dispute: to challenge, and what a juror sends."""

import json

from scatter.node.doing.calls import Arguments
from scatter.node.doing.facts import artefact_on, job_of, sender_of
from scatter.node.parts import Parts
from scatter.protocol.commitments import verdict_commitment
from scatter.protocol.duties import Artefact, Duty
from scatter.protocol.ids import NO_DIGEST, Digest
from scatter.protocol.scores import are_scores, words_for
from scatter.protocol.states import ChallengeKind


async def challenge(parts: Parts, duty: Duty) -> Arguments:
    """Dispute what stands."""
    del parts
    return "challenge", (duty.job, int(duty.item.kind), duty.round)


async def challenge_bond(parts: Parts, duty: Duty) -> int:
    """What a challenge puts up, in base units."""
    return job_of(parts, duty).rates.challenge_bond


async def commit_verdict(parts: Parts, duty: Duty) -> Arguments:
    """Commit to what this juror found."""
    words, aggregate, salt = await _verdict(parts, duty)
    commitment = verdict_commitment(sender_of(parts), duty.job, duty.item, words, aggregate, salt)
    return "commitVerdict", (duty.job, int(duty.item.kind), duty.round, commitment)


async def open_verdict(parts: Parts, duty: Duty) -> Arguments:
    """Show it."""
    words, aggregate, salt = await _verdict(parts, duty)
    return "openVerdict", (duty.job, int(duty.item.kind), duty.round, words, aggregate, salt)


async def tally(parts: Parts, duty: Duty) -> Arguments:
    """Count the words on an item; above one word of scores what seats and jurors opened goes along."""
    job, item = job_of(parts, duty), duty.item
    words: list[list[int]] = []
    if item.kind is ChallengeKind.SCORES and words_for(len(job.trainers)) > 1:
        openings = job.items[item].openings
        words = [list(opened) for opened in job.rounds[item.round].scored.values()]
        words += [list(openings[juror].words) for juror in sorted(openings) if are_scores(openings[juror].words)]
    return "tally", (duty.job, int(item.kind), duty.round, words)


async def _verdict(parts: Parts, duty: Duty) -> tuple[list[int], Digest, bytes]:
    found = json.loads(await artefact_on(parts, Artefact.VERDICT, duty))
    aggregate = Digest(bytes.fromhex(found["aggregate"])) if found["aggregate"] else NO_DIGEST
    return found["words"], aggregate, await artefact_on(parts, Artefact.VERDICT_SALT, duty)
