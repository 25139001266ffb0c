"""Figures of tokens: who earned, who lost, what is staked, what the challenge pool has."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from scatter.simulation.figures.lines import MOST_LINES, conduct_legend, draw_nodes, job_axis, panel_title
from scatter.simulation.figures.series import Node, Numbers, Steps, Story
from scatter.simulation.figures.style import POOL_COLOUR, ROLE_COLOURS, label_ends, new_figure

_NOTHING = Steps((), ())


def earnings_by_node(story: Story) -> Any | None:
    """Tokens, stake and what is put up in jobs, against the beginning of the first job."""
    if not story.recorded["jobs"]:
        return None
    blocks = story.grid(story.worth.values())
    figure = _by_role(
        story, story.roles, "Who earned and who lost tokens?", blocks, lambda node: story.change(node.name, blocks)
    )
    for axes in figure.axes:
        axes.axhline(0, color="#888888", linewidth=0.8, zorder=0.5)
    figure.supylabel("tokens, stake and what is put up in jobs: change, SCT", fontsize=8.5)
    return figure


def balances_by_node(story: Story) -> Any | None:
    """Wallets as they are."""
    lines = story.column("balances", "balance")
    if not story.nodes:
        return None
    blocks = story.grid(lines.values())
    figure = _by_role(
        story,
        story.roles,
        "How many tokens did each node have in its wallet?",
        blocks,
        lambda node: lines.get(node.name, _NOTHING).at(blocks),
    )
    figure.supylabel("balance, SCT", fontsize=8.5)
    return figure


def stakes_by_node(story: Story) -> Any | None:
    """Tickets, of the roles that have any."""
    lines = story.column("stakes", "stake")
    roles = [role for role in story.roles if any(node.name in lines for node in story.of_role(role))]
    if not roles:
        return None
    blocks = story.grid(lines.values())
    figure = _by_role(
        story, roles, "Who lost stake?", blocks, lambda node: lines.get(node.name, _NOTHING).at(blocks), only=set(lines)
    )
    figure.supylabel("stake, SCT", fontsize=8.5)
    return figure


def _by_role(
    story: Story,
    roles: Sequence[str],
    title: str,
    blocks: Numbers,
    values: Callable[[Node], Numbers],
    only: set[str] | None = None,
) -> Any:
    """One panel for each role, each with a scale of its own."""
    columns = 1 if len(roles) == 1 else 2
    rows = -(-len(roles) // columns)
    figure, grid = new_figure(title, 0.9 + 2.05 * rows, rows, columns, squeeze=False, sharex=True)
    shown: list[Node] = []
    for place, (axes, role) in enumerate(zip(grid.flat, roles, strict=False)):
        nodes = [node for node in story.of_role(role) if only is None or node.name in only]
        _thousands(axes)
        axes.grid(axis="y")
        draw_nodes(axes, story, nodes, blocks, values)
        panel_title(axes, role, len(nodes))
        axes.tick_params(labelbottom=True)
        job_axis(axes, story, named=place >= len(roles) - columns)
        shown += nodes
    for axes in grid.flat[len(roles) :]:
        axes.remove()
    conduct_legend(figure, shown, bands=len(story.nodes) > MOST_LINES)
    return figure


def earnings_by_role(story: Story) -> Any | None:
    """What all nodes of a role gained together; with the challenge pool that is nothing, but for what jobs hold and owe."""
    if not story.recorded["jobs"]:
        return None
    pool = story.pool("challenge_pool")
    blocks = story.grid([*story.worth.values(), pool])
    figure, axes = new_figure("Which roles gained, and which paid for it?", 3.4)
    axes.axhline(0, color="#888888", linewidth=0.8, zorder=0.5)
    ends = []
    for role in story.roles:
        total = np.sum([story.change(node.name, blocks) for node in story.of_role(role)], axis=0)
        axes.step(blocks, total, where="post", color=ROLE_COLOURS[role])
        ends.append((float(total[-1]), f"{role}s", ROLE_COLOURS[role]))
    start = pool.at(np.asarray([story.start], dtype=np.float64))[0]
    kept = pool.at(blocks) - start
    axes.step(blocks, kept, where="post", color=POOL_COLOUR, linestyle=":")
    ends.append((float(kept[-1]), "challenge pool", POOL_COLOUR))
    axes.margins(x=0)
    _thousands(axes)
    axes.grid(axis="y")
    axes.set_ylabel("change of all its nodes together, SCT")
    job_axis(axes, story)
    label_ends(axes, ends, size=8.5)
    return figure


def challenge_pool(story: Story) -> Any | None:
    """The pool over time: claims fill it, jurors' fees come out of it."""
    pool = story.pool("challenge_pool")
    if not any(pool.values):
        return None
    blocks = story.grid([pool])
    line = pool.at(blocks)
    figure, axes = new_figure("How did the challenge pool grow?", 2.9)
    axes.fill_between(blocks, 0, line, step="post", color=POOL_COLOUR, alpha=0.18, linewidth=0)
    axes.step(blocks, line, where="post", color=POOL_COLOUR)
    axes.set_ylim(bottom=0)
    axes.margins(x=0)
    _thousands(axes)
    axes.grid(axis="y")
    axes.set_ylabel("challenge pool, SCT")
    job_axis(axes, story)
    label_ends(axes, [(float(line[-1]), f"{line[-1]:,.0f} SCT", POOL_COLOUR)], size=8.5)
    return figure


def _thousands(axes: Any) -> None:
    axes.yaxis.get_major_locator().set_params(integer=True, min_n_ticks=1)  # 0 once, where nothing changes
    axes.yaxis.set_major_formatter("{x:,.0f}")
