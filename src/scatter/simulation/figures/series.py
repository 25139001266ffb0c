"""A recording as lines over blocks: who had what, when.

Over blocks rather than time: blocks are mined when somebody acts, and most of a job's time nobody does.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from scatter.protocol.ids import SCT
from scatter.simulation.recording.recorded import Recorded

HONEST = "honest"
_MOST_POINTS = 2_000
_AFTER_END = 0.02

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Node:
    """A node of the scenario. `conduct`: every behaviour that it had, in order, but honest; empty for an honest node."""

    name: str
    role: str
    conduct: tuple[str, ...]

    @property
    def bent(self) -> bool:
        """Whether it ever misbehaved."""
        return bool(self.conduct)


@dataclass(frozen=True, slots=True)
class Steps:
    """A value that holds from each block until the next. Values are exact whole numbers."""

    blocks: tuple[int, ...]
    values: tuple[int, ...]

    def at(self, blocks: Numbers) -> Numbers:
        """In tokens (SCT) after given blocks; 0 before the first."""
        places = np.searchsorted(np.asarray(self.blocks, dtype=np.float64), blocks, side="right")
        values = np.asarray([0.0, *(value / SCT for value in self.values)])
        return np.asarray(values[places], dtype=np.float64)


@dataclass
class Story:
    """A recording with what several figures need of it."""

    recorded: Recorded

    @cached_property
    def nodes(self) -> list[Node]:
        """The scenario's nodes in its order."""
        conduct: dict[str, list[str]] = defaultdict(list)
        for table in ("nodes", "behaviours"):
            for row in self.recorded[table]:
                if row["behaviour"] not in (*conduct[row["node"]], HONEST, ""):
                    conduct[row["node"]].append(row["behaviour"])
        rows = [row for row in self.recorded["nodes"] if row["role"] != "none"]
        return [Node(row["node"], row["role"], tuple(conduct[row["node"]])) for row in rows]

    def of_role(self, role: str) -> list[Node]:
        """Those of a role."""
        return [node for node in self.nodes if node.role == role]

    @cached_property
    def roles(self) -> list[str]:
        """The roles that there are, in the order of the roles' numbers."""
        known = ("requestor", "trainer", "validator", "challenger")
        return [role for role in known if self.of_role(role)]

    # ── blocks ─────────────────────────────────────────────────────────────────────────────────────────────────────
    @cached_property
    def start(self) -> int:
        """The block in which the first job was posted; without any, the first."""
        blocks = self.recorded["jobs"].column("block") or self.recorded["blocks"].column("block")
        return int(blocks[0]) if blocks else 0

    @cached_property
    def end(self) -> int:
        """The last block."""
        blocks = self.recorded["blocks"].column("block")
        return int(blocks[-1]) if blocks else self.start

    @cached_property
    def posted(self) -> dict[int, int]:
        """The block in which each job was posted."""
        return dict(zip(self.recorded["jobs"].column("job"), self.recorded["jobs"].column("block"), strict=True))

    def grid(self, lines: Iterable[Steps]) -> Numbers:
        """Every block from the start on in which one of the lines changes, thinned out evenly when there are very many, and one
        a little after the end: what the last block changed is to be seen too."""
        found = {block for line in lines for block in line.blocks if block > self.start}
        after = self.end + (self.end - self.start) * _AFTER_END
        blocks = np.asarray(sorted({self.start, after, *found}), dtype=np.float64)
        if len(blocks) <= _MOST_POINTS:
            return blocks
        kept = np.unique(np.linspace(0, len(blocks) - 1, _MOST_POINTS).astype(int))
        return np.asarray(blocks[kept], dtype=np.float64)

    # ── amounts ────────────────────────────────────────────────────────────────────────────────────────────────────
    def column(self, table: str, amount: str) -> dict[str, Steps]:
        """By node, an amount of a table that has a row where it changes."""
        found: dict[str, dict[int, int]] = defaultdict(dict)
        for row in self.recorded[table]:
            found[row["node"]][row["block"]] = row[amount]
        return {node: _steps(values) for node, values in found.items()}

    def pool(self, amount: str) -> Steps:
        """An amount of the table `pools`."""
        return _steps({row["block"]: row[amount] for row in self.recorded["pools"]})

    @cached_property
    def worth(self) -> dict[str, Steps]:
        """By node: tokens, stake, and what it has put up in jobs that it did not claim yet. So posting, joining and challenging
        change nothing; claims do."""
        changes: dict[str, dict[int, int]] = {node.name: defaultdict(int) for node in self.nodes}
        for table, amount in (("balances", "balance"), ("stakes", "stake")):
            last: dict[str, int] = defaultdict(int)
            for row in self.recorded[table]:
                if row["node"] in changes:
                    changes[row["node"]][row["block"]] += row[amount] - last[row["node"]]
                    last[row["node"]] = row[amount]
        for node, block, amount_ in self._put_up():
            if node in changes:
                changes[node][block] += amount_
        return {node: _sums(made) for node, made in changes.items()}

    def _put_up(self) -> list[tuple[str, int, int]]:
        """(node, block, amount): what goes into a job, and, with the claim, out of the node's account of it."""
        terms = {row["job"]: row for row in self.recorded["jobs"]}
        into = [
            (row["requestor"], row["block"], job, row["round_pool"] * (row["rounds"] + 1)) for job, row in terms.items()
        ]
        for row in self.recorded["parts"]:
            if row["part"] == "trainer":
                into.append((row["node"], row["block"], row["job"], terms[row["job"]]["slot_stake"]))
        bond = self.recorded.deployed.rates.challenge_bond
        filed = [row for row in self.recorded["challenges"] if row["side"] == "filer"]
        into += [(row["node"], row["block"], row["job"], bond) for row in filed]
        claimed = {(r["node"], r["job"]): r["block"] for r in self.recorded["payouts"] if r["kind"] == "paid"}
        moves = []
        for node, block, job, amount in into:
            moves.append((node, block, amount))
            if (node, job) in claimed:
                moves.append((node, claimed[node, job], -amount))
        return moves

    def change(self, node: str, blocks: Numbers) -> Numbers:
        """By how many SCT the worth of a node changed since the start."""
        line = self.worth[node]
        before = line.at(np.asarray([self.start], dtype=np.float64))[0]
        return np.asarray(line.at(blocks) - before, dtype=np.float64)


def _steps(values: Mapping[int, int]) -> Steps:
    blocks = sorted(values)
    return Steps(tuple(blocks), tuple(values[block] for block in blocks))


def _sums(changes: Mapping[int, int]) -> Steps:
    total, values = 0, {}
    for block in sorted(changes):
        total += changes[block]
        values[block] = total
    return _steps(values)
