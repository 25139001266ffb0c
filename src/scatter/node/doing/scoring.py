"""The work of a seat in a round: what each update contributed, and the next global model."""

import json

from scatter.node.doing.facts import job_of
from scatter.node.parts import Parts
from scatter.node.rounds import round_aggregate, round_words
from scatter.protocol.duties import Artefact, Duty, artefact_key


async def score(parts: Parts, duty: Duty) -> None:
    """Score every update of the round; keep the words, and the salt that they are committed with."""
    words = await round_words(parts, job_of(parts, duty), duty.round)
    salt = artefact_key(Artefact.SALT, duty.job, duty.round)
    await parts.artefacts.keep(salt, parts.secrets(salt))
    await parts.artefacts.keep(artefact_key(Artefact.SCORES, duty.job, duty.round), json.dumps(words).encode())


async def aggregate(parts: Parts, duty: Duty) -> None:
    """Compute the round's aggregate; keep its digest."""
    name = await round_aggregate(parts, job_of(parts, duty), duty.round)
    await parts.artefacts.keep(artefact_key(Artefact.AGGREGATE, duty.job, duty.round), name)
