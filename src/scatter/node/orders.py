"""What an operator tells a node to do about a job: to join one that its rule leaves alone, to start one of its own."""

from scatter.node.parts import PROTOCOL, Parts
from scatter.ports import Call, CallReverted
from scatter.protocol.duties import Artefact, artefact_key
from scatter.protocol.states import Role, State
from scatter.protocol.view import JobView

JOIN_ORDER = "join-order/"
"""Artefacts under this prefix name jobs that the operator wants to join."""


class OrderRefused(ValueError):
    """What the operator asks for cannot be done; the message says why."""


async def order_to_join(parts: Parts, view: JobView) -> None:
    """From now on the node examines the job and joins it if it suits, whatever its rule says. OrderRefused when it cannot."""
    if parts.identity.role is not Role.TRAINER:
        raise OrderRefused(f"only trainers join jobs; this node is a {parts.identity.role.name.lower()}")
    if view.slot_of(parts.identity.address) is not None:
        return
    if view.state is not State.OPEN:
        raise OrderRefused(f"the job is {view.state.name.capitalize()}; jobs are joined while they are Open")
    if len(view.trainers) >= view.terms.max_trainers:
        raise OrderRefused(f"all {view.terms.max_trainers} slots of the job are taken")
    refusal = await parts.artefacts.get(artefact_key(Artefact.REFUSAL, view.id))
    if refusal is not None:
        raise OrderRefused(f"the job was examined and does not suit: {refusal.decode(errors='replace')}")
    await parts.artefacts.keep(JOIN_ORDER + view.id.hex(), b"")


def leaves_alone(parts: Parts, view: JobView, made: frozenset[str]) -> bool:
    """Whether a trainer that might join a job does not look at it: neither its rule nor its operator says so."""
    if view.state is not State.OPEN or view.slot_of(parts.identity.address) is not None:
        return False
    wanted = parts.joins is None or not parts.joins.isdisjoint((view.name, view.id.hex()))
    return not wanted and JOIN_ORDER + view.id.hex() not in made


async def start_job(parts: Parts, view: JobView) -> None:
    """Start a job of this node's own before all its slots are taken, and wait until the view shows it. OrderRefused when it is
    somebody else's, has too few trainers or has started; CallReverted, ChainUnavailable."""
    if view.requestor != parts.identity.address:
        raise OrderRefused("only its requestor starts a job")
    if view.state is not State.OPEN:
        raise OrderRefused(f"the job is {view.state.name.capitalize()}; jobs are started while they are Open")
    if len(view.trainers) < view.terms.min_trainers:
        raise OrderRefused(f"the job has {len(view.trainers)} of the {view.terms.min_trainers} trainers that it needs")
    receipt = await parts.signer.send(f"{view.id.hex()}/start", Call(PROTOCOL, "start", (view.id,)))
    await parts.view.reached(receipt.block)
    if not receipt.succeeded:
        raise CallReverted(f"starting {view.name!r} was mined and reverted: {receipt.error or 'no reason given'}")


def role_is_bound(parts: Parts) -> str | None:
    """Why this node cannot take another role now, or None: a stake is put up for a role, and parts in jobs are played to their
    end."""
    me, network = parts.identity.address, parts.view.network
    registered = network.nodes.get(me)
    if registered is not None and registered.stake:
        return "a stake is put up in the present role: withdraw it first"
    playing = [job.name for job in network.jobs.values() if me in job.participants and me not in job.claimed]
    return f"the job {playing[0]!r} is not over for this node" if playing else None
