"""A value over blocks that grows at its end: 16 bytes a point, where a row of a table takes some hundred."""

from array import array
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scatter.protocol.ids import SCT

Numbers = NDArray[np.float64]


@dataclass(slots=True)
class Line:
    """An amount that holds from each block until the next point. `latest` is exact, in base units; points are in SCT."""

    blocks: "array[int]" = field(default_factory=lambda: array("q"))
    values: "array[float]" = field(default_factory=lambda: array("d"))
    latest: int = 0

    def add(self, block: int, amount: int) -> None:
        """The amount from a block on; a later one of the same block takes its place."""
        self.latest = amount
        if self.blocks and self.blocks[-1] == block:
            self.values[-1] = amount / SCT
        else:
            self.blocks.append(block)
            self.values.append(amount / SCT)

    def at(self, blocks: Numbers) -> Numbers:
        """In SCT, after given blocks; 0 before the first."""
        if not self.blocks:
            return np.zeros(len(blocks))
        # Copies: an array that is looked at through a view cannot grow.
        own, values = np.array(self.blocks, dtype=np.float64), np.array(self.values, dtype=np.float64)
        places = np.searchsorted(own, blocks, side="right")
        return np.asarray(np.concatenate(([0.0], values))[places], dtype=np.float64)


Lines = dict[str, Line]


def of(lines: Lines, name: str) -> Line:
    """The line of a node; a new one where there is none."""
    line = lines.get(name)
    if line is None:
        line = lines[name] = Line()
    return line


def grow(lines: Lines, columns: Any, amount: str) -> None:
    """Take in new rows of a table that has a block, a node and an amount."""
    for block, node, value in zip(columns["block"], columns["node"], columns[amount], strict=True):
        of(lines, node).add(block, value)
