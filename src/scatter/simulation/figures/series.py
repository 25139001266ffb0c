"""A recording as lines over time: who had what, when."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from scatter.protocol.ids import SCT
from scatter.simulation.recording.recorded import Recorded

HONEST = "honest"
_UNITS = ((2 * 86_400, 86_400, "days"), (2 * 3_600, 3_600, "hours"), (0, 60, "minutes"))
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
    """A value that holds from each time (seconds) until the next. Values are exact whole numbers."""

    times: tuple[int, ...]
    values: tuple[int, ...]

    def at(self, times: Numbers) -> Numbers:
        """In tokens (SCT) at given times; 0 before the first."""
        places = np.searchsorted(np.asarray(self.times, dtype=np.float64), times, side="right")
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

    # ── time ───────────────────────────────────────────────────────────────────────────────────────────────────────
    @cached_property
    def start(self) -> int:
        """When the first job was posted; without any, when the recording began. Seconds since 1970."""
        times = self.recorded["jobs"].column("time") or self.recorded["blocks"].column("time")
        return int(times[0]) if times else 0

    @cached_property
    def end(self) -> int:
        """When the last block was mined."""
        times = self.recorded["blocks"].column("time")
        return int(times[-1]) if times else self.start

    @property
    def unit(self) -> tuple[int, str]:
        """The unit of the axis of time: its seconds, and its name."""
        span = self.end - self.start
        return next((seconds, name) for least, seconds, name in _UNITS if span >= least)

    def axis(self, times: Numbers) -> Numbers:
        """Times on that axis, 0 at the start."""
        return np.asarray((times - self.start) / self.unit[0], dtype=np.float64)

    def grid(self, lines: Iterable[Steps]) -> Numbers:
        """Every time from the start on at which one of the lines changes, thinned out evenly when there are very many, and one
        a little after the end: what the last block changed is to be seen too."""
        found = {time for line in lines for time in line.times if time > self.start}
        after = self.end + (self.end - self.start) * _AFTER_END
        times = np.asarray(sorted({self.start, after, *found}), dtype=np.float64)
        if len(times) <= _MOST_POINTS:
            return times
        kept = np.unique(np.linspace(0, len(times) - 1, _MOST_POINTS).astype(int))
        return np.asarray(times[kept], dtype=np.float64)

    # ── amounts ────────────────────────────────────────────────────────────────────────────────────────────────────
    def column(self, table: str, amount: str) -> dict[str, Steps]:
        """By node, an amount of a table that has a row where it changes."""
        found: dict[str, dict[int, int]] = defaultdict(dict)
        for row in self.recorded[table]:
            found[row["node"]][row["time"]] = row[amount]
        return {node: _steps(values) for node, values in found.items()}

    def pool(self, amount: str) -> Steps:
        """An amount of the table `pools`."""
        return _steps({row["time"]: row[amount] for row in self.recorded["pools"]})

    @cached_property
    def worth(self) -> dict[str, Steps]:
        """By node: tokens, stake, and what it has put up in jobs that it did not claim yet. So posting, joining and challenging
        change nothing; claims do."""
        changes: dict[str, dict[int, int]] = {node.name: defaultdict(int) for node in self.nodes}
        for table, amount in (("balances", "balance"), ("stakes", "stake")):
            last: dict[str, int] = defaultdict(int)
            for row in self.recorded[table]:
                if row["node"] in changes:
                    changes[row["node"]][row["time"]] += row[amount] - last[row["node"]]
                    last[row["node"]] = row[amount]
        for node, time, amount_ in self._put_up():
            if node in changes:
                changes[node][time] += amount_
        return {node: _sums(made) for node, made in changes.items()}

    def _put_up(self) -> list[tuple[str, int, int]]:
        """(node, time, amount): what goes into a job, and, with the claim, out of the node's account of it."""
        terms = {row["job"]: row for row in self.recorded["jobs"]}
        into = [
            (row["requestor"], row["time"], job, row["round_pool"] * (row["rounds"] + 1)) for job, row in terms.items()
        ]
        for row in self.recorded["parts"]:
            if row["part"] == "trainer":
                into.append((row["node"], row["time"], row["job"], terms[row["job"]]["slot_stake"]))
        bond = self.recorded.deployed.rates.challenge_bond
        filed = [row for row in self.recorded["challenges"] if row["side"] == "filer"]
        into += [(row["node"], row["time"], row["job"], bond) for row in filed]
        claimed = {(r["node"], r["job"]): r["time"] for r in self.recorded["payouts"] if r["kind"] == "paid"}
        moves = []
        for node, time, job, amount in into:
            moves.append((node, time, amount))
            if (node, job) in claimed:
                moves.append((node, claimed[node, job], -amount))
        return moves

    def change(self, node: str, times: Numbers) -> Numbers:
        """By how many SCT the worth of a node changed since the start."""
        line = self.worth[node]
        before = line.at(np.asarray([self.start], dtype=np.float64))[0]
        return np.asarray(line.at(times) - before, dtype=np.float64)


def _steps(values: Mapping[int, int]) -> Steps:
    times = sorted(values)
    return Steps(tuple(times), tuple(values[time] for time in times))


def _sums(changes: Mapping[int, int]) -> Steps:
    total, values = 0, {}
    for time in sorted(changes):
        total += changes[time]
        values[time] = total
    return _steps(values)
