"""The logs of the protocol's contracts and how far the chain was followed, in SQL."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, delete, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection

from scatter.ports import BlockRef, LogEntry
from scatter.protocol.ids import WORD_BYTES, Address, Timestamp
from scatter.storage import tables
from scatter.storage.database import Database, uninterrupted


class SqlEventLog:
    """`ports.EventLog` over a database. Each log belongs to the kept block that it came with, and goes when that goes."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @uninterrupted
    async def cursor(self) -> BlockRef | None:
        """The newest block kept; None when the log is empty."""
        async with self._database.reading() as connection:
            row = (
                await connection.execute(select(tables.blocks).order_by(tables.blocks.c.number.desc()).limit(1))
            ).one_or_none()
        return None if row is None else _block(row)

    @uninterrupted
    async def blocks(self, below: int, limit: int) -> Sequence[BlockRef]:
        """Blocks kept with a number under `below`, newest first, at most `limit`. Not every block of the chain is kept."""
        statement = (
            select(tables.blocks)
            .where(tables.blocks.c.number < below)
            .order_by(tables.blocks.c.number.desc())
            .limit(limit)
        )
        async with self._database.reading() as connection:
            return [_block(row) for row in await connection.execute(statement)]

    @uninterrupted
    async def logs(self, after: int, upto: int) -> Sequence[LogEntry]:
        """Logs of blocks with `after` < number <= `upto`, in the order of the chain."""
        statement = (
            select(tables.logs)
            .where(tables.logs.c.block > after, tables.logs.c.block <= upto)
            .order_by(tables.logs.c.block, tables.logs.c.log_index)
        )
        async with self._database.reading() as connection:
            return [_log(row) for row in await connection.execute(statement)]

    @uninterrupted
    async def replace(self, after: BlockRef | None, head: BlockRef, logs: Sequence[LogEntry]) -> None:
        """Forget everything above `after` (all of it when None), then keep `logs` and `head` as the new cursor, which
        may be `after` itself: all in one transaction. ValueError when `after` is not kept, or when `head` or logs lie
        outside."""
        lowest = -1 if after is None else after.number
        if (head.number <= lowest and head != after) or any(not lowest < log.block <= head.number for log in logs):
            raise ValueError(
                f"a head under block {lowest}, or logs outside of the blocks {lowest + 1} to {head.number}"
            )
        async with self._database.writing() as connection:
            if after is not None:
                await _expect(connection, after)
            await connection.execute(delete(tables.blocks).where(tables.blocks.c.number > lowest))
            if head != after:
                row = {"number": head.number, "hash": head.hash, "timestamp": head.timestamp}
                await connection.execute(insert(tables.blocks).values(row))
            if logs:
                await connection.execute(insert(tables.logs), [_row(log, head) for log in logs])


async def _expect(connection: AsyncConnection, block: BlockRef) -> None:
    kept = await connection.scalar(select(tables.blocks.c.hash).where(tables.blocks.c.number == block.number))
    if kept != block.hash:
        raise ValueError(f"block {block.number} (0x{block.hash.hex()}) is not kept")


def _row(entry: LogEntry, head: BlockRef) -> dict[str, Any]:
    return {
        "block": entry.block,
        "log_index": entry.log_index,
        "head": head.number,
        "address": entry.address,
        "topics": b"".join(entry.topics),
        "data": entry.data,
        "transaction": entry.transaction,
    }


def _block(row: Row[Any]) -> BlockRef:
    return BlockRef(row.number, row.hash, Timestamp(row.timestamp))


def _log(row: Row[Any]) -> LogEntry:
    topics = tuple(row.topics[at : at + WORD_BYTES] for at in range(0, len(row.topics), WORD_BYTES))
    return LogEntry(row.block, row.log_index, Address(row.address), topics, row.data, row.transaction)
