"""Opening, migrating and surviving kill -9."""

import asyncio
import signal
import sqlite3
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import insert, select, text

from scatter.storage.artefacts import SqlArtefacts
from scatter.storage.database import Database, DatabaseUnusable
from scatter.storage.queue import SqlTaskQueue
from scatter.storage.tables import artefacts, metadata


async def test_migrations_make_what_the_tables_say(tmp_path: Path) -> None:
    async with await Database.open(tmp_path / "node.db") as database, database.reading() as connection:
        difference = await connection.run_sync(
            lambda sync: compare_metadata(MigrationContext.configure(sync, opts={"compare_type": True}), metadata)
        )
        indices = set(
            await connection.scalars(text("SELECT sql FROM sqlite_master WHERE type = 'index' AND sql NOT NULL"))
        )
    assert difference == []
    assert 'CREATE UNIQUE INDEX ix_tasks_unfinished_key ON tasks ("key") WHERE finished_at IS NULL' in {
        sql.replace("(key)", '("key")') for sql in indices
    }


async def test_the_settings_are_in_force_on_every_connection(tmp_path: Path) -> None:
    async with (
        await Database.open(tmp_path / "deep" / "node.db") as database,
        database.reading() as first,
        database.reading() as second,
    ):
        for connection in (first, second):
            assert await connection.scalar(text("PRAGMA journal_mode")) == "wal"
            assert await connection.scalar(text("PRAGMA synchronous")) == 2
            assert await connection.scalar(text("PRAGMA foreign_keys")) == 1


async def test_opening_again_finds_what_was_kept(tmp_path: Path) -> None:
    async with await Database.open(tmp_path / "node.db") as database:
        await SqlArtefacts(database).keep("salt", b"s")
    async with await Database.open(tmp_path / "node.db") as database:
        assert await SqlArtefacts(database).get("salt") == b"s"


async def test_two_openings_at_once_migrate_once(tmp_path: Path) -> None:
    first, second = await asyncio.gather(Database.open(tmp_path / "node.db"), Database.open(tmp_path / "node.db"))
    async with first, second:
        await SqlArtefacts(first).keep("a", b"1")
        assert await SqlArtefacts(second).keep("a", b"2") == b"1"


async def test_read_then_write_transactions_of_two_connections_take_turns(tmp_path: Path) -> None:
    async def count_up(database: Database) -> None:
        for _ in range(25):
            async with database.writing() as connection:
                value = await connection.scalar(select(artefacts.c.value).where(artefacts.c.key == "n")) or b""
                await connection.execute(artefacts.update().values(value=str(int(value) + 1).encode()))

    async with await Database.open(tmp_path / "n.db") as first, await Database.open(tmp_path / "n.db") as second:
        await SqlArtefacts(first).keep("n", b"0")
        await asyncio.gather(count_up(first), count_up(second), count_up(first))
        assert await SqlArtefacts(second).get("n") == b"75"


async def _write_and_fail(database: Database) -> None:
    async with database.writing() as connection:
        await connection.execute(insert(artefacts).values(key="a", value=b"1"))
        raise RuntimeError("halfway")


async def test_an_error_rolls_back_everything(tmp_path: Path) -> None:
    async with await Database.open(tmp_path / "node.db") as database:
        with pytest.raises(RuntimeError, match="halfway"):
            await _write_and_fail(database)
        assert await SqlArtefacts(database).get("a") is None


async def test_a_cancelled_write_frees_the_database(tmp_path: Path) -> None:
    async def hang(database: Database) -> None:
        async with database.writing() as connection:
            await connection.execute(insert(artefacts).values(key="a", value=b"1"))
            await asyncio.sleep(60)

    async with await Database.open(tmp_path / "node.db") as database:
        task = asyncio.create_task(hang(database))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.wait_for(SqlArtefacts(database).keep("a", b"2"), timeout=5) == b"2"


async def test_a_newer_schema_is_refused_and_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "node.db"
    await (await Database.open(path)).close()
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(DatabaseUnusable, match=r"node\.db cannot be used as a database: a newer version .*9999"):
        await Database.open(path)
    with sqlite3.connect(path) as connection:
        assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("9999",)]
    connection.close()


@pytest.mark.parametrize("content", [b"not a database at all" * 100, b"SQLite format 3\0" + b"\xff" * 4096])
async def test_a_file_that_is_no_database_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "node.db"
    path.write_bytes(content)
    with pytest.raises(DatabaseUnusable, match=r"node\.db cannot be used"):
        await Database.open(path)
    assert path.read_bytes() == content


KILLED = """
    import asyncio, sys
    from pathlib import Path
    from scatter.storage.artefacts import SqlArtefacts
    from scatter.storage.database import Database
    from scatter.storage.queue import SqlTaskQueue

    async def main():
        database = await Database.open(Path(sys.argv[1]))
        artefacts, queue = SqlArtefacts(database), SqlTaskQueue(database)
        for n in range(100_000):
            await artefacts.keep(f"salt/{n}", b"x" * 32)
            await queue.add(f"task/{n}", "train", {}, now=float(n))
            print(n, flush=True)

    asyncio.run(main())
"""


def _run_until_killed(path: Path) -> int:
    """The last number that a killed writer said it had kept."""
    command = [sys.executable, "-c", textwrap.dedent(KILLED), str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        said = -1
        while said < 50:
            said = int(child.stdout.readline())
        child.send_signal(signal.SIGKILL)
        complete = child.stdout.read().split("\n")[:-1]
    return max([said, *(int(line) for line in complete)])


async def test_nothing_that_was_kept_is_lost_on_kill(tmp_path: Path) -> None:
    path = tmp_path / "node.db"
    said = await asyncio.to_thread(_run_until_killed, path)
    async with await Database.open(path) as database:
        kept, tasks = await SqlArtefacts(database).keys("salt/"), await SqlTaskQueue(database).unfinished()
    assert {f"salt/{n}" for n in range(said + 1)} <= kept
    assert {f"task/{n}" for n in range(said + 1)} <= tasks.keys()
