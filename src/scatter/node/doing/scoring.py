"""The work of a seat in a round: what each update contributed, and the next global model."""

from scatter.node.doing.facts import job_of
from scatter.node.doing.openings import keep_scores
from scatter.node.parts import Parts
from scatter.node.rounds import round_aggregate, round_words
from scatter.protocol.duties import Artefact, Duty, artefact_key


async def score(parts: Parts, duty: Duty) -> None:
    """Score every update of the round; keep the words, and the salt that they are committed with."""
    await keep_scores(parts, duty, await round_words(parts, job_of(parts, duty), duty.round))


async def aggregate(parts: Parts, duty: Duty) -> None:
    """Compute the round's aggregate; keep its digest."""
    name = await round_aggregate(parts, job_of(parts, duty), duty.round)
    await parts.artefacts.keep(artefact_key(Artefact.AGGREGATE, duty.job, duty.round), name)
