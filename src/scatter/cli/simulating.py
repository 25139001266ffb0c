"""The screen of a running simulation, and the summary of one that is over."""

import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from rich.console import Console, Group, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from scatter.cli.picture import Picture
from scatter.node.reports import Progress as Done
from scatter.node.reports import Report
from scatter.protocol.ids import SCT
from scatter.protocol.view import JobView, NetworkView
from scatter.simulation.blocks import BlockRecord
from scatter.simulation.result import SimulationResult
from scatter.simulation.scenario import Scenario
from scatter.simulation.step_kinds import Step

REFRESH_PER_SECOND = 4
SAY_EVERY_SECONDS = 10.0
OPEN_JOBS_SHOWN = 5


class Screen(Picture):
    """`simulation.run.Watcher` on stderr: a live picture on a terminal, elsewhere a line every ten seconds."""

    def __init__(self, scenario: Scenario) -> None:
        super().__init__(REFRESH_PER_SECOND)
        self._title = f"{scenario.name}, seed {scenario.seed}: {scenario.scenario.title}"
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            console=self._console,
        )
        self._task = self._bar.add_task("starting", total=None)
        self._step, self._blocks, self._calls, self._given_up = "", 0, 0, 0
        self._network = NetworkView()
        self._said = time.monotonic()

    def __enter__(self) -> Self:
        self._console.print(self._title, soft_wrap=True, markup=False)
        return super().__enter__()

    def begin(self, steps: int, resumed: bool) -> None:
        """See `Watcher`."""
        self._bar.update(self._task, total=steps)
        if resumed:
            self._console.print("going on with a run that was interrupted (--fresh starts anew)", soft_wrap=True)

    def step(self, number: int, step: Step) -> None:
        """See `Watcher`."""
        self._step = step.do
        self._bar.update(self._task, completed=number - 1, description=step.do)
        self._say_sometimes(number)

    def block(self, record: BlockRecord) -> None:
        """See `Watcher`."""
        self._blocks, self._calls = record.block.number, self._calls + len(record.calls)
        self._network = record.network
        self._say_sometimes(None)

    def report(self, report: Report) -> None:
        """See `Watcher`."""
        if report.progress is Done.GIVEN_UP:
            self._given_up += 1

    def _say_sometimes(self, number: int | None) -> None:
        if self._console.is_terminal or time.monotonic() - self._said < SAY_EVERY_SECONDS:
            return
        self._said = time.monotonic()
        step = f"step {number}: {self._step}" if number else self._step
        jobs = "; ".join(map(_where, _open(self._network)[:OPEN_JOBS_SHOWN]))
        self._say(f"{step}; {self._counts()}{'; ' + jobs if jobs else ''}")

    def _counts(self) -> str:
        lost = f", {self._given_up} duties given up" if self._given_up else ""
        return f"block {self._blocks}, {self._calls} transactions{lost}"

    def _render(self) -> RenderableType:
        jobs = _open(self._network)
        lines = [Text(f"  {_where(job)}") for job in jobs[:OPEN_JOBS_SHOWN]]
        if len(jobs) > OPEN_JOBS_SHOWN:
            lines.append(Text(f"  and {len(jobs) - OPEN_JOBS_SHOWN} other jobs"))
        return Group(self._bar, Text(f"  {self._counts()}"), *lines)


def print_result(result: SimulationResult, outcomes: Sequence[Mapping[str, Any]], folder: Path) -> None:
    """Say on stderr what came out."""
    console = Console(stderr=True, highlight=False)
    console.print(_groups(result))
    for outcome in outcomes:
        mark = Text("held  ", style="green") if outcome["held"] else Text("BROKEN", style="bold red")
        console.print(Text.assemble("  ", mark, "  ", outcome["text"]), soft_wrap=True)
        if not outcome["held"]:
            console.print(Text(f"          seen: {outcome['seen']}"), soft_wrap=True)
    jobs = ", ".join(f"{count} {state}" for state, count in result.jobs_by_state.items()) or "none"
    console.print(f"jobs: {jobs}. {result.seconds:g} s.", markup=False, soft_wrap=True)
    console.print(
        f"everything that happened: {folder}; pictures: scatter figures {folder}", markup=False, soft_wrap=True
    )


def _groups(result: SimulationResult) -> Table:
    """Gains by role and behaviour: of each the least, the mean and the most."""
    table = Table(box=None, padding=(0, 2, 0, 0))
    for column in ("role", "behaviour", "nodes", "least", "mean", "most (SCT)"):
        table.add_column(column, justify="left" if column in ("role", "behaviour") else "right")
    kinds = dict.fromkeys((node.role, "/".join(sorted(node.behaviours))) for node in result.nodes)
    for role, behaviour in kinds:
        gains = [
            node.gain / SCT
            for node in result.nodes
            if (node.role, "/".join(sorted(node.behaviours))) == (role, behaviour)
        ]
        numbers = (min(gains), sum(gains) / len(gains), max(gains))
        table.add_row(role, behaviour, str(len(gains)), *(f"{number:+,.2f}" for number in numbers))
    return table


def _open(network: NetworkView) -> list[JobView]:
    return [job for job in network.jobs.values() if not job.ended]


def _where(job: JobView) -> str:
    return f"{job.name}: {job.state.name.lower()}, round {job.round} of {job.terms.rounds}"
