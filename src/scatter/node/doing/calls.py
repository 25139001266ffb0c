"""The transactions of a job's usual way: which function, with which arguments, from which artefacts."""

import json
from typing import Any

from scatter.node.doing.facts import artefact, job_of, sender_of
from scatter.node.job_secrets import JobSecrets
from scatter.node.parts import PROTOCOL, Parts
from scatter.ports import Call
from scatter.protocol.commitments import scores_commitment
from scatter.protocol.duties import Artefact, Duty
from scatter.protocol.duties.anybody import claim_page
from scatter.protocol.scores import words_for
from scatter.protocol.states import SeatKind
from scatter.protocol.view import JobView

Arguments = tuple[str, tuple[Any, ...]]


async def register(parts: Parts, duty: Duty) -> Arguments:
    """Declare role and keys."""
    del duty
    return "register", (int(parts.identity.role), parts.network.peer, parts.sealing_public)


async def deposit(parts: Parts, duty: Duty) -> Arguments:
    """Put up the role's ticket."""
    del parts, duty
    return "depositTicket", ()


async def join(parts: Parts, duty: Duty) -> Arguments:
    """Take the next trainer slot."""
    del parts
    return "join", (duty.job,)


async def publish_keys(parts: Parts, duty: Duty) -> Arguments:
    """Show the digest of the sealed job keys."""
    return "publishKeys", (duty.job, await artefact(parts, Artefact.BUNDLE, duty, of_round=False))


async def publish_update(parts: Parts, duty: Duty) -> Arguments:
    """Show the digest of the round's update."""
    return "publishUpdate", (duty.job, duty.round, await artefact(parts, Artefact.UPDATE, duty))


async def reveal(parts: Parts, duty: Duty) -> Arguments:
    """Show the key of the round's shard."""
    secrets = JobSecrets.from_bytes(await artefact(parts, Artefact.JOB_SECRETS, duty, of_round=False))
    return "revealShardKey", (duty.job, duty.round, secrets.shard_keys[duty.round - 1])


async def commit_scores(parts: Parts, duty: Duty) -> Arguments:
    """Commit to the round's scores, to a refusal or to an abstention."""
    words, salt = await _opening(parts, duty)
    commitment = scores_commitment(sender_of(parts), _seat_kind(parts, duty), duty.job, duty.round, words, salt)
    return "commitScores", (duty.job, duty.round, commitment)


def _seat_kind(parts: Parts, duty: Duty) -> SeatKind:
    job, me = job_of(parts, duty), parts.identity.address
    seat = job.seat_of(me)
    if seat is None:
        raise LookupError(f"{parts.name} has no seat in job {duty.job.hex()[:8]}")
    return job.kind_of(seat)


async def open_scores(parts: Parts, duty: Duty) -> Arguments:
    """Show them."""
    words, salt = await _opening(parts, duty)
    return "openScores", (duty.job, duty.round, words, salt)


async def _opening(parts: Parts, duty: Duty) -> tuple[list[int], bytes]:
    words = json.loads(await artefact(parts, Artefact.SCORES, duty))
    return words, await artefact(parts, Artefact.SALT, duty)


async def settle_round(parts: Parts, duty: Duty) -> Arguments:
    """Pass back what was opened, in the order of seats."""
    scored = job_of(parts, duty).rounds[duty.round].scored
    return "settleRound", (duty.job, duty.round, [list(words) for words in scored.values()])


async def post_aggregate(parts: Parts, duty: Duty) -> Arguments:
    """Post the digest of the round's aggregate."""
    return "postAggregate", (duty.job, duty.round, await artefact(parts, Artefact.AGGREGATE, duty))


async def poke(parts: Parts, duty: Duty) -> Arguments:
    """Move a job on after its deadline."""
    del parts
    return "poke", (duty.job,)


async def claim(parts: Parts, duty: Duty) -> Arguments:
    """Claim for the next page of accounts."""
    job = job_of(parts, duty)
    page = claim_page(job)
    return "claim", (duty.job, page, opened_words(job, page))


def opened_words(job: JobView, accounts: list[Any]) -> list[int]:
    """What goes along with a claim for these accounts: above one word of scores the contract keeps only hashes of what seats
    opened."""
    if words_for(len(job.trainers)) == 1:
        return []
    words: list[int] = []
    for account in accounts:
        seat = job.seat_of(account)
        for number in sorted(job.rounds):
            made = job.rounds[number]
            settled = job.judged(made)
            if seat is not None and settled and seat in made.scored and seat not in settled.left_out:
                words.extend(made.scored[seat])
    return words


async def ticket(parts: Parts, duty: Duty) -> int:
    """What the role puts up, in base units."""
    del duty
    return int(await parts.chain.read(Call(PROTOCOL, "ticket", (int(parts.identity.role),))))


async def slot_stake(parts: Parts, duty: Duty) -> int:
    """What a trainer puts up, in base units."""
    return job_of(parts, duty).terms.slot_stake
