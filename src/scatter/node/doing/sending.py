"""Duties that send one transaction: which function, with which arguments, from which artefacts."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from scatter.node.job_secrets import JobSecrets
from scatter.node.parts import Parts
from scatter.ports import Call, CallReverted, Receipt
from scatter.protocol.commitments import Sender, scores_commitment
from scatter.protocol.duties import Artefact, Duty, DutyKind, artefact_key
from scatter.protocol.duties.anybody import claim_page
from scatter.protocol.ids import Round
from scatter.protocol.scores import words_for
from scatter.protocol.states import SeatKind
from scatter.protocol.view import JobView

PROTOCOL = "ScatterProtocol"
TOKEN = "ScatterToken"  # noqa: S105 — a contract's name


async def send(parts: Parts, duty: Duty) -> None:
    """Send the transaction of a duty, and wait until the view shows it."""
    function, arguments = await _CALLS[duty.kind](parts, duty)
    call = Call(PROTOCOL, function, arguments)
    if duty.kind in _PRICES:
        receipt = await send_paid(parts, duty.key, call, await _PRICES[duty.kind](parts, duty))
    else:
        receipt = await parts.signer.send(_key(parts, duty), call)
    await parts.view.reached(receipt.block)
    if not receipt.succeeded:
        raise CallReverted(f"{function} of {parts.name} was mined and reverted: {receipt.error or 'no reason given'}")


async def send_paid(parts: Parts, key: str, call: Call, price: int) -> Receipt:
    """Let the protocol take `price` base units, then send the call that takes them. One such pair at a time: allowances
    are set, not added. An approval is sent anew each time, since another pair may have used it up."""
    async with parts.spending:
        if price:
            approval = Call(TOKEN, "approve", (parts.contracts.protocol, price))
            await parts.signer.send(f"{key}/approve/{parts.view.now.block}", approval)
        return await parts.signer.send(key, call)


def _key(parts: Parts, duty: Duty) -> str:
    """A poke may be owed again in the same state (pages of a drawing): each look at a later block is a new one."""
    return f"{duty.key}/{parts.view.now.block}" if duty.kind is DutyKind.POKE else duty.key


def job_of(parts: Parts, duty: Duty) -> JobView:
    """The job of a duty, as the chain shows it now."""
    return parts.view.network.jobs[duty.job]


async def artefact(parts: Parts, kind: Artefact, duty: Duty, *, of_round: bool = True) -> bytes:
    """An artefact that the duty rests on; LookupError when it has not been made."""
    key = artefact_key(kind, duty.job, duty.round if of_round else Round(0))
    value = await parts.artefacts.get(key)
    if value is None:
        raise LookupError(f"{parts.name} has no {kind} for job {duty.job.hex()[:8]}, round {duty.round}")
    return value


Arguments = tuple[str, tuple[Any, ...]]


async def _register(parts: Parts, duty: Duty) -> Arguments:
    del duty
    return "register", (int(parts.identity.role), parts.network.peer, parts.sealing_public)


async def _deposit(parts: Parts, duty: Duty) -> Arguments:
    del parts, duty
    return "depositTicket", ()


async def _join(parts: Parts, duty: Duty) -> Arguments:
    del parts
    return "join", (duty.job,)


async def _publish_keys(parts: Parts, duty: Duty) -> Arguments:
    return "publishKeys", (duty.job, await artefact(parts, Artefact.BUNDLE, duty, of_round=False))


async def _publish_update(parts: Parts, duty: Duty) -> Arguments:
    return "publishUpdate", (duty.job, duty.round, await artefact(parts, Artefact.UPDATE, duty))


async def _reveal(parts: Parts, duty: Duty) -> Arguments:
    secrets = JobSecrets.from_bytes(await artefact(parts, Artefact.JOB_SECRETS, duty, of_round=False))
    return "revealShardKey", (duty.job, duty.round, secrets.shard_keys[duty.round - 1])


async def _commit(parts: Parts, duty: Duty) -> Arguments:
    words, salt = await _opening(parts, duty)
    commitment = scores_commitment(_sender(parts), _seat_kind(parts, duty), duty.job, duty.round, words, salt)
    return "commitScores", (duty.job, duty.round, commitment)


def _sender(parts: Parts) -> Sender:
    return Sender(parts.contracts.chain_id, parts.contracts.protocol, parts.identity.address)


def _seat_kind(parts: Parts, duty: Duty) -> SeatKind:
    job, me = job_of(parts, duty), parts.identity.address
    seat = job.seat_of(me)
    if seat is None:
        raise LookupError(f"{parts.name} has no seat in job {duty.job.hex()[:8]}")
    return job.kind_of(seat)


async def _open(parts: Parts, duty: Duty) -> Arguments:
    words, salt = await _opening(parts, duty)
    return "openScores", (duty.job, duty.round, words, salt)


async def _opening(parts: Parts, duty: Duty) -> tuple[list[int], bytes]:
    words = json.loads(await artefact(parts, Artefact.SCORES, duty))
    return words, await artefact(parts, Artefact.SALT, duty)


async def _settle_round(parts: Parts, duty: Duty) -> Arguments:
    scored = job_of(parts, duty).rounds[duty.round].scored
    return "settleRound", (duty.job, duty.round, [list(words) for words in scored.values()])


async def _post_aggregate(parts: Parts, duty: Duty) -> Arguments:
    return "postAggregate", (duty.job, duty.round, await artefact(parts, Artefact.AGGREGATE, duty))


async def _poke(parts: Parts, duty: Duty) -> Arguments:
    del parts
    return "poke", (duty.job,)


async def _claim(parts: Parts, duty: Duty) -> Arguments:
    job = job_of(parts, duty)
    page = claim_page(job)
    return "claim", (duty.job, page, _opened_words(job, page))


def _opened_words(job: JobView, accounts: list[Any]) -> list[int]:
    """Above one word of scores the contract keeps only hashes: what each claimed seat opened goes along."""
    if words_for(len(job.trainers)) == 1:
        return []
    words: list[int] = []
    for account in accounts:
        seat = job.seat_of(account)
        for number in sorted(job.rounds):
            made = job.rounds[number]
            if seat is not None and made.settled and seat in made.openings and seat not in made.settled.left_out:
                words.extend(made.openings[seat])
    return words


async def _ticket(parts: Parts, duty: Duty) -> int:
    del duty
    return int(await parts.chain.read(Call(PROTOCOL, "ticket", (int(parts.identity.role),))))


async def _slot_stake(parts: Parts, duty: Duty) -> int:
    return job_of(parts, duty).terms.slot_stake


_PRICES: Mapping[DutyKind, Callable[[Parts, Duty], Awaitable[int]]] = {
    DutyKind.DEPOSIT: _ticket,
    DutyKind.JOIN: _slot_stake,
}
"""What the protocol has to be allowed to take before, in base units."""

_CALLS: Mapping[DutyKind, Callable[[Parts, Duty], Awaitable[Arguments]]] = {
    DutyKind.REGISTER: _register,
    DutyKind.DEPOSIT: _deposit,
    DutyKind.JOIN: _join,
    DutyKind.PUBLISH_KEYS: _publish_keys,
    DutyKind.PUBLISH_UPDATE: _publish_update,
    DutyKind.REVEAL: _reveal,
    DutyKind.COMMIT: _commit,
    DutyKind.OPEN: _open,
    DutyKind.SETTLE_ROUND: _settle_round,
    DutyKind.POST_AGGREGATE: _post_aggregate,
    DutyKind.POKE: _poke,
    DutyKind.CLAIM: _claim,
}
