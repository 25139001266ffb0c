"""Calls that take tokens: an approval, and the call that uses it."""

from scatter.node.parts import TOKEN, Parts
from scatter.ports import Call, Receipt


async def send_paid(parts: Parts, key: str, call: Call, price: int) -> Receipt:
    """Let the protocol take `price` base units, then send the call that takes them. One such pair at a time: allowances
    are set, not added. An approval is sent anew each time, since another pair may have used it up."""
    async with parts.spending:
        if price:
            approval = Call(TOKEN, "approve", (parts.contracts.protocol, price))
            await parts.signer.send(f"{key}/approve/{parts.view.now.block}", approval)
        return await parts.signer.send(key, call)
