"""How figures look: for paper, for eyes that do not tell red from green, and the same bytes every time.

Colours are Okabe and Ito's (https://jfly.uni-koeln.de/color/). A role has its colour in every figure; nodes that misbehave are
drawn with dashes.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

ROLE_COLOURS = MappingProxyType(
    {"requestor": "#CC79A7", "trainer": "#0072B2", "validator": "#D55E00", "challenger": "#009E73", "none": "#777777"}
)
POOL_COLOUR = "#555555"
INK = "#333333"
FAINT = "#BBBBBB"
DASHES = (0, (3.2, 1.6))
WIDTH = 7.0
"""Inches: both columns of a paper."""
DPI = 200
_RC: Mapping[Any, Any] = MappingProxyType(
    {
        "font.family": "DejaVu Sans",  # comes with matplotlib, so figures do not depend on the machine's fonts
        "font.size": 8.5,
        "axes.titlesize": 10.5,
        "axes.titleweight": "bold",
        "axes.titlelocation": "left",
        "axes.edgecolor": INK,
        "axes.labelcolor": INK,
        "axes.linewidth": 0.7,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.axisbelow": True,
        "grid.color": "#DDDDDD",
        "grid.linewidth": 0.6,
        "xtick.color": INK,
        "ytick.color": INK,
        "xtick.major.width": 0.7,
        "ytick.major.width": 0.7,
        "lines.linewidth": 1.4,
        "lines.solid_capstyle": "butt",
        "legend.frameon": False,
        "legend.fontsize": 8.5,
        "hatch.linewidth": 0.5,
        "svg.hashsalt": "scatter",
    }
)
_NO_METADATA: Mapping[str, Mapping[str, None]] = {"png": {"Software": None}, "svg": {"Date": None, "Creator": None}}


@contextmanager
def styled() -> Iterator[None]:
    """Figures are to be made and saved in this: it looks the same whatever the user has set for matplotlib."""
    import matplotlib as mpl

    with mpl.rc_context():
        mpl.rcdefaults()
        for name, value in _RC.items():
            mpl.rcParams[name] = value
        yield


def new_figure(title: str, height: float, rows: int = 1, columns: int = 1, **options: Any) -> tuple[Any, Any]:
    """A figure with its question above, and its axes: an array of them when there are several."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    figure.suptitle(title, x=0.01, ha="left", fontsize=11.5, fontweight="bold", color=INK)
    axes = figure.subplots(rows, columns, **options)
    return figure, axes


def save(figure: Any, path: Path) -> None:
    """Write it whole or not at all; the suffix says as what, `.png` or `.svg`."""
    kind = path.suffix.removeprefix(".")
    draft = path.with_name(f".{path.name}")
    figure.savefig(draft, format=kind, dpi=DPI, metadata=dict(_NO_METADATA[kind]))
    draft.replace(path)


def label_ends(axes: Any, labels: Sequence[tuple[float, str, str]], size: float = 7.5) -> None:
    """Names of lines beside their ends at the right: (height, text, colour), moved apart where they would overlap; lines that
    end in the same place share a label."""
    together: dict[tuple[float, str], list[str]] = {}
    for height, text, colour in labels:
        together.setdefault((height, colour), []).append(text)
    low, high = axes.get_ylim()
    inches = axes.figure.get_figheight() * _share_of_height(axes)
    gap = (high - low) * (size * 1.15 / 72) / max(inches, 0.1)
    ordered = sorted(together.items())
    for ((height, colour), texts), at in zip(ordered, _apart([h for (h, _), _ in ordered], gap, high), strict=True):
        axes.annotate(
            shortened(texts),
            xy=(1, height),
            xytext=(1.035, at),
            xycoords=("axes fraction", "data"),
            textcoords=("axes fraction", "data"),
            va="center",
            ha="left",
            fontsize=size,
            color=colour,
            arrowprops={"arrowstyle": "-", "color": FAINT, "linewidth": 0.5, "shrinkA": 1, "shrinkB": 0},
            annotation_clip=False,
        )


def shortened(names: Sequence[str]) -> str:
    """Several names in few words: `1, 2, 5`, `colluding-1 … 3`."""
    numbers: dict[str, list[str]] = {}
    for name in names:
        group, dash, number = name.rpartition("-")
        numbers.setdefault(group + dash, []).append(number)
    return ", ".join(group + _range(some) for group, some in numbers.items())


def _range(numbers: Sequence[str]) -> str:
    consecutive = (
        [str(n) for n in range(int(numbers[0]), int(numbers[0]) + len(numbers))] if numbers[0].isdecimal() else []
    )
    return f"{numbers[0]} … {numbers[-1]}" if len(numbers) > 2 and list(numbers) == consecutive else ", ".join(numbers)


def _apart(heights: Sequence[float], gap: float, most: float) -> list[float]:
    """Ascending heights, at least a gap apart and, where there is room, not above `most`."""
    placed: list[float] = []
    for height in heights:
        placed.append(max(height, placed[-1] + gap) if placed else height)
    for index in reversed(range(len(placed))):
        placed[index] = min(placed[index], placed[index + 1] - gap if index + 1 < len(placed) else most)
    return placed


def _share_of_height(axes: Any) -> float:
    """About how much of the figure's height the axes have."""
    rows: int = axes.get_subplotspec().get_gridspec().nrows
    return 0.78 / rows
