"""Scenarios run by the tools of this folder, and numbers that were measured before compared with those of a new run."""

import asyncio
import json
from collections.abc import Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from scatter.node.reports import Report
from scatter.simulation.blocks import BlockRecord
from scatter.simulation.result import SimulationResult
from scatter.simulation.run import Run
from scatter.simulation.scenario import Scenario
from scatter.simulation.step_kinds import Step

TOLERANCE = 0.1


class Unwatched:
    """`scatter.simulation.run.Watcher` that looks away."""

    def begin(self, steps: int, resumed: bool) -> None:
        """See `Watcher`."""

    def step(self, number: int, step: Step) -> None:
        """See `Watcher`."""

    def block(self, record: BlockRecord) -> None:
        """See `Watcher`."""

    def report(self, report: Report) -> None:
        """See `Watcher`."""


def run_scenario(scenario: Scenario, beside: Path, out: Path | None) -> tuple[SimulationResult, list[str]]:
    """Run a scenario of the folder `beside`; its result, and the expectations that do not hold. Recorded in `out`, if given."""
    with TemporaryDirectory() as scratch:
        run = Run(scenario, beside, out or Path(scratch), Unwatched(), keep_every=3600)
        result, outcomes = asyncio.run(run.run(fresh=True))
    return result, [f"{outcome['text']}: {outcome['seen']}" for outcome in outcomes if not outcome["held"]]


def load_numbers(file: Path) -> dict[str, Any]:
    """What was measured before; nothing when there is no such file."""
    return dict(json.loads(file.read_text())) if file.exists() else {}


def save_numbers(file: Path, numbers: Mapping[str, Any]) -> None:
    """Keep what was measured."""
    file.write_text(json.dumps(numbers, indent=1) + "\n")


def differences(before: Mapping[str, float], now: Mapping[str, float], least: float) -> list[str]:
    """Where numbers are not what they were: further off than a tenth and than `least`."""
    missing = [f"{name} is only in one of both" for name in sorted(set(before) ^ set(now))]
    both = [(name, before[name], now[name]) for name in before if name in now]
    return missing + [
        f"{name} is {new:g}, was {old:g}"
        for name, old, new in both
        if abs(new - old) > max(least, TOLERANCE * abs(old))
    ]
