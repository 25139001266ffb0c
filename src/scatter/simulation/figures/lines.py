"""Lines of nodes over blocks: one each for a few, bands for many."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np

from scatter.simulation.figures.series import Node, Numbers, Story
from scatter.simulation.figures.style import DASHES, INK, ROLE_COLOURS, label_ends

MOST_LINES = 30
"""With more nodes than that in a scenario, figures show how they are spread instead of each of them."""
_MOST_LABELS = 12
_ROOM_FOR_NUMBER = 0.03
"""Of the width of a figure."""

Values = Callable[[Node], Numbers]


def draw_nodes(axes: Any, story: Story, nodes: Sequence[Node], blocks: Numbers, values: Values) -> None:
    """The nodes of one role: a line each, named at its end; with more than `MOST_LINES` nodes in the scenario, the median and
    the band between the 10th and the 90th percentile, of those who misbehave by themselves."""
    if len(story.nodes) > MOST_LINES:
        for bent in (False, True):
            group = [node for node in nodes if node.bent is bent]
            if group:
                _band(axes, blocks, np.stack([values(node) for node in group]), ROLE_COLOURS[group[0].role], bent=bent)
        return
    ends = []
    for node in nodes:
        line, colour = values(node), ROLE_COLOURS[node.role]
        axes.step(blocks, line, where="post", color=colour, linestyle=DASHES if node.bent else "-", alpha=0.9)
        ends.append((float(line[-1]), _short(node), colour))
    axes.margins(x=0)
    if len(ends) <= _MOST_LABELS:
        label_ends(axes, ends)


def _band(axes: Any, blocks: Numbers, lines: Any, colour: str, *, bent: bool) -> None:
    low, middle, high = np.percentile(lines, [10, 50, 90], axis=0)
    axes.fill_between(blocks, low, high, step="post", color=colour, alpha=0.16, linewidth=0)
    axes.step(blocks, middle, where="post", color=colour, linestyle=DASHES if bent else "-")
    axes.margins(x=0)


def _short(node: Node) -> str:
    """Within its role's axes the number is enough: `3` of `trainer-3`."""
    return node.name.removeprefix(f"{node.role}-")


def conduct_legend(figure: Any, nodes: Iterable[Node], *, bands: bool) -> None:
    """Below the figure: what solid and dashed lines are."""
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    nodes, entries = list(nodes), list[Any]()
    bent = sorted({conduct for node in nodes for conduct in node.conduct})
    if any(not node.bent for node in nodes) and (bent or bands):
        entries.append(Line2D([], [], color=INK, label="honest, median" if bands else "honest"))
    if bent:
        entries.append(Line2D([], [], color=INK, linestyle=DASHES, label=_listed(bent)))
    if bands:
        entries.append(Patch(color=INK, alpha=0.16, linewidth=0, label="10th to 90th percentile"))
    if entries:
        figure.legend(handles=entries, loc="outside lower left", ncols=len(entries))


def _listed(bent: Sequence[str]) -> str:
    shown = ", ".join(bent[:4])
    return f"misbehaves ({shown}{', …' if len(bent) > 4 else ''})"


def panel_title(axes: Any, role: str, number: int) -> None:
    """A role above its axes, in its colour."""
    plural = role if number == 1 else f"{number} {role}s"
    axes.set_title(plural, color=ROLE_COLOURS[role], fontsize=9)


def job_axis(axes: Any, story: Story, *, named: bool = True) -> None:
    """Blocks, with a tick where a job was posted, and its number where there is room for it. `named`: say so."""
    room = (story.end - story.start) * _ROOM_FOR_NUMBER * axes.get_subplotspec().get_gridspec().ncols
    labels, last = [], -room
    for job, block in sorted(story.posted.items()):
        fits = block - last >= room
        labels.append(str(job) if fits else "")
        last = block if fits else last
    axes.set_xticks(sorted(story.posted.values()), labels)
    if named:
        axes.set_xlabel("blocks; at tick n job n was posted")
