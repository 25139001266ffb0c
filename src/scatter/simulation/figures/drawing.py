"""All figures of a recording, as files."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from scatter.simulation.figures.learning import contributions, learning_curves
from scatter.simulation.figures.series import Story
from scatter.simulation.figures.style import save, styled
from scatter.simulation.figures.tokens import (
    balances_by_node,
    challenge_pool,
    earnings_by_node,
    earnings_by_role,
    stakes_by_node,
)
from scatter.simulation.figures.work import gas_by_function, gas_by_round, time_in_states
from scatter.simulation.recording.recorded import Recorded

FORMATS = ("png", "svg")
FIGURES: Mapping[str, Callable[[Story], Any | None]] = MappingProxyType(
    {
        "earnings-by-node": earnings_by_node,
        "earnings-by-role": earnings_by_role,
        "balances": balances_by_node,
        "stakes": stakes_by_node,
        "challenge-pool": challenge_pool,
        "learning-curves": learning_curves,
        "contributions": contributions,
        "gas-by-function": gas_by_function,
        "gas-by-round": gas_by_round,
        "time-in-states": time_in_states,
    }
)
"""By file name. A figure to which a recording has nothing to say is None."""


def draw_all(
    recorded: Recorded, out: Path, formats: Sequence[str] = FORMATS, progress: Callable[[str], None] = lambda name: None
) -> list[Path]:
    """Draw every figure that has something to show into a folder: the files, in the order of `FIGURES`. Equal recordings give
    equal bytes with the same version of matplotlib. `progress` is told each figure's name before it is drawn."""
    out.mkdir(parents=True, exist_ok=True)
    story, files = Story(recorded), []
    with styled():
        for name, make in FIGURES.items():
            progress(name)
            figure = make(story)
            for suffix in formats if figure is not None else ():
                files.append(out / f"{name}.{suffix}")
                save(figure, files[-1])
    return files
