"""Charts of runs: lines over blocks or rounds, by node or by role, thinned to what a screen can show."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scatter.simulation.scenario import HONEST
from scatter.web.record.lines import Line, Lines, Numbers
from scatter.web.record.record import RunRecord
from scatter.web.views.nodes import ROLES

MOST_POINTS = 600
MOST_LINES = 30
"""Beyond so many nodes there are bands."""
BANDS = (10, 50, 90)
AUTO, NODE, ROLE = "auto", "node", "role"


@dataclass(frozen=True, slots=True)
class ChartKind:
    """What a chart shows. `over`: blocks or rounds; `step`: whether a value holds until the next."""

    name: str
    title: str
    about: str
    unit: str
    over: str = "block"
    by_node: bool = True


KINDS: Mapping[str, ChartKind] = {
    kind.name: kind
    for kind in (
        ChartKind("tokens", "Token balance", "What is in each wallet.", "SCT"),
        ChartKind("stake", "Stake", "What each has put up as its ticket.", "SCT"),
        ChartKind("pool", "Challenge pool", "Fees of jurors are paid out of it.", "SCT", by_node=False),
        ChartKind(
            "accuracy", "Learning curve", "How the global model scores at the start of each round, and in the end.", "",
            "round", by_node=False,
        ),
        ChartKind("contributions", "Scores by trainer", "What each update contributed, as it stands.", "", "round"),
        ChartKind("opened", "Scores by validator", "The mean of what each seat said that updates contribute.", "", "round"),
    )
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Series:
    """One line. `values` are as long as the chart's x, None where there is nothing. `band`: the percentile, if it is one of
    three lines around a band; `run`: the number of its run."""

    label: str
    role: str
    bent: bool
    values: Sequence[float | None]
    run: int
    band: int | None = None


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart that can be drawn. `ticks`: names of x, where it is no block."""

    kind: ChartKind
    x: Sequence[float]
    series: Sequence[Series]
    ticks: Sequence[str] = ()
    bands: bool = False

    def to_json(self) -> dict[str, Any]:
        """As JSON values."""
        return {
            "name": self.kind.name,
            "title": self.kind.title,
            "unit": self.kind.unit,
            "over": self.kind.over,
            "bands": self.bands,
            "x": list(self.x),
            "ticks": list(self.ticks),
            "series": [
                {
                    "label": one.label,
                    "role": one.role,
                    "bent": one.bent,
                    "run": one.run,
                    "band": one.band,
                    "values": list(one.values),
                }
                for one in self.series
            ],
        }

    def rows(self) -> list[list[Any]]:
        """A table of it: x and every line, the first row their names."""
        head = [self.kind.over, *(one.label for one in self.series)]
        columns = [self.ticks or self.x, *(one.values for one in self.series)]
        return [head, *(["" if value is None else value for value in row] for row in zip(*columns, strict=True))]


@dataclass(frozen=True, slots=True)
class Run:
    """A run that is drawn: its number, and its record."""

    number: int
    record: RunRecord


@dataclass(frozen=True, slots=True)
class _Who:
    name: str
    role: str
    bent: bool


def chart(
    name: str, runs: Sequence[Run], by: str = AUTO, first: float | None = None, last: float | None = None
) -> Chart:
    """A chart of one or several runs. `first` and `last` bound x. LookupError for a chart that there is not."""
    if name not in KINDS:
        raise LookupError(f"there is no chart {name!r}; there are {', '.join(KINDS)}")
    kind = KINDS[name]
    if kind.over == "round":
        return _over_rounds(kind, runs, by)
    return _over_blocks(kind, runs, by, first, last)


def _over_blocks(kind: ChartKind, runs: Sequence[Run], by: str, first: float | None, last: float | None) -> Chart:
    lines = {run.number: _lines(kind, run.record) for run in runs}
    blocks = _grid([line for one in lines.values() for line in one.values()], runs, first, last)
    series: list[Series] = []
    bands = False
    for run in runs:
        drawn = lines[run.number]
        end = run.record.block
        values = {name: _until(line.at(blocks), blocks, end) for name, line in drawn.items()}
        made, banded = _series(kind, run, values, by, len(runs) > 1)
        series += made
        bands = bands or banded
    return Chart(kind, [float(block) for block in blocks], series, bands=bands)


def _lines(kind: ChartKind, record: RunRecord) -> Lines:
    if kind.name == "pool":
        line = Line()
        for block, amount in zip(
            record["pools"].column("block"), record["pools"].column("challenge_pool"), strict=True
        ):
            line.add(block, amount)
        return {"challenge pool": line}
    named = {who.name for who in _who(record)}
    found = record.balances if kind.name == "tokens" else record.stakes
    return {name: line for name, line in found.items() if name in named}


