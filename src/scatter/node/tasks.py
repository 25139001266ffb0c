"""The queue of a node in terms of duties, and the wall's clock, by which leases and retries count.

Only nodes that run by themselves have one: what a duty needs to be done is in `parts`, and knows neither a queue nor the wall's
clock.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from scatter.ports import Task, TaskQueue, TaskStatus
from scatter.protocol.duties import Duty, DutyKind
from scatter.protocol.ids import JobId, Round, Timestamp

LEASE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Tasks:
    """What one node has to do. `clock`: wall-clock seconds; duties count the chain's time instead."""

    queue: TaskQueue
    clock: Callable[[], float]

    async def unfinished(self) -> Mapping[str, TaskStatus]:
        """Keys of duties that are queued or being done, with the status of their tasks: ready, leased or waiting."""
        return await self.queue.unfinished()

    async def add(self, duty: Duty, priority: int) -> None:
        """Queue a duty, unless it is queued or being done."""
        await self.queue.add(
            duty.key, duty.kind, payload_of(duty), now=self.clock(), deadline=duty.deadline, priority=priority
        )

    async def cancel(self, keys: Sequence[str]) -> None:
        """Take duties out of the queue; whoever does one now loses its lease."""
        await self.queue.cancel(keys, now=self.clock())

    async def lease(self, worker: str) -> Task | None:
        """The next task, for `LEASE_SECONDS`; None when none is ready."""
        return await self.queue.lease(worker=worker, now=self.clock(), seconds=LEASE_SECONDS)

    async def prolong(self, task: Task) -> bool:
        """Keep a task for `LEASE_SECONDS` more; False when the lease was lost."""
        return await self.queue.heartbeat(task, now=self.clock(), seconds=LEASE_SECONDS)

    async def complete(self, task: Task) -> None:
        """The duty is done."""
        await self.queue.complete(task, now=self.clock())

    async def retry(self, task: Task, error: str, wait: float) -> None:
        """The duty failed, and is tried again after so many seconds."""
        now = self.clock()
        await self.queue.fail(task, error, now=now, retry_at=now + wait)

    async def drop(self, task: Task, error: str) -> None:
        """The duty failed for good."""
        await self.queue.fail(task, error, now=self.clock(), retry_at=None)


def payload_of(duty: Duty) -> Mapping[str, Any]:
    """A duty as JSON values."""
    return {
        "job": duty.job.hex(),
        "round": duty.round,
        "kind": duty.kind.value,
        "subject": duty.subject,
        "deadline": duty.deadline,
    }


def duty_of(payload: Mapping[str, Any]) -> Duty:
    """The duty of a payload."""
    deadline = payload["deadline"]
    return Duty(
        JobId(bytes.fromhex(payload["job"])),
        Round(payload["round"]),
        DutyKind(payload["kind"]),
        payload["subject"],
        None if deadline is None else Timestamp(deadline),
    )
