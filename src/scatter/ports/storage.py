"""What a node keeps: artefacts and tasks."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from scatter.protocol.ids import Timestamp


class Artefacts(Protocol):
    """What a node made and must never make twice: salts, content keys, scores, sealed bundles, signed transactions.
    Inserted once, never changed. `forget` is for marks of what is here, which may go; never for what was made."""

    async def keep(self, key: str, value: bytes) -> bytes:
        """Insert, and return what is kept under the key: `value`, or what was there first."""
        ...

    async def get(self, key: str) -> bytes | None:
        """What is kept under the key."""
        ...

    async def keys(self, prefix: str) -> frozenset[str]:
        """All keys that start with a prefix."""
        ...

    async def forget(self, key: str) -> None:
        """Take away a key, if it is there."""
        ...


class TaskStatus(StrEnum):
    """Where a task is: to be taken, taken, to be taken again later; or ended: done, failed for good, no longer wanted."""

    READY = "ready"
    LEASED = "leased"
    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class Task:
    """A unit of work in the queue. `key` is unique among unfinished tasks; `fence` proves the lease; `attempt` counts
    leases from 1; `deadline` (the chain's time) is carried for the caller, who cancels: the queue does not compare
    it."""

    id: int
    key: str
    kind: str
    payload: Mapping[str, Any]
    deadline: Timestamp | None
    priority: int
    attempt: int
    fence: int


@dataclass(frozen=True, slots=True)
class TaskRecord:
    """A task as the queue remembers it, also after its end. Times are wall-clock seconds, `finished_at` None while it is
    unfinished; `error` is that of the last attempt that failed."""

    id: int
    key: str
    kind: str
    payload: Mapping[str, Any]
    deadline: Timestamp | None
    status: TaskStatus
    attempts: int
    error: str | None
    added_at: float
    finished_at: float | None


class TaskQueue(Protocol):
    """The persistent queue of one node. Times are wall-clock seconds given by the caller."""

    async def add(
        self,
        key: str,
        kind: str,
        payload: Mapping[str, Any],
        *,
        now: float,
        deadline: Timestamp | None = None,
        priority: int = 0,
    ) -> bool:
        """Queue a task unless one with the same key is unfinished; whether it was added. `payload` is what JSON can
        hold."""
        ...

    async def lease(self, *, worker: str, now: float, seconds: float) -> Task | None:
        """Take the next ready task (highest priority, then oldest) for some seconds; expired leases are ready
        again."""
        ...

    async def heartbeat(self, task: Task, *, now: float, seconds: float) -> bool:
        """Prolong a lease; False when it was lost (another fence) or the task was cancelled."""
        ...

    async def complete(self, task: Task, *, now: float) -> bool:
        """Finish a task; False when the lease was lost."""
        ...

    async def fail(self, task: Task, error: str, *, now: float, retry_at: float | None) -> bool:
        """Record an error; ready again at `retry_at`, finished as failed when None. False when the lease was lost."""
        ...

    async def cancel(self, keys: Sequence[str], *, now: float) -> int:
        """Finish unfinished tasks as cancelled; how many."""
        ...

    async def unfinished(self) -> Mapping[str, TaskStatus]:
        """Keys of unfinished tasks with their status: ready, leased or waiting."""
        ...

    async def latest(self, limit: int, below: int | None = None) -> Sequence[TaskRecord]:
        """The newest tasks, finished or not, at most `limit`, with ids under `below`; the newest first."""
        ...
