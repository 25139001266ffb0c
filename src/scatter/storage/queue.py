"""The persistent task queue of one node, as a table.

A lease is proved by its fence, the number of leases that the task has had: a worker that was away for too long finds that
another one holds a higher fence, and whatever it reports is refused. Nothing but `complete`, `fail` and `cancel` ends a
task, so a crash loses no work: the lease runs out and the task is ready again.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import Row, Update, insert, select, update

from scatter.ports import Task, TaskRecord, TaskStatus
from scatter.protocol.ids import Timestamp
from scatter.storage.database import Database, uninterrupted
from scatter.storage.tables import UNFINISHED, tasks

ERROR_CHARACTERS = 4000


class SqlTaskQueue:
    """`ports.TaskQueue` over a database. Several workers may lease at once: each statement that takes a task is one
    UPDATE, which on PostgreSQL skips rows that another worker is taking."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @uninterrupted
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
        """Queue a task unless one with the same key is unfinished; whether it was added."""
        row = {
            "key": key,
            "kind": kind,
            "payload": dict(payload),
            "priority": priority,
            "deadline": deadline,
            "status": TaskStatus.READY,
            "ready_at": now,
            "leases": 0,
            "added_at": now,
        }
        async with self._database.writing() as connection:
            if await connection.scalar(select(tasks.c.id).where(tasks.c.key == key, UNFINISHED)) is not None:
                return False
            await connection.execute(insert(tasks).values(row))
        return True

    @uninterrupted
    async def lease(self, *, worker: str, now: float, seconds: float) -> Task | None:
        """Take the next ready task (highest priority, then oldest) for some seconds; expired leases are ready again."""
        # `ready_at` is when a task may be taken: when it was added, when it may be retried, when its lease runs out.
        following = (
            select(tasks.c.id)
            .where(UNFINISHED, tasks.c.ready_at <= now)
            .order_by(tasks.c.priority.desc(), tasks.c.id)
            .limit(1)
            .with_for_update(skip_locked=True)
            .scalar_subquery()
        )
        statement = (
            update(tasks)
            .where(tasks.c.id == following)
            .values(status=TaskStatus.LEASED, worker=worker, ready_at=now + seconds, leases=tasks.c.leases + 1)
            .returning(tasks)
        )
        async with self._database.writing() as connection:
            row = (await connection.execute(statement)).one_or_none()
        return None if row is None else _task(row)

    @uninterrupted
    async def heartbeat(self, task: Task, *, now: float, seconds: float) -> bool:
        """Prolong a lease; False when it was lost (another fence) or the task was cancelled."""
        return await self._change(_held(task).values(ready_at=now + seconds))

    @uninterrupted
    async def complete(self, task: Task, *, now: float) -> bool:
        """Finish a task; False when the lease was lost."""
        return await self._change(_held(task).values(status=TaskStatus.DONE, finished_at=now))

    @uninterrupted
    async def fail(self, task: Task, error: str, *, now: float, retry_at: float | None) -> bool:
        """Record an error (its first 4,000 characters); ready again at `retry_at`, finished as failed when None. False
        when the lease was lost."""
        outcome: dict[str, Any] = {"status": TaskStatus.FAILED, "finished_at": now}
        if retry_at is not None:
            outcome = {"status": TaskStatus.WAITING, "ready_at": retry_at}
        return await self._change(_held(task).values(error=error[:ERROR_CHARACTERS], **outcome))

    @uninterrupted
    async def cancel(self, keys: Sequence[str], *, now: float) -> int:
        """Finish unfinished tasks as cancelled; how many."""
        cancelled = 0
        async with self._database.writing() as connection:
            for key in keys:
                statement = update(tasks).where(tasks.c.key == key, UNFINISHED)
                result = await connection.execute(statement.values(status=TaskStatus.CANCELLED, finished_at=now))
                cancelled += result.rowcount
        return cancelled

    @uninterrupted
    async def unfinished(self) -> Mapping[str, TaskStatus]:
        """Keys of unfinished tasks with their status: ready, leased or waiting."""
        async with self._database.reading() as connection:
            rows = await connection.execute(select(tasks.c.key, tasks.c.status).where(UNFINISHED))
            return {row.key: TaskStatus(row.status) for row in rows}

    @uninterrupted
    async def latest(self, limit: int, below: int | None = None) -> Sequence[TaskRecord]:
        """The newest tasks, finished or not, at most `limit`, with ids under `below`; the newest first."""
        statement = select(tasks).order_by(tasks.c.id.desc()).limit(limit)
        if below is not None:
            statement = statement.where(tasks.c.id < below)
        async with self._database.reading() as connection:
            return [_record(row) for row in await connection.execute(statement)]

    async def _change(self, statement: Update) -> bool:
        async with self._database.writing() as connection:
            result = await connection.execute(statement)
        return bool(result.rowcount)


def _held(task: Task) -> Update:
    return update(tasks).where(
        tasks.c.id == task.id, tasks.c.status == TaskStatus.LEASED, tasks.c.leases == task.fence, UNFINISHED
    )


def _record(row: Row[Any]) -> TaskRecord:
    return TaskRecord(
        id=row.id,
        key=row.key,
        kind=row.kind,
        payload=row.payload,
        deadline=None if row.deadline is None else Timestamp(row.deadline),
        status=TaskStatus(row.status),
        attempts=row.leases,
        error=row.error,
        added_at=row.added_at,
        finished_at=row.finished_at,
    )


def _task(row: Row[Any]) -> Task:
    return Task(
        id=row.id,
        key=row.key,
        kind=row.kind,
        payload=row.payload,
        deadline=None if row.deadline is None else Timestamp(row.deadline),
        priority=row.priority,
        attempt=row.leases,
        fence=row.leases,
    )
