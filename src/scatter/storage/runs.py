"""Runs of workspaces' scenarios, and what happened in them, in SQL.

A run is written by two processes: the one that runs it says how it fares (`report`) and what happens (`SqlRunEvents`), the web
server what it should do (`control`). They touch different columns, so neither undoes what the other wrote.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from sqlalchemy import Row, delete, func, insert, select, update

from scatter.storage import tables
from scatter.storage.database import Database, uninterrupted
from scatter.storage.workspaces import new_id


class RunStatus(StrEnum):
    """Where a run is: to get a process, in one, held by whoever watches; or over: at its end, broken, stopped."""

    QUEUED = "queued"
    RUNNING = "running"
    PAUSED = "paused"
    FINISHED = "finished"
    FAILED = "failed"
    STOPPED = "stopped"


ACTIVE = (RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.PAUSED)
"""A run in one of these has, or will get, a process."""


class Wanted(StrEnum):
    """What whoever watches a run wants of it."""

    GO = "go"
    PAUSE = "pause"
    STOP = "stop"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRun:
    """A run of a scenario as it was when the run began (`document`, `short`, `seed` if not the document's).

    `wanted`: go, pause or stop; `until`: pause once so many steps are done; `pace`: seconds from block to block; `attempts`: how
    many processes it has had. `result`: as `SimulationResult.to_json`. Times are seconds since 1970.
    """

    id: str
    workspace: str
    number: int
    document: str
    short: bool = False
    seed: int | None = None
    status: RunStatus = RunStatus.QUEUED
    wanted: Wanted = Wanted.GO
    until: int | None = None
    pace: float = 0.0
    error: str | None = None
    result: dict[str, Any] | None = None
    attempts: int = 0
    created_at: float
    started_at: float | None = None
    finished_at: float | None = None

    @property
    def active(self) -> bool:
        """Whether it is not over."""
        return self.status in ACTIVE


@dataclass(frozen=True, slots=True)
class RunEvent:
    """Something that happened in a run. `number` counts from 1 without gaps; `mark` says what it is, once in a run."""

    number: int
    mark: str
    body: bytes


class SqlRuns:
    """All runs of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @uninterrupted
    async def add(self, workspace: str, document: str, **settings: Any) -> StoredRun:
        """A new run of a workspace, which waits for a process. `settings`: short, seed, until, pace."""
        table = tables.runs
        async with self._database.writing() as connection:
            last = await connection.scalar(select(func.max(table.c.number)).where(table.c.workspace == workspace))
            run = StoredRun(
                id=new_id(),
                workspace=workspace,
                number=(last or 0) + 1,
                document=document,
                created_at=time.time(),
                **settings,
            )
            await connection.execute(insert(table).values({f.name: getattr(run, f.name) for f in fields(run)}))
        return run

    @uninterrupted
    async def get(self, run: str) -> StoredRun:
        """One by its id. LookupError."""
        async with self._database.reading() as connection:
            row = (await connection.execute(select(tables.runs).where(tables.runs.c.id == run))).one_or_none()
        if row is None:
            raise LookupError(f"there is no run {run!r}")
        return _run(row)

    @uninterrupted
    async def of(self, workspace: str) -> Sequence[StoredRun]:
        """The runs of a workspace, the newest first."""
        statement = (
            select(tables.runs).where(tables.runs.c.workspace == workspace).order_by(tables.runs.c.number.desc())
        )
        async with self._database.reading() as connection:
            return [_run(row) for row in await connection.execute(statement)]

    @uninterrupted
    async def active(self) -> Sequence[StoredRun]:
        """The runs that are not over, the oldest first."""
        statement = select(tables.runs).where(tables.runs.c.status.in_(ACTIVE)).order_by(tables.runs.c.created_at)
        async with self._database.reading() as connection:
            return [_run(row) for row in await connection.execute(statement)]

    async def control(self, run: str, **wanted: Any) -> None:
        """What it should do: any of wanted, until and pace."""
        await self._change(run, wanted)

    async def report(self, run: str, **seen: Any) -> None:
        """How it fares: any of status, error, result, attempts, started_at and finished_at."""
        await self._change(run, seen)

    @uninterrupted
    async def _change(self, run: str, values: dict[str, Any]) -> None:
        async with self._database.writing() as connection:
            await connection.execute(update(tables.runs).where(tables.runs.c.id == run).values(values))

    @uninterrupted
    async def remove(self, run: str) -> None:
        """Take it away, with its events; nothing when it is not there."""
        async with self._database.writing() as connection:
            await connection.execute(delete(tables.runs).where(tables.runs.c.id == run))


class SqlRunEvents:
    """What happened in runs, in order."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @uninterrupted
    async def append(self, run: str, events: Iterable[RunEvent]) -> None:
        """More of it, in one transaction. IntegrityError when a number or mark is taken: a run has one writer."""
        rows = [{"run": run, "number": e.number, "mark": e.mark, "body": e.body} for e in events]
        if rows:
            async with self._database.writing() as connection:
                await connection.execute(insert(tables.run_events), rows)

    @uninterrupted
    async def marks(self, run: str) -> set[str]:
        """The marks of all that happened."""
        async with self._database.reading() as connection:
            return set(await connection.scalars(select(tables.run_events.c.mark).where(tables.run_events.c.run == run)))

    @uninterrupted
    async def last(self, run: str) -> int:
        """The number of the last event; 0 before the first."""
        statement = select(func.max(tables.run_events.c.number)).where(tables.run_events.c.run == run)
        async with self._database.reading() as connection:
            return await connection.scalar(statement) or 0

    @uninterrupted
    async def after(self, run: str, number: int, limit: int) -> Sequence[RunEvent]:
        """At most `limit` events that come after the one with a number."""
        table = tables.run_events
        statement = (
            select(table.c.number, table.c.mark, table.c.body)
            .where(table.c.run == run, table.c.number > number)
            .order_by(table.c.number)
            .limit(limit)
        )
        async with self._database.reading() as connection:
            return [RunEvent(row.number, row.mark, row.body) for row in await connection.execute(statement)]


def _run(row: Row[Any]) -> StoredRun:
    kept = {each.name: getattr(row, each.name) for each in fields(StoredRun)}
    return StoredRun(**{**kept, "status": RunStatus(row.status), "wanted": Wanted(row.wanted)})
