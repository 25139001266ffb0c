"""Steps as the document has them, and how far a run is with each."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from scatter.jobs.positions import Path
from scatter.simulation.step_kinds import STEP_KINDS, Repeat, Step
from scatter.web.documents.fields import to_text
from scatter.web.record.record import RunRecord, StepSeen
from scatter.web.views.text import chain_time, duration, words

TITLES: Mapping[str, str] = {
    "deploy-protocol": "Deploy protocol",
    "transfer-initial-supply": "Transfer initial supply",
    "initialize-roles": "Initialize roles",
    "add-topic": "Add topic",
    "trainer-joins": "Trainers join",
    "start-training": "Start training",
    "wait": "Wait",
    "advance-time": "Advance time",
    "change-behaviour": "Change behaviour",
    "stop-node": "Stop nodes",
    "start-node": "Start nodes",
    "repeat": "Repeat",
}
_HIDDEN = ("do", "id", "steps")


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step in the list. `key` is its path with dots; `status`: waiting, running, done, failed or paused; `numbers`: its places
    among all steps of a run, counted from 1, repeated ones each time."""

    key: str
    kind: str
    title: str
    says: str
    depth: int
    index: int
    siblings: int
    status: str = "waiting"
    progress: str = ""
    took: str = ""
    transactions: int = 0
    error: str = ""
    numbers: Sequence[int] = ()
    inner: Sequence["StepRow"] = field(default_factory=tuple)

    @property
    def about(self) -> str:
        """What this kind of steps does."""
        return about(self.kind)


def about(kind: str) -> str:
    """What a kind of steps does, in one sentence or two."""
    made_by = STEP_KINDS.get(kind)
    text = " ".join((made_by.__doc__ or "").split("\n\n")[0].split()) if made_by else ""
    return text.split(" None:")[0].split(" `trainers` None")[0].replace("`", "")


def rows(content: Mapping[str, Any], numbers: Mapping[str, Sequence[int]], record: RunRecord | None) -> list[StepRow]:
    """The steps of a document; `numbers` by key, as `numbered` says."""
    calls = _calls(record) if record is not None else []
    return list(_rows(content.get("steps"), "", 0, numbers, record, calls))


def _rows(
    steps: Any,
    prefix: str,
    depth: int,
    numbers: Mapping[str, Sequence[int]],
    record: RunRecord | None,
    calls: Sequence[int],
) -> Iterator[StepRow]:
    there = [one for one in steps if isinstance(one, dict)] if isinstance(steps, list) else []
    for index, step in enumerate(there):
        key = f"{prefix}{index}"
        kind = str(step.get("do"))
        own = numbers.get(key, ())
        seen = [record.steps[number] for number in own if number in record.steps] if record is not None else []
        yield StepRow(
            key,
            kind,
            TITLES.get(kind, kind),
            says(step),
            depth,
            index,
            len(there),
            _status(own, seen),
            f"{sum(one.phase == 'done' for one in seen)} of {len(own)}" if len(own) > 1 and seen else "",
            duration(sum(one.seconds or 0 for one in seen if one.phase != "begin")) if seen else "",
            sum(_between(calls, one, record) for one in seen),
            next((one.error for one in seen if one.error), ""),
            own,
            tuple(_rows(step.get("steps"), f"{key}.", depth + 1, numbers, record, calls)),
        )


def _status(own: Sequence[int], seen: Sequence[StepSeen]) -> str:
    if not seen:
        return "waiting"
    if any(one.phase == "failed" for one in seen):
        return "failed"
    return "done" if len(seen) == len(own) and all(one.phase == "done" for one in seen) else "running"


def _calls(record: RunRecord) -> list[int]:
    return record["transactions"].column("block")


def _between(calls: Sequence[int], step: StepSeen, record: RunRecord | None) -> int:
    """How many transactions were mined in the blocks of a step."""
    last = step.last if step.last is not None else (record.block if record is not None else step.first)
    return bisect_right(calls, last) - bisect_right(calls, step.first)


@dataclass(frozen=True, slots=True)
class CallSeen:
    """A transaction of a step: when it was mined, who sent it, what it called, its gas, and why it failed if it did."""

    block: int
    time: str
    node: str
    role: str
    call: str
    job: int | None
    gas: int
    error: str


def transactions_of(record: RunRecord, numbers: Sequence[int], most: int) -> list[CallSeen]:
    """The transactions that were mined in the blocks of steps, by the steps' places from 1; the first `most` of them."""
    blocks, table, found = _calls(record), record["transactions"], list[CallSeen]()
    for number in numbers:
        step = record.steps.get(number)
        if step is None:
            continue
        last = step.last if step.last is not None else record.block
        for index in range(bisect_right(blocks, step.first), bisect_right(blocks, last)):
            if len(found) == most:
                return found
            row = table.row(index)
            found.append(
                CallSeen(
                    row["block"],
                    chain_time(row["time"]),
                    row["node"],
                    row["role"],
                    words(row["function"]),
                    row["job"],
                    row["gas"],
                    row["error"] or "",
                )
            )
    return found


def says(step: Mapping[str, Any]) -> str:
    """What a step asks for, in a few words."""
    parts = []
    for name, value in step.items():
        if name in _HIDDEN:
            continue
        if isinstance(value, Mapping) and "between" not in value:
            inner = ", ".join(f"{key} {to_text(one)}" for key, one in value.items())
            parts.append(f"{words(name)} {inner}")
        else:
            parts.append(f"{words(name)} {to_text(value)}")
    named = f"as ${step['id']}" if step.get("id") and step.get("do") == "add-topic" else ""
    return " · ".join(filter(None, [named, *parts]))


def numbered(steps: Sequence[Step]) -> Mapping[str, Sequence[int]]:
    """By key of a step, its places among all steps of a run, from 1. A step that is repeated has several."""
    found: dict[str, list[int]] = {}
    for number, key in enumerate(_flat(steps, ""), start=1):
        parts = key.split(".")
        for depth in range(1, len(parts) + 1):
            found.setdefault(".".join(parts[:depth]), []).append(number)
    return found


def _flat(steps: Sequence[Step], prefix: str) -> Iterator[str]:
    for index, step in enumerate(steps):
        if isinstance(step, Repeat):
            for _ in range(step.times):
                yield from _flat(step.steps, f"{prefix}{index}.")
        else:
            yield f"{prefix}{index}"


def path_of(key: str) -> Path:
    """`3.0` as ("steps", 3, "steps", 0). LookupError for what is no key."""
    parts = key.split(".")
    if not parts or len(parts) > 8 or not all(part.isdecimal() and len(part) < 6 for part in parts):
        raise LookupError("there is no such step")
    return tuple(one for part in parts for one in ("steps", int(part)))


def list_of(parent: str) -> Path:
    """The list of steps in a repeated one, or of all when `parent` is empty."""
    return (*path_of(parent), "steps") if parent else ("steps",)
