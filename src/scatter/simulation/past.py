"""Blocks of an interrupted run, told again: from the chain, and from what was kept of each block."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field

from scatter.chain.stepped import SteppedChain
from scatter.protocol.ids import Address
from scatter.protocol.projection import apply
from scatter.protocol.view import NetworkView
from scatter.simulation.blocks import BlockRecord, SentCall, Switch

BATCH = 200
"""Blocks that are asked for at a time."""


@dataclass(frozen=True, slots=True)
class Remembered:
    """Of a block, what the chain does not tell; as in `BlockRecord`."""

    calls: tuple[SentCall, ...] = ()
    behaviours: Mapping[Address, str] = field(default_factory=dict)
    switches: Mapping[Address, Switch] = field(default_factory=dict)


async def past_blocks(
    chain: SteppedChain, after: int, remembered: Mapping[int, Remembered]
) -> AsyncIterator[BlockRecord]:
    """Every block from the one after `after` to the head, as it was told when it was mined."""
    events = chain.history()
    network = NetworkView()
    for event in events:
        if event.block <= after:
            network = apply(network, event.name, event.values, event.block)
    left = [event for event in events if event.block > after]
    for first in range(after + 1, chain.now.number + 1, BATCH):
        numbers = range(first, min(first + BATCH, chain.now.number + 1))
        for block in await asyncio.gather(*map(chain.block, numbers)):
            logged = tuple(event for event in left if event.block == block.number)
            left = left[len(logged) :]
            for event in logged:
                network = apply(network, event.name, event.values, event.block)
            kept = remembered.get(block.number, Remembered())
            yield BlockRecord(block, logged, kept.calls, network, kept.behaviours, kept.switches)
