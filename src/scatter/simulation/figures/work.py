"""Figures of work: what calls cost, which part of a job costs most, where jobs spend their time."""

from collections import Counter, defaultdict
from statistics import median
from typing import Any

import numpy as np

from scatter.simulation.figures.series import Story
from scatter.simulation.figures.style import INK, ROLE_COLOURS, new_figure

_SETTING_UP = frozenset({"None", "Open", "Drawing", "Keying"})
_DISPUTES = frozenset({"Challenging", "Judging"})
_ENDED = frozenset({"Settled", "Defaulted", "Cancelled"})
_DOTS = "#0072B2"
_TIMES = (
    *((0, "0"), (10, "10 s"), (60, "1 min"), (600, "10 min"), (3_600, "1 h"), (6 * 3_600, "6 h")),
    *((86_400, "1 d"), (7 * 86_400, "7 d"), (30 * 86_400, "30 d"), (365 * 86_400, "1 a")),
)
_WAY = ("Open", "Drawing", "Keying", "Training", "Revealing", "Committing", "Opening", "Aggregating", "Challenging")


def gas_by_function(story: Story) -> Any | None:
    """Every function that succeeded at least once: median, least and most."""
    found: dict[str, list[int]] = defaultdict(list)
    senders: dict[str, Counter[str]] = defaultdict(Counter)
    for row in story.recorded["transactions"]:
        if row["error"] is None:
            found[row["function"]].append(row["gas"])
            senders[row["function"]][row["role"]] += 1
    if not found:
        return None
    names = sorted(found, key=lambda name: (median(found[name]), name))
    figure, axes = new_figure("What does each call cost?", 0.9 + 0.21 * len(names))
    for y, name in enumerate(names):
        colour = ROLE_COLOURS[senders[name].most_common(1)[0][0]] if len(senders[name]) == 1 else INK
        least, middle, most = min(found[name]) / 1e3, median(found[name]) / 1e3, max(found[name]) / 1e3
        axes.plot([least, most], [y, y], color=colour, linewidth=2.2, alpha=0.45, solid_capstyle="round")
        axes.plot([middle], [y], color=colour, marker="o", markersize=5)
        axes.annotate(
            f"{len(found[name]):,} ×", (1.01, y), xycoords=("axes fraction", "data"), va="center", fontsize=7.5
        )
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(-0.6, len(names) - 0.4)
    axes.set_xlim(left=0)
    axes.xaxis.set_major_formatter("{x:,.0f}")
    axes.set_xlabel("thousand gas of one transaction: median (dot), least to most (bar)")
    axes.grid(axis="x")
    used = [role for role in ROLE_COLOURS if any(set(senders[name]) == {role} for name in names)]
    _role_legend(axes, used, "several roles" if any(len(senders[name]) > 1 for name in names) else None)
    return figure


def _role_legend(axes: Any, roles: list[str], several: str | None) -> None:
    from matplotlib.lines import Line2D

    entries = [Line2D([], [], color=ROLE_COLOURS[r], marker="o", linestyle="", label=_role(r)) for r in roles]
    if several:
        entries.append(Line2D([], [], color=INK, marker="o", linestyle="", label=several))
    axes.legend(handles=entries, loc="lower right", frameon=True, edgecolor="none", framealpha=0.9, handletextpad=0.2)


def _role(role: str) -> str:
    return "others" if role == "none" else role


def gas_by_round(story: Story) -> Any | None:
    """All transactions about jobs, failed ones too: by part of the job and role of the sender, for an average job."""
    spent: dict[str, Counter[str]] = defaultdict(Counter)
    for row in story.recorded["transactions"]:
        if row["job"] is not None:
            spent[_part(row["state"], row["round"])][row["role"]] += row["gas"]
    if not spent:
        return None
    rounds = sorted((part for part in spent if part.startswith("round")), key=lambda part: int(part.split()[1]))
    parts = [part for part in ("setting up", *rounds, "disputes", "claims") if part in spent]
    figure, axes = new_figure("Which part of a job takes how much gas, and from whom?", 3.2)
    jobs, bottom = len(story.recorded["jobs"]), np.zeros(len(parts))
    for role in ROLE_COLOURS:
        heights = np.asarray([spent[part][role] / jobs / 1e6 for part in parts])
        if heights.any():
            axes.bar(
                parts,
                heights,
                0.62,
                bottom=bottom,
                color=ROLE_COLOURS[role],
                label=_role(role),
                edgecolor="white",
                linewidth=0.5,
            )
            bottom += heights
    for x, height in enumerate(bottom):
        axes.annotate(f"{height:.2f}", (x, height), (0, 2), textcoords="offset points", ha="center", fontsize=7.5)
    axes.set_ylabel("million gas in an average job" if jobs > 1 else "million gas")
    axes.tick_params(axis="x", length=0, rotation=0 if len(parts) <= 9 else 60)
    axes.margins(y=0.12)
    axes.grid(axis="y")
    figure.legend(loc="outside right center")
    return figure


def _part(state: str, round_: int) -> str:
    if state in _SETTING_UP:
        return "setting up"
    if state in _DISPUTES:
        return "disputes"
    return "claims" if state in _ENDED else f"round {round_}"


def time_in_states(story: Story) -> Any | None:
    """For each state, how long every job was in it, all rounds together; phases of Judging by themselves."""
    spent: dict[str, Counter[int]] = defaultdict(Counter)
    for row in story.recorded["durations"]:
        name = row["state"] if row["phase"] is None else f"{row['state']}: {row['phase'].lower()}"
        spent[name][row["job"]] += row["seconds"]
    if not spent:
        return None
    order = {name: place for place, name in enumerate(_WAY)}
    names = sorted(spent, key=lambda name: order.get(name, len(order)))
    total = sum(jobs.total() for jobs in spent.values())
    figure, axes = new_figure("Where did jobs spend their time?", 1.0 + 0.25 * len(names))
    for y, name in enumerate(names):
        values = sorted(spent[name].values())
        axes.plot(values, [y] * len(values), color=_DOTS, marker="o", linestyle="", alpha=0.3, markeredgewidth=0)
        axes.plot([median(values)], [y], color=INK, marker="|", markersize=12, markeredgewidth=1.8)
        share = f"{spent[name].total() / max(total, 1):.1%}"
        axes.annotate(share, (1.08, y), xycoords=("axes fraction", "data"), va="center", ha="right", fontsize=7.5)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
    axes.annotate(
        "of all time", (1.08, 1), (0, 3), "axes fraction", textcoords="offset points", ha="right", fontsize=7.5
    )
    _time_axis(axes, max(max(jobs.values()) for jobs in spent.values()))
    axes.set_xlabel("chain time in all rounds of a job, logarithmic: each job (dot), median (tick)")
    axes.grid(axis="both")
    return figure


def _time_axis(axes: Any, longest: int) -> None:
    """Logarithmic from ten seconds on, so that nothing (0) has a place too."""
    axes.set_xscale("symlog", linthresh=10, linscale=0.6)
    shown = [tick for tick, _ in _TIMES if tick <= longest * 1.05]
    axes.set_xticks(shown, [text for tick, text in _TIMES if tick in shown])
    axes.set_xticks([], minor=True)
    axes.set_xlim(-0.6, max(longest * 1.4, 20))
