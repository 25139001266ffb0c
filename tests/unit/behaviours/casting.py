"""Behaviours for the nodes of a test."""

from typing import Any

from tests.property.protocol.model_chain import account
from tests.unit.node.played import Played

from scatter.behaviours.bent import Bent
from scatter.behaviours.persona import Conspiracy, Persona
from scatter.behaviours.registry import behaviour_kind, create
from scatter.node.parts import Parts
from scatter.protocol.states import Role

SEED = 1


def bent(name: str, conspiracy: Conspiracy | None = None, **options: Any) -> Bent[Any]:
    """A behaviour of nobody in particular."""
    role = min(behaviour_kind(name).roles)
    return create(name, options, Persona("somebody", account(99), role, SEED, conspiracy or Conspiracy()))


def bent_for(parts: Parts, name: str, conspiracy: Conspiracy | None = None, **options: Any) -> Bent[Any]:
    """A node's behaviour."""
    me = parts.identity
    return create(name, options, Persona(parts.name, me.address, me.role, SEED, conspiracy or Conspiracy()))


async def bend(
    played: Played, name: str, *who: Parts, conspiracy: Conspiracy | None = None, **options: Any
) -> list[Parts]:
    """Let nodes go on as others that behave so, also in what they serve."""
    changed = []
    for parts in who:
        behaviour = bent_for(parts, name, conspiracy, **options)
        new = await played.world.node(parts.name, parts.identity.role, behaviour=behaviour)
        if parts.identity.role is Role.REQUESTOR:
            played.requestor = new
        for group in (played.trainers, played.validators, played.challengers):
            group[:] = [new if one is parts else one for one in group]
        changed.append(new)
    return changed
