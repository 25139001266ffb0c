"""Figures of learning: whether models got better, and by whom."""

from collections import defaultdict
from typing import Any

import numpy as np

from scatter.simulation.figures.series import Node, Story
from scatter.simulation.figures.style import INK, new_figure
from scatter.simulation.recording.scoring import FINAL, JUDGED

_MOST_JOBS = 12
_MOST_NAMES = 45
_FEW_CELLS = 100
_Curves = dict[int, list[tuple[int, float, str]]]
_BLANK = "#DADADA"
_STRUCK = "#3A3A3A"


def learning_curves(story: Story) -> Any | None:
    """The metric at the start of each round, as settled; the last model's, where it was measured."""
    curves: _Curves = defaultdict(list)
    for row in story.recorded["metrics"]:
        curves[row["job"]].append((row["round"], row["metric"], row["source"]))
    if not curves:
        return None
    figure, axes = new_figure("Did the global model get better every round?", 3.3)
    if len(curves) <= _MOST_JOBS:
        _curve_each(axes, curves)
    else:
        _curve_band(axes, curves)
    last = max(round_ for points in curves.values() for round_, _, _ in points)
    ends = {source for points in curves.values() for round_, _, source in points if round_ == last} == {FINAL}
    axes.set_xticks(range(1, last + 1), [*map(str, range(1, last)), "end" if ends else str(last)])
    axes.set_xlabel("at the start of round" + ("; at the end (◆) on the whole evaluation" if _finals(curves) else ""))
    axes.set_ylabel("metric of the global model")
    axes.grid(axis="y")
    return figure


def _finals(curves: _Curves) -> bool:
    return any(source == FINAL for points in curves.values() for _, _, source in points)


def _curve_each(axes: Any, curves: _Curves) -> None:
    from matplotlib import colormaps

    shades = colormaps["viridis"](np.linspace(0.0, 0.85, len(curves)))
    for colour, (job, points) in zip(shades, sorted(curves.items()), strict=True):
        rounds, values = [p[0] for p in points], [p[1] for p in points]
        axes.plot(rounds, values, color=colour, marker="o", markersize=3.2, label=f"job {job}")
        final = [(round_, value) for round_, value, source in points if source == FINAL]
        axes.plot([p[0] for p in final], [p[1] for p in final], color=colour, marker="D", markersize=5.5, linestyle="")
    if len(curves) > 1:
        axes.figure.legend(loc="outside right center")


def _curve_band(axes: Any, curves: _Curves) -> None:
    by_round: dict[int, list[float]] = defaultdict(list)
    for points in curves.values():
        for round_, value, _ in points:
            by_round[round_].append(value)
    rounds = sorted(by_round)
    low, middle, high = (np.asarray([np.percentile(by_round[r], p) for r in rounds]) for p in (10, 50, 90))
    axes.fill_between(
        rounds, low, high, color="#0072B2", alpha=0.16, linewidth=0, label="10th to 90th percentile of jobs"
    )
    axes.plot(rounds, middle, color="#0072B2", marker="o", markersize=3, label=f"median of {len(curves)} jobs")
    axes.legend(loc="best")


def contributions(story: Story) -> Any | None:
    """Settled contributions, as verdicts left them: trainers by rounds of all jobs."""
    cells: dict[tuple[str, int, int], float | None] = {}
    for row in sorted(story.recorded["settled_scores"], key=lambda row: row["stage"] != JUDGED, reverse=True):
        value = row["contribution"]
        cells[row["trainer"], row["job"], row["round"]] = None if value is None else value / 1e5
    seen = {trainer for trainer, _, _ in cells}
    trainers = [node for node in story.nodes if node.name in seen]
    trainers.sort(key=lambda node: node.bent)
    if not trainers:
        return None
    rounds = sorted({(job, round_) for _, job, round_ in cells})
    height = 1.5 + (0.2 if len(trainers) <= _MOST_NAMES else 4.0 / len(trainers)) * len(trainers)
    figure, axes = new_figure("Which trainers made the model better?", min(height, 8.5))
    _heat(figure, axes, np.asarray([[_value(cells, t, *r) for r in rounds] for t in trainers]))
    struck = [
        (x, y) for y, t in enumerate(trainers) for x, r in enumerate(rounds) if cells.get((t.name, *r), 0.0) is None
    ]
    axes.scatter(*zip(*struck, strict=True), marker="x", color=_STRUCK, s=14, linewidth=0.9) if struck else None
    _heat_axes(axes, trainers, rounds)
    blank = any((t.name, *r) not in cells for t in trainers for r in rounds)
    notes = "   ".join(["grey: no update"] * blank + ["×: struck out (a copy or unreadable)"] * bool(struck))
    axes.annotate(notes, (0, 1), (0, 4), "axes fraction", textcoords="offset points", fontsize=7.5, color=INK)
    return figure


def _value(cells: dict[tuple[str, int, int], float | None], trainer: Node, job: int, round_: int) -> float:
    value = cells.get((trainer.name, job, round_))
    return np.nan if value is None else value


def _heat(figure: Any, axes: Any, values: Any) -> None:
    """Blue adds, red takes away, white is nothing; of many, the colour of the largest fiftieth is full."""
    known = np.abs(values[~np.isnan(values)])
    most = float(np.percentile(known, 98 if known.size > _FEW_CELLS else 100)) if known.size else 0.0
    most = most or 1e-5
    axes.set_facecolor(_BLANK)
    image = axes.imshow(values, cmap="RdBu", vmin=-most, vmax=most, aspect="auto", interpolation="nearest")
    beyond = bool(known.size and known.max() > most)
    bar = figure.colorbar(image, ax=axes, pad=0.015, aspect=30, extend="both" if beyond else "neither")
    bar.set_label("contribution to the metric")
    bar.outline.set_visible(False)


def _heat_axes(axes: Any, trainers: list[Node], rounds: list[tuple[int, int]]) -> None:
    if len(trainers) <= _MOST_NAMES:
        names = [f"{t.name} ({', '.join(t.conduct)})" if t.bent else t.name for t in trainers]
        axes.set_yticks(range(len(trainers)), names)
    else:
        honest = sum(not trainer.bent for trainer in trainers)
        axes.set_yticks([])
        axes.set_ylabel(f"{honest} honest trainers, {len(trainers) - honest} that misbehave below")
    if 0 < (honest := sum(not trainer.bent for trainer in trainers)) < len(trainers):
        axes.axhline(honest - 0.5, color=INK, linewidth=0.8)
    jobs = sorted({job for job, _ in rounds})
    places = {job: [x for x, (of, _) in enumerate(rounds) if of == job] for job in jobs}
    for job in jobs[1:]:
        axes.axvline(places[job][0] - 0.5, color="white", linewidth=2.5)
    every = -(-len(jobs) // 20)
    shown = jobs[::every]
    axes.set_xticks([float(np.mean(places[job])) for job in shown], [str(job) for job in shown])
    axes.set_xlabel("job, its rounds from left to right")
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
