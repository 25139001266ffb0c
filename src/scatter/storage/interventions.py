"""What people do by hand to nodes of runs, in SQL: asked for by the web server, and given a place in the run by its process."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Row, func, insert, select, update

from scatter.storage.database import Database, uninterrupted
from scatter.storage.tables import run_interventions as table


@dataclass(frozen=True, slots=True)
class StoredIntervention:
    """`do` (a kind of steps) is to be done to `nodes`. It takes effect before a block is mined; None: the run has not said which.
    `number` counts those of a run from 1; `asked_at` is in seconds since 1970."""

    number: int
    do: str
    nodes: tuple[str, ...]
    asked_at: float
    before_block: int | None


class SqlInterventions:
    """Those of all runs of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @uninterrupted
    async def ask(self, run: str, do: str, nodes: Sequence[str]) -> StoredIntervention:
        """Another one, behind those that were asked for before."""
        async with self._database.writing() as connection:
            last = await connection.scalar(select(func.max(table.c.number)).where(table.c.run == run)) or 0
            made = StoredIntervention(last + 1, do, tuple(nodes), time.time(), None)
            values = {"number": made.number, "do": do, "nodes": list(nodes), "asked_at": made.asked_at}
            await connection.execute(insert(table).values(run=run, **values))
        return made

    @uninterrupted
    async def of(self, run: str) -> Sequence[StoredIntervention]:
        """All of a run, in the order in which they were asked for."""
        async with self._database.reading() as connection:
            rows = await connection.execute(select(table).where(table.c.run == run).order_by(table.c.number))
            return [_intervention(row) for row in rows]

    async def decide(self, run: str, block: int, *, more: bool) -> Sequence[StoredIntervention]:
        """Those that take effect before a block; with `more`, those too that have no block yet, which have this one from now on,
        on the disk before it is said."""
        due = [one for one in await self.of(run) if one.before_block == block or (more and one.before_block is None)]
        if any(one.before_block is None for one in due):
            await self._place(run, block, due[-1].number)
        return due

    @uninterrupted
    async def _place(self, run: str, block: int, last: int) -> None:
        waiting = (table.c.run == run, table.c.before_block.is_(None), table.c.number <= last)
        async with self._database.writing() as connection:
            await connection.execute(update(table).where(*waiting).values(before_block=block))


def _intervention(row: Row[tuple[object, ...]]) -> StoredIntervention:
    return StoredIntervention(row.number, row.do, tuple(row.nodes), row.asked_at, row.before_block)
