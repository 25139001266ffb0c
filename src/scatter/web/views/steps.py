"""Steps as the document has them, and how far a run is with each."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields
from itertools import islice
from typing import Any

from scatter.jobs.positions import Path
from scatter.localnet.ground import OPERATOR
from scatter.simulation.step_kinds import (
    STEP_KINDS,
    DeployProtocol,
    InitializeRoles,
    Repeat,
    Step,
    TransferInitialSupply,
    name_of,
)
from scatter.web.documents.blocks import tables_at
from scatter.web.record.record import RunRecord, StepSeen
from scatter.web.views.summaries import summary
from scatter.web.views.text import chain_time, duration, words

REPEAT = name_of(Repeat)
_LEFT_OUT = re.compile(r" (`\w+` )?None:")
ONCE = frozenset(map(name_of, (DeployProtocol, TransferInitialSupply, InitializeRoles)))
"""Steps that a scenario begins with, once."""

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


@dataclass(frozen=True, slots=True)
class Move:
    """Where a step can go from its place: what a button says, the key that does the same, and the list (the key of the step that
    repeats it, empty for the list of all) with the place in it."""

    label: str
    arrow: str
    parent: str
    to: int


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step in the list. `key` is its path with dots; `says`: what it does, in a line; `status`: waiting, running, done or failed;
    `numbers`: its places among all steps of a run, counted from 1, repeated ones each time."""

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
    moves: Sequence[Move] = ()
    inner: Sequence["StepRow"] = field(default_factory=tuple)

    @property
    def about(self) -> str:
        """What this kind of steps does."""
        return about(self.kind)

    def to_json(self) -> dict[str, Any]:
        """As JSON values, without where it can go: that is for buttons."""
        own = {each.name: getattr(self, each.name) for each in fields(self) if each.name not in ("moves", "inner")}
        return {**own, "inner": [row.to_json() for row in self.inner]}

    def until(self, first: int) -> int | None:
        """How many steps of a run are done when this one is, of those from the place `first` on: once more if it is repeated, all that
        is left if it repeats others. None when nothing of it is left."""
        left = [number for number in self.numbers if number >= first]
        return (left[-1] if self.inner else left[0]) if left else None


def about(kind: str) -> str:
    """What a kind of steps does, in one sentence or two."""
    made_by = STEP_KINDS.get(kind)
    text = " ".join((made_by.__doc__ or "").split("\n\n")[0].split()) if made_by else ""
    # What a value that is left out means is said beside its field.
    return _LEFT_OUT.split(text)[0].replace("`", "")


def rows(content: Mapping[str, Any], numbers: Mapping[str, Sequence[int]], record: RunRecord | None) -> list[StepRow]:
    """The steps of a document; `numbers` by key, as `numbered` says."""
    return list(_Rows(content, numbers, record).of(tables_at(content, ("steps",)), ""))


@dataclass(frozen=True, slots=True)
class _Rows:
    content: Mapping[str, Any]
    numbers: Mapping[str, Sequence[int]]
    record: RunRecord | None

    def of(self, there: Sequence[Mapping[str, Any]], parent: str) -> Iterator[StepRow]:
        """The rows of a list of steps."""
        for index, step in enumerate(there):
            key = f"{parent}.{index}" if parent else str(index)
            kind, own, seen = str(step.get("do")), self.numbers.get(key, ()), self._seen(key)
            yield StepRow(
                key=key,
                kind=kind,
                title=TITLES.get(kind, kind),
                says=summary(step, self.content),
                depth=key.count("."),
                index=index,
                siblings=len(there),
                status=_status(own, seen),
                progress=f"{sum(one.phase == 'done' for one in seen)} of {len(own)}" if len(own) > 1 and seen else "",
                took=duration(sum(one.seconds or 0 for one in seen if one.phase != "begin")) if seen else "",
                transactions=sum(_between(self.record, one) for one in seen) if self.record is not None else 0,
                error=next((one.error for one in seen if one.error), ""),
                numbers=own,
                moves=tuple(_moves(there, parent, index)),
                inner=tuple(self.of(tables_at(step, ("steps",)), key)),
            )

    def _seen(self, key: str) -> list[StepSeen]:
        if self.record is None:
            return []
        return [self.record.steps[number] for number in self.numbers.get(key, ()) if number in self.record.steps]