def _grid(lines: Sequence[Line], runs: Sequence[Run], first: float | None, last: float | None) -> Numbers:
    """Blocks in which some line changes, from the first job on, thinned evenly when there are many."""
    starts = [run.record["jobs"].column("block")[0] for run in runs if len(run.record["jobs"])]
    start = min(starts, default=0) if first is None else first
    end = max((run.record.block for run in runs), default=0) if last is None else last
    longest = sorted(lines, key=lambda line: -len(line.blocks))[:200]
    found = [np.array(line.blocks, dtype=np.float64) for line in longest]
    blocks = np.unique(np.concatenate([*found, np.asarray([start, end], dtype=np.float64)]))
    blocks = blocks[(blocks >= start) & (blocks <= end)]
    if len(blocks) > MOST_POINTS:
        blocks = blocks[np.unique(np.linspace(0, len(blocks) - 1, MOST_POINTS).astype(int))]
    return np.asarray(blocks, dtype=np.float64)


def _until(values: Numbers, blocks: Numbers, end: int) -> Numbers:
    return np.where(blocks <= end, values, np.nan)


def _who(record: RunRecord) -> list[_Who]:
    bent = {row["node"] for row in record["behaviours"] if row["behaviour"] != HONEST}
    return [
        _Who(row["node"], row["role"], row["node"] in bent or row["behaviour"] != HONEST)
        for row in record["nodes"]
        if row["role"] != "none"
    ]


def _series(
    kind: ChartKind, run: Run, values: Mapping[str, Numbers], by: str, several: bool
) -> tuple[list[Series], bool]:
    """Lines of a run, and whether they are bands."""
    label = f"run {run.number} · " if several else ""
    if not kind.by_node:
        return [
            Series(f"{label}{name}", "none", False, _numbers(line), run.number) for name, line in values.items()
        ], False
    shown = [who for who in _who(run.record) if who.name in values]
    if by == NODE or (by == AUTO and len(shown) <= MOST_LINES and not several):
        return [Series(f"{label}{w.name}", w.role, w.bent, _numbers(values[w.name]), run.number) for w in shown], False
    made: list[Series] = []
    for role, bent in ((role, bent) for role in ROLES for bent in (False, True)):
        own = [values[who.name] for who in shown if (who.role, who.bent) == (role, bent)]
        if own:
            name = f"{label}{'misbehaving ' if bent else ''}{role}s"
            made += _band(name, role, bent, np.vstack(own), run.number)
    return made, True


def _band(name: str, role: str, bent: bool, values: Numbers, run: int) -> list[Series]:
    with np.errstate(all="ignore"):
        empty = np.isnan(values).all(axis=0)
        filled = np.where(empty, 0.0, values)
        found = np.nanpercentile(filled, BANDS, axis=0)
    return [
        Series(f"{name}, p{percent}", role, bent, _numbers(np.where(empty, np.nan, line)), run, percent)
        for percent, line in zip(BANDS, found, strict=True)
    ]


def _numbers(values: NDArray[np.float64]) -> list[float | None]:
    return [None if np.isnan(value) else round(float(value), 9) for value in values]


_Point = tuple[str, tuple[int, int], float]
"""Whose it is, (job, round), and the value."""


def _over_rounds(kind: ChartKind, runs: Sequence[Run], by: str) -> Chart:
    points = {run.number: _POINTS[kind.name](run.record) for run in runs}
    places = sorted({place for found in points.values() for _, place, _ in found})
    x = {place: index for index, place in enumerate(places)}
    series: list[Series] = []
    bands = False
    for run in runs:
        values: dict[str, Numbers] = {}
        for name, place, value in points[run.number]:
            values.setdefault(name, np.full(len(places), np.nan))[x[place]] = value
        made, banded = _series(kind, run, values, by, len(runs) > 1)
        series += made
        bands = bands or banded
    ends = _ends(runs)
    ticks = [f"{job} · {'end' if (job, round_) in ends else round_}" for job, round_ in places]
    return Chart(kind, [float(index) for index in range(len(places))], series, ticks, bands)


def _ends(runs: Sequence[Run]) -> set[tuple[int, int]]:
    return {(row["job"], row["round"]) for run in runs for row in run.record["metrics"] if row["source"] == "final"}


def _accuracy(record: RunRecord) -> list[_Point]:
    return [("global model", (row["job"], row["round"]), row["metric"]) for row in record["metrics"]]


def _contributions(record: RunRecord) -> list[_Point]:
    latest: dict[tuple[str, tuple[int, int]], float] = {}
    for row in record["settled_scores"]:
        if row["contribution"] is not None:
            latest[row["trainer"], (row["job"], row["round"])] = row["contribution"] / 100_000
    return [(trainer, place, value) for (trainer, place), value in latest.items()]


def _opened(record: RunRecord) -> list[_Point]:
    said: dict[tuple[str, tuple[int, int]], list[float]] = {}
    for row in record["opened_scores"]:
        if row["contribution"] is not None:
            said.setdefault((row["node"], (row["job"], row["round"])), []).append(row["contribution"] / 100_000)
    return [(node, place, sum(values) / len(values)) for (node, place), values in said.items()]


_POINTS: Mapping[str, Callable[[RunRecord], list[_Point]]] = {
    "accuracy": _accuracy,
    "contributions": _contributions,
    "opened": _opened,
}
