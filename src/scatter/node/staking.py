"""What an operator does about the node's ticket by hand: fill it up, ask for it back, take it out."""

from scatter.node.orders import OrderRefused
from scatter.node.parts import PROTOCOL, Parts
from scatter.node.spending import send_paid
from scatter.ports import Call, CallReverted, Receipt
from scatter.protocol.duties.enrolment import STAKED_ROLES
from scatter.protocol.view import NodeView


async def deposit(parts: Parts) -> None:
    """Fill the ticket up to what the role puts up today, and wait until the view shows it; a withdrawal that was asked for is
    off. OrderRefused when there is nothing to put up; CallReverted, ChainUnavailable."""
    me, role = _registered(parts), parts.identity.role
    if role not in STAKED_ROLES:
        raise OrderRefused(f"a {role.name.lower()} puts up no ticket")
    missing = int(await parts.chain.read(Call(PROTOCOL, "ticket", (int(role),)))) - me.stake
    if missing <= 0 and not me.withdrawing:
        raise OrderRefused("the ticket is whole")
    call = Call(PROTOCOL, "depositTicket", ())
    await _mined(parts, await send_paid(parts, _key(parts, "deposit"), call, max(0, missing)), "filling up the ticket")


async def request_withdrawal(parts: Parts) -> None:
    """Be drawn no more, and have the stake back after the contracts' delay. OrderRefused; CallReverted, ChainUnavailable."""
    me = _registered(parts)
    if not me.stake:
        raise OrderRefused("there is no stake to withdraw")
    if me.withdrawing:
        raise OrderRefused("the withdrawal was asked for already")
    await _send(parts, "request-withdrawal", "requestWithdrawal")


async def withdraw(parts: Parts) -> None:
    """Take the stake out. OrderRefused; CallReverted before the delay is over or while seats lock some of it;
    ChainUnavailable."""
    me = _registered(parts)
    if not me.withdrawing or not me.stake:
        raise OrderRefused("ask for the withdrawal first: POST /api/v1/stake/withdrawal")
    await _send(parts, "withdraw", "withdraw")


def _registered(parts: Parts) -> NodeView:
    me = parts.view.network.nodes.get(parts.identity.address)
    if me is None:
        raise OrderRefused("the node is not registered yet")
    return me


def _key(parts: Parts, what: str) -> str:
    # An operator may ask for the same again later: each block has a key of its own.
    return f"stake/{what}/{parts.view.now.block}"


async def _send(parts: Parts, what: str, function: str) -> None:
    await _mined(parts, await parts.signer.send(_key(parts, what), Call(PROTOCOL, function, ())), function)


async def _mined(parts: Parts, receipt: Receipt, what: str) -> None:
    await parts.view.reached(receipt.block)
    if not receipt.succeeded:
        raise CallReverted(f"{what} was mined and reverted: {receipt.error or 'no reason given'}")
