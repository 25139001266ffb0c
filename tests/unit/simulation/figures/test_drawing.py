"""What is drawn: the right lines, in the right colours, the same bytes every time."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.collections import FillBetweenPolyCollection
from matplotlib.colors import to_hex
from matplotlib.text import Text

from scatter.simulation.figures import lines, tokens
from scatter.simulation.figures.drawing import FIGURES, draw_all
from scatter.simulation.figures.series import Story
from scatter.simulation.figures.style import ROLE_COLOURS, label_ends, new_figure, shortened, styled
from scatter.simulation.recording.recorded import Recorded
from scatter.simulation.recording.rows import Rows, empty_tables
from scatter.simulation.recording.schema import TABLES


@pytest.fixture
def story(recorded: Recorded) -> Iterator[Story]:
    with styled():
        yield Story(recorded)


def with_rows(recorded: Recorded, table: str, change: Callable[[dict[str, Any]], list[dict[str, Any]]]) -> Story:
    """The same story but for one table: each row becomes these."""
    rows = Rows(TABLES[table])
    for row in recorded[table]:
        for other in change(row):
            rows.add(**other)
    return Story(Recorded({**recorded.tables, table: rows}, recorded.deployed))


def role_lines(axes: Any, role: str) -> list[Any]:
    return [line for line in axes.lines if to_hex(line.get_color()) == ROLE_COLOURS[role].lower()]


def dashed(line: Any) -> bool:
    return bool(line.get_linestyle() == "--")


def test_every_figure_has_a_question_for_its_title(story: Story) -> None:
    titles = set()
    for make in FIGURES.values():
        figure = make(story)
        assert figure is not None
        titles.add(figure.get_suptitle())
    assert len(titles) == len(FIGURES)
    assert all(title.endswith("?") for title in titles)


def test_files_are_the_same_every_time(recorded: Recorded, tmp_path: Path) -> None:
    told: list[str] = []
    files = draw_all(recorded, tmp_path / "one", progress=told.append)
    assert [file.name for file in files] == [f"{name}.{kind}" for name in FIGURES for kind in ("png", "svg")]
    assert sorted(files) == sorted((tmp_path / "one").iterdir())
    assert told == list(FIGURES)
    with mpl.rc_context({"font.size": 20, "axes.grid": True, "svg.hashsalt": None}):
        again = draw_all(recorded, tmp_path / "two")
    assert [file.read_bytes() for file in files] == [file.read_bytes() for file in again]
    assert all(file.read_bytes().startswith(b"\x89PNG") for file in files if file.suffix == ".png")
    assert b"<dc:date>" not in b"".join(file.read_bytes() for file in files)


def test_a_recording_of_nothing_draws_nothing(recorded: Recorded, tmp_path: Path) -> None:
    assert draw_all(Recorded(empty_tables(), recorded.deployed), tmp_path) == []


# ── tokens ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize("name", ["earnings-by-node", "balances"])
def test_a_line_for_each_node_in_the_colour_of_its_role(story: Story, name: str) -> None:
    figure = FIGURES[name](story)
    assert figure is not None
    for axes, role in zip(figure.axes, story.roles, strict=True):
        drawn, nodes = role_lines(axes, role), story.of_role(role)
        assert [dashed(line) for line in drawn] == [node.bent for node in nodes]
    (legend,) = figure.legends
    assert [text.get_text() for text in legend.get_texts()] == ["honest", "misbehaves (colluding, lazy)"]


def test_lines_end_at_what_was_earned(story: Story) -> None:
    figure = FIGURES["earnings-by-node"](story)
    assert figure is not None
    trainers = figure.axes[story.roles.index("trainer")]
    for line, node in zip(role_lines(trainers, "trainer"), story.of_role("trainer"), strict=True):
        expected = story.change(node.name, np.asarray([float(story.end)]))[0]
        assert line.get_ydata()[-1] == pytest.approx(expected)
        assert line.get_drawstyle() == "steps-post"


def test_amounts_are_written_once_where_nobody_gained_anything() -> None:
    with styled():
        figure, axes = new_figure("Who gained?", 2.0)
        axes.plot([0, 1], [0, 0])
        tokens._thousands(axes)
        figure.canvas.draw()
    labels = [text.get_text() for text in axes.get_yticklabels()]
    assert "0" in labels
    assert len(set(labels)) == len(labels)


def test_all_honest_needs_no_legend(recorded: Recorded) -> None:
    with styled():
        figure = FIGURES["stakes"](with_rows(recorded, "behaviours", lambda row: []))
    assert figure is not None
    assert not figure.legends


def test_stakes_are_of_those_who_stake(story: Story) -> None:
    figure = FIGURES["stakes"](story)
    assert figure is not None
    assert [axes.get_title(loc="left") for axes in figure.axes] == ["7 validators", "5 challengers"]
    lowest = min(line.get_ydata().min() for line in role_lines(figure.axes[0], "validator"))
    assert lowest == pytest.approx(20_000), "two lost their lock"


def test_many_nodes_are_a_band(story: Story, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "MOST_LINES", 3)
    monkeypatch.setattr("scatter.simulation.figures.tokens.MOST_LINES", 3)
    figure = FIGURES["earnings-by-node"](story)
    assert figure is not None
    for axes, role in zip(figure.axes, story.roles, strict=True):
        groups = {node.bent for node in story.of_role(role)}
        assert len(role_lines(axes, role)) == len(groups)
        assert sum(isinstance(band, FillBetweenPolyCollection) for band in axes.collections) == len(groups)
    honest = [node for node in story.of_role("validator") if not node.bent]
    blocks = np.asarray([float(story.end)])
    expected = np.median([story.change(node.name, blocks)[0] for node in honest])
    solid = next(line for line in role_lines(figure.axes[2], "validator") if not dashed(line))
    assert solid.get_ydata()[-1] == pytest.approx(expected)
    assert [text.get_text() for text in figure.legends[0].get_texts()][-1] == "10th to 90th percentile"


def test_roles_and_the_pool_add_up_to_nothing(story: Story) -> None:
    figure = FIGURES["earnings-by-role"](story)
    assert figure is not None
    ends = [line.get_ydata()[-1] for line in figure.axes[0].lines if line.get_drawstyle() == "steps-post"]
    assert len(ends) == 5
    assert sum(ends) == pytest.approx(0, abs=1e-6)


def test_the_pool_starts_at_zero_on_its_axis(story: Story) -> None:
    figure = FIGURES["challenge-pool"](story)
    assert figure is not None
    (line,) = figure.axes[0].lines
    assert figure.axes[0].get_ylim()[0] == 0
    assert line.get_ydata()[-1] == pytest.approx(story.pool("challenge_pool").values[-1] / 10**18)


# ── learning ───────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_a_curve_for_each_job_with_its_end(story: Story) -> None:
    figure = FIGURES["learning-curves"](story)
    assert figure is not None
    curves = [line for line in figure.axes[0].lines if line.get_label().startswith("job ")]
    assert [list(line.get_xdata()) for line in curves] == [[1, 2, 3], [1, 2, 3]]
    assert all(line.get_ydata()[-1] == 0.875 for line in curves)
    assert [label.get_text() for label in figure.axes[0].get_xticklabels()] == ["1", "2", "end"]


def test_many_jobs_are_a_band(recorded: Recorded) -> None:
    def many(row: dict[str, Any]) -> list[dict[str, Any]]:
        return [{**row, "job": job, "metric": job / 20} for job in range(1, 14)] if row["job"] == 1 else []

    with styled():
        figure = FIGURES["learning-curves"](with_rows(recorded, "metrics", many))
    assert figure is not None
    (median,) = figure.axes[0].lines
    assert list(median.get_ydata()) == [7 / 20] * 3
    assert median.get_label() == "median of 13 jobs"


def test_contributions_are_those_after_disputes(story: Story) -> None:
    figure = FIGURES["contributions"](story)
    assert figure is not None
    axes = figure.axes[0]
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names == ["trainer-1", "trainer-2", "trainer-3 (lazy)"]
    values = np.asarray(axes.images[0].get_array())
    assert values.shape == (3, 4)
    final = {
        (row["trainer"], row["job"], row["round"]): row["contribution"] / 1e5
        for row in story.recorded["settled_scores"]
        if row["stage"] == "judged" or row["job"] == 1
    }
    for y, trainer in enumerate(("trainer-1", "trainer-2", "trainer-3")):
        assert list(values[y]) == [final[trainer, job, round_] for job in (1, 2) for round_ in (1, 2)]


def test_struck_updates_are_crossed_and_missing_ones_blank(recorded: Recorded) -> None:
    def change(row: dict[str, Any]) -> list[dict[str, Any]]:
        if row["trainer"] == "trainer-1":
            return [{**row, "contribution": None, "special": "copy", "accepted": False}] if row["job"] == 1 else []
        return [row]

    with styled():
        figure = FIGURES["contributions"](with_rows(recorded, "settled_scores", change))
    assert figure is not None
    axes = figure.axes[0]
    assert np.isnan(np.ma.filled(axes.images[0].get_array(), np.nan)[0]).all()
    (crosses,) = axes.collections
    assert sorted(map(tuple, crosses.get_offsets())) == [(0, 0), (1, 0)]


# ── work ───────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_gas_of_calls_that_succeeded(recorded: Recorded) -> None:
    def change(row: dict[str, Any]) -> list[dict[str, Any]]:
        if row["function"] == "join":
            return [{**row, "gas": 90_000}, {**row, "gas": 10**9, "error": "Late"}]
        return [row] if row["function"] == "post" else []

    with styled():
        figure = FIGURES["gas-by-function"](with_rows(recorded, "transactions", change))
    assert figure is not None
    axes = figure.axes[0]
    assert {label.get_text() for label in axes.get_yticklabels()} == {"join", "post"}
    assert axes.get_xlim()[0] == 0
    assert axes.get_xlim()[1] < 200
    dots = [line for line in axes.lines if line.get_marker() == "o"]
    assert [to_hex(dot.get_color()).upper() for dot in dots] == [ROLE_COLOURS["requestor"], ROLE_COLOURS["trainer"]]


def test_gas_by_round_is_all_gas_of_an_average_job(story: Story) -> None:
    figure = FIGURES["gas-by-round"](story)
    assert figure is not None
    axes = figure.axes[0]
    spent = sum(row["gas"] for row in story.recorded["transactions"] if row["job"])
    assert sum(bar.get_height() for bar in axes.patches) == pytest.approx(spent / 2 / 1e6)
    assert [label.get_text() for label in axes.get_xticklabels()] == [
        "setting up",
        "round 1",
        "round 2",
        "disputes",
        "claims",
    ]


def test_time_in_states_is_the_time_of_jobs(story: Story) -> None:
    figure = FIGURES["time-in-states"](story)
    assert figure is not None
    axes = figure.axes[0]
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names[0] == "Open"
    assert names[-4:] == ["Judging: drawing", "Judging: committing", "Judging: opening", "Judging: tallying"]
    dots = [x for line in axes.lines if line.get_marker() == "o" for x in line.get_xdata()]
    spent = sum(row["seconds"] for row in story.recorded["durations"])
    assert sum(dots) == spent
    shares = [float(text.get_text().rstrip("%")) for text in axes.texts if text.get_text().endswith("%")]
    assert sum(shares) == pytest.approx(100, abs=0.5)


def test_ticks_are_where_jobs_were_posted(recorded: Recorded) -> None:
    """Numbers that would overlap are left out."""

    def many(row: dict[str, Any]) -> list[dict[str, Any]]:
        ends = [recorded["jobs"].column("block")[0], recorded["blocks"].column("block")[-1]]
        return [{**row, "job": job, "block": block} for job, block in enumerate([*ends, ends[1] + 1], 1)]

    with styled():
        figure = FIGURES["challenge-pool"](with_rows(recorded, "jobs", many))
    assert figure is not None
    axes = figure.axes[0]
    assert len(axes.get_xticks()) == 3
    assert [label.get_text() for label in axes.get_xticklabels()] == ["1", "2", ""]


# ── labels ─────────────────────────────────────────────────────────────────────────────────────────────────────────────
def test_labels_of_lines_do_not_overlap() -> None:
    with styled():
        figure, axes = new_figure("Where?", 3.0)
        axes.set_ylim(0, 100)
        label_ends(axes, [(100.0, "a", "k"), (99.0, "b", "k"), (98.5, "c", "k"), (99.0, "d", "k"), (3.0, "e", "k")])
        figure.draw_without_rendering()
        boxes = sorted((Text.get_window_extent(text) for text in axes.texts), key=lambda box: box.y0)
    assert [text.get_text() for text in axes.texts] == ["e", "c", "b, d", "a"]
    assert all(below.y1 <= above.y0 + 1 for below, above in pairwise(boxes))


@pytest.mark.parametrize(
    ("names", "text"),
    [
        (["1"], "1"),
        (["1", "2"], "1, 2"),
        (["1", "2", "3"], "1 … 3"),
        (["1", "3", "4"], "1, 3, 4"),
        (["gang-2", "gang-3", "gang-4", "5"], "gang-2 … 4, 5"),
        (["liar", "liar-1"], "liar, liar-1"),
    ],
)
def test_names_in_few_words(names: list[str], text: str) -> None:
    assert shortened(names) == text
