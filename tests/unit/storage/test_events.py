"""The event log: rewinding and the cursor move together."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from scatter.ports import BlockRef, LogEntry
from scatter.protocol.ids import Address, Timestamp
from scatter.storage.database import Database
from scatter.storage.events import SqlEventLog

CONTRACT = Address("0x" + "ab" * 20)


def block(number: int, fork: str = "a") -> BlockRef:
    return BlockRef(number, f"{fork}{number}".encode().ljust(32, b"\0"), Timestamp(1_700_000_000 + number))


def log(number: int, index: int = 0, topics: int = 2) -> LogEntry:
    return LogEntry(
        number, index, CONTRACT, tuple(bytes([t]) * 32 for t in range(topics)), b"\xff" * 32, bytes([number]) * 32
    )


@pytest.fixture
async def events(tmp_path: Path) -> AsyncIterator[SqlEventLog]:
    async with await Database.open(tmp_path / "node.db") as database:
        yield SqlEventLog(database)


async def test_an_empty_log_has_no_cursor(events: SqlEventLog) -> None:
    assert await events.cursor() is None
    assert await events.logs(-1, 1 << 40) == []


async def test_logs_come_back_in_the_order_of_the_chain(events: SqlEventLog) -> None:
    await events.replace(None, block(0), [])
    entries = [log(3, 1, topics=4), log(3, 0), log(2, 7, topics=0)]
    await events.replace(block(0), block(5), entries)
    assert await events.cursor() == block(5)
    assert await events.logs(-1, 5) == [log(2, 7, topics=0), log(3, 0), log(3, 1, topics=4)]
    assert await events.logs(2, 3) == [log(3, 0), log(3, 1, topics=4)]
    assert await events.logs(3, 5) == []


async def test_a_rewind_forgets_blocks_and_logs_above_the_ancestor(events: SqlEventLog) -> None:
    await events.replace(None, block(0), [])
    for number in (2, 4, 6):
        await events.replace(block(number - 2), block(number), [log(number), log(number - 1)])
    await events.replace(block(2), block(5, "b"), [log(5)])
    assert await events.blocks(99, 10) == [block(5, "b"), block(2), block(0)]
    assert await events.blocks(5, 1) == [block(2)]
    assert await events.logs(-1, 99) == [log(1), log(2), log(5)]


async def test_a_rewind_to_the_head_of_an_older_chain(events: SqlEventLog) -> None:
    await events.replace(None, block(0), [])
    await events.replace(block(0), block(2), [log(1)])
    await events.replace(block(2), block(4), [log(4)])
    await events.replace(block(2), block(2), [])
    assert await events.cursor() == block(2)
    assert await events.logs(-1, 99) == [log(1)]


@pytest.mark.parametrize(
    ("after", "head", "entries"),
    [
        (block(2, "b"), block(5), []),
        (block(3), block(5), []),
        (block(4), block(3), []),
        (block(4), block(4, "b"), []),
        (block(2), block(5), [log(2)]),
        (block(2), block(5), [log(6)]),
        (block(4), block(4), [log(4)]),
    ],
)
async def test_what_does_not_fit_is_refused_and_changes_nothing(
    events: SqlEventLog, after: BlockRef, head: BlockRef, entries: list[LogEntry]
) -> None:
    await events.replace(None, block(2), [])
    await events.replace(block(2), block(4), [log(3)])
    with pytest.raises(ValueError):
        await events.replace(after, head, entries)
    assert await events.cursor() == block(4)
    assert await events.logs(-1, 99) == [log(3)]
