"""The node itself: whether it is there, who it is, its role, its money, its data."""

import asyncio
from pathlib import Path

from fastapi import APIRouter

from scatter import __version__
from scatter.api.asking import Node
from scatter.api.models import (
    Balance,
    Chain,
    Dataset,
    Health,
    Identity,
    Page,
    PeerAddress,
    RoleAnswer,
    RoleWish,
    role_name,
)
from scatter.api.pages import After, Limit, page
from scatter.api.problems import NO_CHAIN, REFUSED, REVERTED, UNAUTHORIZED, answers
from scatter.node.orders import role_is_bound
from scatter.node.parts import TOKEN, Parts
from scatter.node.staking import deposit, request_withdrawal, withdraw
from scatter.p2p.identity import peer_id
from scatter.ports import Call
from scatter.protocol.states import Role

router = APIRouter(tags=["node"], responses=answers(UNAUTHORIZED))


@router.get("/health")
async def health(node: Node) -> Health:
    """That the node is there, and how far it sees the chain. Needs no token."""
    view = node.parts.view
    chain = Chain(id=node.parts.contracts.chain_id, block=view.head.number, timestamp=view.head.timestamp)
    return Health(version=__version__, chain=chain)


@router.get("/identity")
async def identity(node: Node) -> Identity:
    """Who the node is. Private keys are in its folder and nowhere else."""
    parts = node.parts
    me = parts.identity
    known = parts.view.network.nodes.get(me.address)
    keys = (me.role, parts.network.peer, parts.sealing_public)
    return Identity(
        name=parts.name,
        account=me.address,
        role=role_name(me.role),
        registered=known is not None and (known.role, known.peer_key, known.sealing_key) == keys,
        peer=PeerAddress(
            id=peer_id(parts.network.peer),
            key=parts.network.peer.hex(),
            addresses=list(await node.peers.addresses()),
        ),
        sealing_key=parts.sealing_public.hex(),
    )


@router.get("/role")
async def role(node: Node) -> RoleAnswer:
    """The node's role, here and on the chain."""
    return _role(node.parts)


@router.put("/role", responses=answers(REFUSED, NO_CHAIN))
async def change_role(node: Node, wish: RoleWish) -> RoleAnswer:
    """Be of another role from now on, also after a restart. The chain follows when the node has registered: look again."""
    await node.change_role(Role[wish.role.upper()])
    return _role(node.parts)


@router.get("/balance", responses=answers(NO_CHAIN))
async def balance(node: Node) -> Balance:
    """What the account has."""
    return await _balance(node.parts)


@router.post("/stake", responses=answers(REFUSED, REVERTED, NO_CHAIN))
async def fill_up(node: Node) -> Balance:
    """Fill the ticket up to what the role puts up today, for instance after some of it was taken. Answers when the chain has it."""
    await deposit(node.parts)
    return await _balance(node.parts)


@router.post("/stake/withdrawal", responses=answers(REFUSED, REVERTED, NO_CHAIN))
async def ask_back(node: Node) -> Balance:
    """Be drawn no more, and have the stake back after a delay: then DELETE /api/v1/stake. Answers when the chain has it."""
    await request_withdrawal(node.parts)
    return await _balance(node.parts)


@router.delete("/stake", responses=answers(REFUSED, REVERTED, NO_CHAIN))
async def take_out(node: Node) -> Balance:
    """Take the stake out, once its withdrawal was asked for and the delay is over. Answers when the chain has it."""
    await withdraw(node.parts)
    return await _balance(node.parts)


async def _balance(parts: Parts) -> Balance:
    me = parts.identity.address
    known = parts.view.network.nodes.get(me)
    return Balance(
        account=me,
        ether=await parts.chain.ether(me),
        tokens=int(await parts.chain.read(Call(TOKEN, "balanceOf", (me,)))),
        stake=known.stake if known else 0,
        locked=known.locked if known else 0,
        withdrawing=known.withdrawing if known else False,
    )


@router.get("/datasets")
async def datasets(node: Node, limit: Limit = 50, after: After = None) -> Page[Dataset]:
    """The data that the node may train on, by name."""
    found = await asyncio.to_thread(_measured, node.parts)
    return page(found, lambda one: one.name, lambda one: one, limit, after)


def _role(parts: Parts) -> RoleAnswer:
    known = parts.view.network.nodes.get(parts.identity.address)
    return RoleAnswer(
        role=role_name(parts.identity.role),
        on_chain=role_name(known.role) if known else None,
        bound=role_is_bound(parts),
    )


def _measured(parts: Parts) -> list[Dataset]:
    return [_dataset(name, parts.datasets[name]) for name in sorted(parts.datasets)]


def _dataset(name: str, folder: Path) -> Dataset:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return Dataset(name=name, files=len(files), bytes=sum(path.stat().st_size for path in files))
