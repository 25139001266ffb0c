"""Opening a node's database: SQLite in WAL mode, brought up to the newest schema."""

import asyncio
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager, closing
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, Self, TypeVar

from sqlalchemy import URL, Connection, event
from sqlalchemy.exc import DatabaseError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from scatter.errors import Failure
from scatter.storage.migrate import migrate

BUSY_SECONDS = 30
CONNECTIONS = 4
_PAUSE = 0.01
_WRITES = "scatter_writes"
_P = ParamSpec("_P")
_T = TypeVar("_T")

# FULL: a commit is on the disk before it returns. NORMAL would survive kill -9 as well, but not a power cut, and a salt
# that is lost after its commitment was broadcast costs a slash.
_PRAGMAS = (
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}",
)


def uninterrupted(operation: Callable[_P, Coroutine[Any, Any, _T]]) -> Callable[_P, Coroutine[Any, Any, _T]]:
    """Let an operation on a database end once it has begun; a task that is cancelled meanwhile waits for that.

    A connection that is cancelled in a transaction is thrown away, and its file stays locked until somebody has closed it.
    """

    @wraps(operation)
    async def ended(*arguments: _P.args, **named: _P.kwargs) -> _T:
        running = asyncio.create_task(operation(*arguments, **named))
        try:
            return await asyncio.shield(running)
        finally:
            await asyncio.wait([running])

    return ended


class DatabaseUnusable(Failure):
    """A file is not a database of this version of Scatter; the message says which file and why."""


class Database:
    """One open database. Reading may go on beside writing; writers take turns."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine
        # SQLite has one writer. Queueing here is fair and costs nothing; its own busy handler sleeps and polls.
        self._turn = asyncio.Lock()

    @classmethod
    async def open(cls, path: Path) -> Self:
        """Open or create the database file (its folder is created too) and run the migrations that it lacks.
        DatabaseUnusable when the file is damaged, is something else or was written by a newer version."""
        engine = create_async_engine(
            URL.create("sqlite+aiosqlite", database=str(path)),
            pool_size=CONNECTIONS,
            max_overflow=0,
            connect_args={"isolation_level": None, "timeout": BUSY_SECONDS},
        )
        event.listen(engine.sync_engine, "connect", _configure)
        event.listen(engine.sync_engine, "begin", _begin)
        database = cls(engine)
        try:
            await asyncio.to_thread(_prepare, path)
            async with database.writing() as connection:
                await connection.run_sync(migrate)
        except (DatabaseError, sqlite3.DatabaseError, LookupError) as error:
            await engine.dispose()
            reason = str(getattr(error, "orig", None) or error)
            raise DatabaseUnusable(f"{path} cannot be used as a database: {reason}") from error
        except BaseException:
            await engine.dispose()
            raise
        return database

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that sees one state of the database."""
        async with self._engine.connect() as connection, connection.begin():
            yield connection

    @asynccontextmanager
    async def writing(self) -> AsyncIterator[AsyncConnection]:
        """A transaction that may write: committed at the end of the block, rolled back when it raises."""
        async with self._turn, self._engine.connect() as connection:
            await connection.execution_options(**{_WRITES: True})
            async with connection.begin():
                yield connection

    async def close(self) -> None:
        """Close all connections."""
        await self._engine.dispose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()


def _prepare(path: Path) -> None:
    """Create the file in WAL mode, which stays with it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    give_up = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            with closing(sqlite3.connect(path, timeout=BUSY_SECONDS)) as connection:
                connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            # Two that switch the mode at once do not wait for each other, whatever their timeout.
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > give_up:
                raise
            time.sleep(_PAUSE)


def _configure(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    for pragma in _PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


def _begin(connection: Connection) -> None:
    # A plain BEGIN that reads first and then writes loses to another writer with "database is locked" at once.
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
