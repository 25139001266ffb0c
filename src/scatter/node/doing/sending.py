"""Duties that send one transaction: the table of their calls, and how a call is sent."""

from collections.abc import Awaitable, Callable, Mapping

from scatter.node.doing import calls, dispute_calls, minting
from scatter.node.doing.calls import Arguments
from scatter.node.parts import PROTOCOL, RECORDS, REPUTATION, TOKEN, Parts
from scatter.ports import Call, CallReverted, Receipt
from scatter.protocol.duties import Duty, DutyKind


async def send(parts: Parts, duty: Duty) -> None:
    """Send the transaction of a duty, and wait until the view shows it."""
    function, arguments = await _CALLS[duty.kind](parts, duty)
    honest = Call(_ELSEWHERE.get(duty.kind, PROTOCOL), function, arguments)
    call = parts.behaviour.transaction(honest, duty, parts.view.network)
    if duty.kind in _PRICES:
        receipt = await send_paid(parts, _key(parts, duty), call, await _PRICES[duty.kind](parts, duty))
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
    """A poke may be owed again in the same state (pages of a drawing): each look at a later block is a new one. A node that
    changes its role and comes back to it registers as it did before, and puts up a ticket again."""
    if duty.kind is DutyKind.POKE:
        return f"{duty.key}/{parts.view.now.block}"
    if duty.kind in (DutyKind.REGISTER, DutyKind.DEPOSIT):
        me = parts.view.network.nodes.get(parts.identity.address)
        return f"{duty.key}/{0 if me is None else me.registrations}"
    return duty.key


_ELSEWHERE: Mapping[DutyKind, str] = {
    DutyKind.MINT_JOB: RECORDS,
    DutyKind.MINT_MODEL: RECORDS,
    DutyKind.RECORD_DEEDS: REPUTATION,
}
"""What is not the protocol's own."""

_PRICES: Mapping[DutyKind, Callable[[Parts, Duty], Awaitable[int]]] = {
    DutyKind.DEPOSIT: calls.ticket,
    DutyKind.JOIN: calls.slot_stake,
    DutyKind.CHALLENGE: dispute_calls.challenge_bond,
}
"""What the protocol has to be allowed to take before, in base units."""

_CALLS: Mapping[DutyKind, Callable[[Parts, Duty], Awaitable[Arguments]]] = {
    DutyKind.REGISTER: calls.register,
    DutyKind.DEPOSIT: calls.deposit,
    DutyKind.JOIN: calls.join,
    DutyKind.PUBLISH_KEYS: calls.publish_keys,
    DutyKind.PUBLISH_UPDATE: calls.publish_update,
    DutyKind.REVEAL: calls.reveal,
    DutyKind.COMMIT: calls.commit_scores,
    DutyKind.OPEN: calls.open_scores,
    DutyKind.SETTLE_ROUND: calls.settle_round,
    DutyKind.POST_AGGREGATE: calls.post_aggregate,
    DutyKind.CHALLENGE: dispute_calls.challenge,
    DutyKind.COMMIT_VERDICT: dispute_calls.commit_verdict,
    DutyKind.OPEN_VERDICT: dispute_calls.open_verdict,
    DutyKind.TALLY: dispute_calls.tally,
    DutyKind.POKE: calls.poke,
    DutyKind.CLAIM: calls.claim,
    DutyKind.MINT_JOB: minting.mint_job,
    DutyKind.MINT_MODEL: minting.mint_model,
    DutyKind.RECORD_DEEDS: minting.record_deeds,
}
