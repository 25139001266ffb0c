"""The learning curve of a job as a picture."""

from collections.abc import Sequence
from pathlib import Path


def draw_learning_curve(path: Path, metric: str, starting_scores: Sequence[float], final: float) -> None:
    """Draw how the global model scored: at the start of each round on that round's shard, as settled on the chain, and at
    the end on the whole evaluation. The file's suffix decides the format (PNG, SVG)."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 4.2), layout="constrained")
    rounds = range(1, len(starting_scores) + 1)
    axes.plot(rounds, starting_scores, marker="o", color="#1b6ca8", label="settled on the chain, that round's shard")
    end = len(starting_scores) + 1
    axes.plot([end - 1, end], [starting_scores[-1], final], linestyle=":", color="#1b6ca8")
    axes.plot([end], [final], marker="D", color="#d1495b", linestyle="", label="final model, whole evaluation set")
    for x, y in [*zip(rounds, starting_scores, strict=True), (end, final)]:
        axes.annotate(f"{y:.3f}", (x, y), textcoords="offset points", xytext=(-6, 8), ha="center", fontsize=9)
    axes.set_xticks([*rounds, end], [*(f"start of\nround {number}" for number in rounds), "end"])
    axes.set_ylim(0, 1.08)
    axes.set_ylabel(metric)
    axes.set_title("Did the global model get better every round?")
    axes.grid(visible=True, axis="y", alpha=0.3)
    axes.legend(loc="lower right", frameon=False)
    figure.savefig(path, dpi=140)
    pyplot.close(figure)
