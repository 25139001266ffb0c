"""What a seat or a juror will open, as it is kept until then: words or a digest, and the salt that hides them.

The one place that knows how these artefacts are written. The salt is kept first: what is found is never there without it.
"""

import json

from scatter.node.doing.facts import artefact, artefact_on
from scatter.node.parts import Parts
from scatter.protocol.duties import Artefact, Duty, artefact_key, item_key
from scatter.protocol.ids import NO_DIGEST, Digest
from scatter.protocol.view import VerdictOpening


async def keep_scores(parts: Parts, duty: Duty, words: list[int]) -> None:
    """Keep what a seat found of the duty's round."""
    await _keep_salt(parts, artefact_key(Artefact.SALT, duty.job, duty.round))
    await parts.artefacts.keep(artefact_key(Artefact.SCORES, duty.job, duty.round), json.dumps(words).encode())


async def scores(parts: Parts, duty: Duty) -> list[int]:
    """What this seat found of the duty's round; LookupError when it has found nothing yet."""
    words: list[int] = json.loads(await artefact(parts, Artefact.SCORES, duty))
    return words


async def scores_salt(parts: Parts, duty: Duty) -> bytes:
    """What hides them."""
    return await artefact(parts, Artefact.SALT, duty)


async def keep_verdict(parts: Parts, duty: Duty, found: VerdictOpening) -> None:
    """Keep what a juror found on the duty's item."""
    await _keep_salt(parts, item_key(Artefact.VERDICT_SALT, duty.job, duty.item))
    content = json.dumps({"words": list(found.words), "aggregate": found.aggregate.hex()}).encode()
    await parts.artefacts.keep(item_key(Artefact.VERDICT, duty.job, duty.item), content)


async def verdict(parts: Parts, duty: Duty) -> VerdictOpening:
    """What this juror found on the duty's item; LookupError when it has found nothing yet."""
    found = json.loads(await artefact_on(parts, Artefact.VERDICT, duty))
    return VerdictOpening(tuple(found["words"]), Digest(bytes.fromhex(found["aggregate"])) or NO_DIGEST)


async def verdict_salt(parts: Parts, duty: Duty) -> bytes:
    """What hides it."""
    return await artefact_on(parts, Artefact.VERDICT_SALT, duty)


async def _keep_salt(parts: Parts, key: str) -> None:
    await parts.artefacts.keep(key, parts.secrets(key))
