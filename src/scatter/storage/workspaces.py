"""Workspaces: scenario documents that people edit, in SQL."""

import secrets
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from scatter.storage import tables
from scatter.storage.database import Database, uninterrupted

ID_BYTES = 6
"""Of a random id; it is written as twice as many hexadecimal digits."""


class ChangedMeanwhile(RuntimeError):
    """Somebody else changed a workspace since it was read."""


@dataclass(frozen=True, slots=True)
class Workspace:
    """A scenario `document` (TOML, kept letter by letter) with a name for people. `version` counts changes from 1; times are
    seconds since 1970."""

    id: str
    name: str
    document: str
    version: int
    created_at: float
    changed_at: float


class SqlWorkspaces:
    """All workspaces of a database."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @uninterrupted
    async def add(self, name: str, document: str) -> Workspace:
        """A new one."""
        now = time.time()
        made = Workspace(new_id(), name, document, 1, now, now)
        async with self._database.writing() as connection:
            await connection.execute(insert(tables.workspaces).values(_values(made)))
        return made

    @uninterrupted
    async def all(self) -> Sequence[Workspace]:
        """Every one, that changed last first."""
        statement = select(tables.workspaces).order_by(tables.workspaces.c.changed_at.desc(), tables.workspaces.c.id)
        async with self._database.reading() as connection:
            return [_workspace(row) for row in await connection.execute(statement)]

    @uninterrupted
    async def get(self, workspace: str) -> Workspace:
        """One by its id. LookupError."""
        async with self._database.reading() as connection:
            found = await connection.execute(select(tables.workspaces).where(tables.workspaces.c.id == workspace))
            row = found.one_or_none()
        if row is None:
            raise LookupError(f"there is no workspace {workspace!r}")
        return _workspace(row)

    @uninterrupted
    async def change(self, before: Workspace, *, name: str | None = None, document: str | None = None) -> Workspace:
        """Give it another name or document, unless somebody else changed it since `before` was read: ChangedMeanwhile."""
        values: dict[str, Any] = {"version": before.version + 1, "changed_at": time.time()}
        values |= {} if name is None else {"name": name}
        values |= {} if document is None else {"document": document}
        statement = (
            update(tables.workspaces)
            .where(tables.workspaces.c.id == before.id, tables.workspaces.c.version == before.version)
            .values(values)
            .returning(tables.workspaces)
        )
        async with self._database.writing() as connection:
            row = (await connection.execute(statement)).one_or_none()
        if row is None:
            raise ChangedMeanwhile(
                "somebody else changed this workspace meanwhile; look at it again, then repeat your change"
            )
        return _workspace(row)

    @uninterrupted
    async def remove(self, workspace: str) -> None:
        """Take it away, with its runs and their events; nothing when it is not there."""
        async with self._database.writing() as connection:
            await connection.execute(delete(tables.workspaces).where(tables.workspaces.c.id == workspace))


def new_id() -> str:
    """A random id."""
    return secrets.token_hex(ID_BYTES)


def _values(workspace: Workspace) -> dict[str, Any]:
    return {name: getattr(workspace, name) for name in Workspace.__slots__}


def _workspace(row: Row[Any]) -> Workspace:
    return Workspace(**{name: getattr(row, name) for name in Workspace.__slots__})
