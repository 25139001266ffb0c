"""The tables of what was expected and what was seen, for people (Markdown) and for machines (CSV)."""

import csv
import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from scatter.protocol.ids import SCT
from scatter.simulation.result import SimulationResult
from scatter.simulation.scenario import Expectation

PAGE = "expected-and-seen.md"
EXPECTATIONS, LOSSES, CROSSINGS = "expectations.csv", "honest-losses.csv", "crossings.csv"

_Table = tuple[Sequence[str], Sequence[Sequence[str]]]
"""A head and rows."""


def write_tables(
    folder: Path, expectations: Sequence[Expectation], outcomes: Sequence[Mapping[str, Any]], result: SimulationResult
) -> None:
    """Write the page and the three tables into a folder that is there. `outcomes` are what `expectations.evaluate` found."""
    tables = {
        EXPECTATIONS: _expectations(expectations, outcomes),
        LOSSES: _losses(result),
        CROSSINGS: _crossings(result),
    }
    for name, (head, rows) in tables.items():
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows([head, *rows])
        (folder / name).write_text(text.getvalue())
    parts = [f"# {result.scenario}, seed {result.seed}: expected and seen"]
    for title, nothing, (head, rows) in zip(_TITLES, _NOTHING, tables.values(), strict=True):
        parts += [f"## {title}", _markdown(head, rows) if rows else nothing]
    (folder / PAGE).write_text("\n\n".join(parts) + "\n")


_TITLES = (
    "What the scenario expects",
    "What honest nodes lost, and whether docs/protocol.md says that they may",
    "Scores that ended outside what honest seats had found",
)
_NOTHING = ("It expects nothing.", "They lost nothing.", "There is none.")


def _expectations(expectations: Sequence[Expectation], outcomes: Sequence[Mapping[str, Any]]) -> _Table:
    rows = [
        (
            expectation.text,
            expectation.measure,
            _wanted(expectation),
            _seen(outcome["seen"]),
            "yes" if outcome["held"] else "NO",
        )
        for expectation, outcome in zip(expectations, outcomes, strict=True)
    ]
    return ("expectation", "measure", "expected", "seen", "held"), rows


def _wanted(expectation: Expectation) -> str:
    words = [] if expectation.aggregate == "each" else [f"{expectation.aggregate}:"]
    if isinstance(expectation.equals, tuple):
        words.append(", ".join(map(str, expectation.equals)))
    elif expectation.equals is not None:
        words.append(str(expectation.equals))
    if expectation.at_least is not None:
        words.append(f"at least {expectation.at_least}")
    if expectation.at_most is not None:
        words.append(f"at most {expectation.at_most}")
    return " ".join(words)


def _seen(seen: Any) -> str:
    if isinstance(seen, dict):
        return "; ".join(f"{name}: {_seen(value)}" for name, value in seen.items()) or "nothing"
    return json.dumps(seen)


def _losses(result: SimulationResult) -> _Table:
    rows = [
        (
            loss.node,
            loss.job or "",
            _sct(loss.amount),
            "not earned" if loss.earnings else "lost",
            loss.cause,
            loss.grounds.value,
        )
        for loss in result.losses
    ]
    return ("node", "job", "SCT", "how", "cause", "grounds"), rows


def _crossings(result: SimulationResult) -> _Table:
    rows = [
        (
            crossing.job,
            str(crossing.round),
            crossing.trainer,
            _word(crossing.score),
            f"{_word(crossing.least)} to {_word(crossing.most)}",
            f"{crossing.liars} of {crossing.panel}",
            "yes" if crossing.stated else "NO",
        )
        for crossing in result.crossings
    ]
    return ("job", "round", "trainer", "score (1e-5)", "honest seats found", "liars on the panel", "stated limit"), rows


def _word(score: int | None) -> str:
    return "special" if score is None else str(score)


def _sct(amount: int) -> str:
    """Base units as SCT, exactly."""
    whole, rest = divmod(amount, SCT)
    return f"{whole}.{rest:018d}".rstrip("0").rstrip(".")


def _markdown(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)
