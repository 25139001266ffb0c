"""What happened in one run, as far as it was read: the tables of `simulation.recording.schema`, steps, and who is awaited."""

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scatter.simulation.recording.rows import Rows, empty_tables, with_later
from scatter.simulation.recording.schema import TABLES
from scatter.storage.runs import RunEvent
from scatter.web.record.lines import Lines, grow
from scatter.web.running.events import Columns, unpack

DENSE: Mapping[str, str] = {"balances": "balance", "stakes": "stake"}
"""Tables that have a row for many nodes in many blocks, and their amount: they are kept as lines."""
TOUCHING: Mapping[str, str] = {
    **dict.fromkeys(("switches", "behaviours", "payouts", "reputation", "settled_seats", "challenges"), "node"),
    "settled_scores": "trainer",
}
"""Tables whose rows change what is known of a node, and the column that has its name."""
_NAMES: Mapping[str, frozenset[str]] = {
    name: frozenset(c.name for c in table.columns) for name, table in TABLES.items()
}


@dataclass(slots=True)
class StepSeen:
    """A step that began. `phase`: begin, done or failed; `at` is when it began (seconds since 1970), `seconds` how long it took,
    None when nobody knows; its blocks are `first` to `last`, `first` excluded. `created`: contracts that it created before the first
    block that is recorded, each as `simulation.blocks.Created` says."""

    number: int
    do: str
    phase: str
    at: float
    first: int
    last: int | None = None
    seconds: float | None = None
    error: str | None = None
    created: Sequence[Mapping[str, Any]] = ()


@dataclass(slots=True)
class RunRecord:
    """Grows by `add`, event by event. `number` is that of the last event, `at` when it was written (seconds since 1970)."""

    tables: dict[str, Rows] = field(default_factory=lambda: {n: r for n, r in empty_tables().items() if n not in DENSE})
    balances: Lines = field(default_factory=dict)
    stakes: Lines = field(default_factory=dict)
    locked: dict[str, int] = field(default_factory=dict)
    steps: dict[int, StepSeen] = field(default_factory=dict)
    step_events: list[tuple[int, int]] = field(default_factory=list)
    """(event, step) in order."""
    awaited: dict[int, list[str]] = field(default_factory=dict)
    off: set[str] = field(default_factory=set)
    """Nodes that are stopped."""
    changed: dict[str, int] = field(default_factory=dict)
    """The last event that changed what a node has."""
    total_steps: int = 0
    number: int = 0
    at: float = 0.0
    over: bool = False
    _starts: dict[str, list[tuple[int, int]]] = field(default_factory=dict)
    """By table, for each event with rows of it: the event's number, and the first of them."""

    def __getitem__(self, table: str) -> Rows:
        """A table by its name."""
        return self.tables[table]

    @property
    def block(self) -> int:
        """The last block; 0 before the first."""
        blocks = self.tables["blocks"].column("block")
        return int(blocks[-1]) if blocks else 0

    @property
    def time(self) -> int:
        """The chain's time, in seconds since 1970; 0 before the first block."""
        times = self.tables["blocks"].column("time")
        return int(times[-1]) if times else 0

    def add(self, event: RunEvent) -> None:
        """Take in the next event. ValueError for one that does not follow, or is none."""
        if event.number != self.number + 1:
            raise ValueError(f"event {event.number} comes after event {self.number}")
        body = unpack(event.body)
        self.number, self.at = event.number, float(body["at"])
        match body["kind"]:
            case "begin":
                self.total_steps = int(body["steps"])
            case "step":
                self._step(body)
            case "block" | "end":
                self._rows(body["rows"])
                self.over = self.over or body["kind"] == "end"
                if "awaited" in body:
                    self.awaited = {int(job): names for job, names in body["awaited"].items()}

    def _step(self, body: Mapping[str, Any]) -> None:
        number = int(body["number"])
        self.step_events.append((self.number, number))
        if body["phase"] == "begin":
            self.steps[number] = StepSeen(number, str(body["do"]), "begin", self.at, int(body["block"]))
            return
        seen = self.steps[number]
        seen.phase, seen.last = str(body["phase"]), int(body["block"])
        seen.seconds, seen.error, seen.created = body.get("seconds"), body.get("error"), body.get("created", ())

    def _rows(self, rows: Mapping[str, Columns]) -> None:
        for name, told in rows.items():
            columns = with_later(TABLES[name], told) if name in TABLES else {}
            if not columns or columns.keys() != _NAMES[name]:
                raise ValueError(f"there is no table {name!r} with these columns")
            if name in DENSE:
                grow(self.balances if name == "balances" else self.stakes, columns, DENSE[name])
                self.changed.update(dict.fromkeys(columns["node"], self.number))
                if name == "stakes":
                    self.locked.update(zip(columns["node"], columns["locked"], strict=True))
                continue
            if name in TOUCHING:
                self.changed.update(dict.fromkeys(columns[TOUCHING[name]], self.number))
            if name == "switches":
                self._switch(columns)
            table = self.tables[name]
            self._starts.setdefault(name, []).append((self.number, len(table)))
            table.extend(columns)

    def _switch(self, columns: Columns) -> None:
        for node, on in zip(columns["node"], columns["on"], strict=True):
            (self.off.discard if on else self.off.add)(node)

    def since(self, table: str, number: int) -> Iterator[dict[str, Any]]:
        """The rows of a table that came after an event, each with that event's number as `event`."""
        starts = self._starts.get(table, [])
        at = bisect_left(starts, (number + 1, 0))
        rows = self.tables[table]
        for index in range(at, len(starts)):
            event, first = starts[index]
            last = starts[index + 1][1] if index + 1 < len(starts) else len(rows)
            for row in range(first, last):
                yield {"event": event, **rows.row(row)}


def record_of(events: Sequence[RunEvent]) -> RunRecord:
    """The record of events, from the first on."""
    record = RunRecord()
    for event in events:
        record.add(event)
    return record
