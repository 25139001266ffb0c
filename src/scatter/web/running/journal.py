"""What happens in a run, written down while it happens; each thing once, also when a run was interrupted and tells its past again."""

import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from scatter.node.reports import Report
from scatter.protocol.awaited import awaited
from scatter.protocol.view import NetworkView
from scatter.simulation.blocks import BlockRecord, Created
from scatter.simulation.recording.recorded import Recorded
from scatter.simulation.step_kinds import DeployProtocol, Step, name_of
from scatter.storage.runs import RunEvent, SqlRunEvents
from scatter.web.running.events import END, Columns, block_mark, pack, step_mark

DEPLOY = name_of(DeployProtocol)


@dataclass(slots=True)
class Journal:
    """A `simulation.run.Watcher`. `recorded` gives the tables so far, `created` are the contracts that were created before them;
    `marks` are those of what is written already, `names` the kinds of all steps.

    Runs are the same to the byte, so what has a mark already is what would be written again.
    """

    events: SqlRunEvents
    run: str
    marks: set[str]
    names: Sequence[str] = ()
    recorded: Callable[[], Recorded | None] = field(default=lambda: None)
    created: Sequence[Created] = ()
    steps: int = 0
    block_number: int = 0
    at_step: int = 0
    _waiting: list[RunEvent] = field(default_factory=list)
    _lengths: dict[str, int] = field(default_factory=dict)
    _began: float = 0.0
    _do: str = ""
    _number: int = field(init=False)

    def __post_init__(self) -> None:
        self._number = len(self.marks)

    @property
    def in_the_past(self) -> bool:
        """Whether the next block is written already."""
        return block_mark(self.block_number + 1) in self.marks

    def begin(self, steps: int, resumed: bool) -> None:
        """See `Watcher`."""
        del resumed
        self.steps = steps
        self._note("begin", {"kind": "begin", "steps": steps})

    def step(self, number: int, step: Step) -> None:
        """See `Watcher`."""
        self.at_step, self._do, self._began = number, step.do, time.monotonic()
        self._note_step("begin", {})

    def steps_done(self, done: int) -> None:
        """So many steps are over. Of some it may not be written, where a run was killed right after it was kept."""
        if self.at_step:
            self._note_step("done", {"seconds": round(time.monotonic() - self._began, 3), **self._created()})
        for number in range(1, done + 1):
            if step_mark(number, "done") not in self.marks:
                self.at_step, self._do = number, self.names[number - 1]
                self._note_step("begin", {})
                self._note_step("done", {})
        self.at_step = 0

    def _created(self) -> dict[str, Any]:
        """What the first step did to the chain, which no table has."""
        if self._do != DEPLOY:
            return {}
        return {"created": [{**asdict(one), "hash": f"0x{one.hash.hex()}"} for one in self.created]}

    def step_failed(self, why: str) -> None:
        """The step at hand cannot be done."""
        if self.at_step:
            self._note_step("failed", {"seconds": round(time.monotonic() - self._began, 3), "error": why})

    def block(self, record: BlockRecord) -> None:
        """See `Watcher`."""
        self.block_number = record.block.number
        rows = self._new_rows()
        self._note(
            block_mark(record.block.number), {"kind": "block", "rows": rows, "awaited": self._awaited(record.network)}
        )

    def report(self, report: Report) -> None:
        """See `Watcher`. What nodes do between blocks is not kept: it depends on where a run was interrupted."""

    def end(self) -> None:
        """Everything is measured."""
        self._note(END, {"kind": "end", "rows": self._new_rows()})

    async def flush(self) -> None:
        """Put what was noted into the store."""
        waiting, self._waiting = self._waiting, []
        await self.events.append(self.run, waiting)

    def _note_step(self, phase: str, more: dict[str, Any]) -> None:
        body = {"kind": "step", "number": self.at_step, "do": self._do, "phase": phase, "block": self.block_number}
        self._note(step_mark(self.at_step, phase), body | more)

    def _note(self, mark: str, body: dict[str, Any]) -> None:
        if mark in self.marks:
            return
        self.marks.add(mark)
        self._number += 1
        self._waiting.append(RunEvent(self._number, mark, pack({"at": round(time.time(), 3), **body})))

    def _new_rows(self) -> dict[str, Columns]:
        recorded, new = self.recorded(), dict[str, Columns]()
        for name, rows in {} if recorded is None else recorded.tables.items():
            first, last = self._lengths.get(name, 0), len(rows)
            if last > first:
                new[name] = {column.name: rows.column(column.name)[first:last] for column in rows.table.columns}
                self._lengths[name] = last
        return new

    def _awaited(self, network: NetworkView) -> dict[str, list[str]]:
        """Whom each open job waits for, by the job's number."""
        recorded = self.recorded()
        if recorded is None:
            return {}
        names = dict(zip(recorded["nodes"].column("address"), recorded["nodes"].column("node"), strict=True))
        numbers = dict(zip(recorded["jobs"].column("id"), recorded["jobs"].column("job"), strict=True))
        return {
            str(numbers[f"0x{job.id.hex()}"]): [names[account] for account in awaited(job)]
            for job in network.jobs.values()
            if f"0x{job.id.hex()}" in numbers and not (job.ended and job.claimed >= set(job.participants))
        }
