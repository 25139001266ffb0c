"""What is done to nodes by hand while a run goes on.

A run can be repeated to the byte only if such a thing has a place in its own time, which is counted in blocks: it takes effect
right before a block is mined. With that number it can be written into a scenario, and does the same there.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal, Protocol

from pydantic import Field

from scatter.simulation.step_kinds import NodeNames, name_of
from scatter.simulation.step_kinds import StartNode as Start
from scatter.simulation.step_kinds import StopNode as Stop
from scatter.simulation.values import TABLE, Whole

MAX_BLOCK = 2**31 - 1
MAX_INTERVENTIONS = 1000
STOP, START = name_of(Stop), name_of(Start)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervention:
    """Nodes (or groups) are stopped, or started again, right before a block is mined."""

    before_block: Annotated[Whole, Field(ge=1, le=MAX_BLOCK, description="it is the number of a block")]
    do: Annotated[Literal["stop-node", "start-node"], Field(description='it is "stop-node" or "start-node"')]
    nodes: NodeNames


Intervention.__pydantic_config__ = TABLE  # type: ignore[attr-defined]


class Hand(Protocol):
    """Somebody who may do such things meanwhile."""

    async def due(self, block: int) -> Sequence[Intervention]:
        """What takes effect before a block, in this order. The answer must be kept before it is given: an interrupted run asks
        for the same blocks again."""
        ...


class NoHand:
    """Nobody."""

    async def due(self, block: int) -> Sequence[Intervention]:
        """See `Hand`."""
        del block
        return ()