def _moves(there: Sequence[Mapping[str, Any]], parent: str, index: int) -> Iterator[Move]:
    """Where one of the steps of a list can go."""
    if index > 0:
        yield Move("Move up", "ArrowUp", parent, index - 1)
    if index < len(there) - 1:
        yield Move("Move down", "ArrowDown", parent, index + 1)
    beside = f"{parent}." if parent else ""
    if index > 0 and there[index - 1].get("do") == REPEAT:
        last = len(tables_at(there[index - 1], ("steps",)))
        yield Move("Into the repeat above", "ArrowRight", f"{beside}{index - 1}", last)
    elif index < len(there) - 1 and there[index + 1].get("do") == REPEAT:
        yield Move("Into the repeat below", "ArrowRight", f"{beside}{index + 1}", 0)
    if parent:
        around, _, own = parent.rpartition(".")
        # The first comes out before the repeat, so that the two arrows take one another back.
        yield Move("Out of the repeat", "ArrowLeft", around, int(own) + (index > 0))


def _status(own: Sequence[int], seen: Sequence[StepSeen]) -> str:
    if not seen:
        return "waiting"
    if any(one.phase == "failed" for one in seen):
        return "failed"
    return "done" if len(seen) == len(own) and all(one.phase == "done" for one in seen) else "running"


def _between(record: RunRecord, step: StepSeen) -> int:
    """How many transactions were mined in the blocks of a step."""
    return len(step.created) + len(_places(record, step))


def _places(record: RunRecord, step: StepSeen) -> range:
    """Where they are in the table of transactions."""
    blocks = record["transactions"].column("block")
    last = step.last if step.last is not None else record.block
    return range(bisect_right(blocks, step.first), bisect_right(blocks, last))


@dataclass(frozen=True, slots=True)
class CallSeen:
    """A transaction of a step: its hash (0x…; empty in runs from before hashes were recorded), when it was mined, who sent it, what it
    called, for which job, its gas, its status (`done`, `failed`), why it failed if it did, and the address of the contract that it
    created, if it did that. Of what was mined before the first block that is recorded the time is empty."""

    hash: str
    block: int
    time: str
    node: str
    role: str
    call: str
    job: int | None
    gas: int
    status: str
    error: str
    created: str = ""


def transactions_of(record: RunRecord, numbers: Sequence[int], most: int) -> list[CallSeen]:
    """The transactions that were mined in the blocks of steps, by the steps' places from 1; the first `most` of them."""
    steps = (record.steps[number] for number in numbers if number in record.steps)
    return list(islice((call for step in steps for call in _calls_of(record, step)), most))


def _calls_of(record: RunRecord, step: StepSeen) -> Iterator[CallSeen]:
    for one in step.created:
        yield CallSeen(
            hash=one["hash"],
            block=one["block"],
            time="",
            node=OPERATOR,
            role="none",
            call=f"create {one['contract']}",
            job=None,
            gas=one["gas"],
            status="done",
            error="",
            created=one["address"],
        )
    for place in _places(record, step):
        yield _call_seen(record["transactions"].row(place))


def _call_seen(row: Mapping[str, Any]) -> CallSeen:
    return CallSeen(
        hash=row["hash"] or "",
        block=row["block"],
        time=chain_time(row["time"]),
        node=row["node"],
        role=row["role"],
        call=words(row["function"]),
        job=row["job"],
        gas=row["gas"],
        status="failed" if row["error"] else "done",
        error=row["error"] or "",
    )


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


def key_of(path: Path) -> str:
    """The key of a step's path."""
    return ".".join(str(part) for part in path if isinstance(part, int))


def list_of(parent: str) -> Path:
    """The list of steps in a repeated one, or of all when `parent` is empty."""
    return (*path_of(parent), "steps") if parent else ("steps",)
