"""Small scenarios, run in this process."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scatter.behaviours.registry import check_behaviour
from scatter.node.reports import Report
from scatter.simulation.blocks import BlockRecord
from scatter.simulation.reading import read_scenario
from scatter.simulation.result import SimulationResult
from scatter.simulation.run import Run
from scatter.simulation.step_kinds import Step

NODES = """
[[nodes]]
group = "requestor"
role = "requestor"
[[nodes]]
group = "trainer"
role = "trainer"
count = 2
[[nodes]]
group = "validator"
role = "validator"
[[nodes]]
group = "challenger"
role = "challenger"
"""
BEGINNING = """
[[steps]]
do = "deploy-protocol"
[[steps]]
do = "transfer-initial-supply"
[[steps]]
do = "initialize-roles"
"""
POST = """
[[steps]]
id = "job"
do = "add-topic"
rounds = 1
committee = 1
auditors = 1
"""


def step(do: str, **values: Any) -> str:
    """One step as TOML; texts, numbers, lists of texts."""
    lines = [f"{key.replace('_', '-')} = {_toml(value)}" for key, value in values.items()]
    return "\n".join(["[[steps]]", f'do = "{do}"', *lines, ""])


def _toml(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_toml, value))}]"
    return f'"{value}"' if isinstance(value, str) else str(value)


class Seen:
    """Watches, and remembers."""

    def __init__(self) -> None:
        self.blocks: list[BlockRecord] = []
        self.steps: list[str] = []
        self.reports: list[Report] = []
        self.resumed = False

    def begin(self, steps: int, resumed: bool) -> None:
        self.resumed = resumed

    def step(self, number: int, step: Step) -> None:
        self.steps.append(step.do)

    def block(self, record: BlockRecord) -> None:
        self.blocks.append(record)

    def report(self, report: Report) -> None:
        self.reports.append(report)

    def functions(self) -> list[str]:
        """What was sent, in order."""
        return [call.function for block in self.blocks for call in block.calls]


def prepared(out: Path, *parts: str, seen: Seen | None = None, head: str = "", keep_every: float = 1e9) -> Run:
    """A run of a scenario made of parts."""
    text = '[scenario]\nname = "mine"\ntitle = "A test"\n' + head + "".join(parts)
    scenario = read_scenario(text.encode(), "mine.toml", check_behaviour=check_behaviour)
    return Run(scenario, out, out, seen or Seen(), keep_every)


async def run(
    out: Path, *parts: str, seen: Seen | None = None, head: str = ""
) -> tuple[SimulationResult, Mapping[str, int]]:
    """The result of such a run, and each node's gain in base units."""
    result, _ = await prepared(out, *parts, seen=seen, head=head).run()
    return result, {node.name: node.gain for node in result.nodes}
