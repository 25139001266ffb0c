"""The outbox."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from scatter.ports import SignedTransaction, TransactionStatus
from scatter.protocol.ids import Address
from scatter.storage.database import Database
from scatter.storage.transactions import SqlOutbox

ME, OTHER = Address("0x" + "11" * 20), Address("0x" + "22" * 20)


def signed(nonce: int, key: str = "", attempt: int = 1, account: Address = ME) -> SignedTransaction:
    hash_ = f"{account}{nonce}{key}{attempt}".encode()[-32:].rjust(32, b"\0")
    return SignedTransaction(account, key or f"key/{nonce}", attempt, nonce, b"\x02raw", hash_)


@pytest.fixture
async def outbox(tmp_path: Path) -> AsyncIterator[SqlOutbox]:
    async with await Database.open(tmp_path / "node.db") as database:
        yield SqlOutbox(database)


async def test_the_newest_attempt_of_an_accounts_key(outbox: SqlOutbox) -> None:
    assert await outbox.latest(ME, "join") is None
    for transaction in (signed(0, "join"), signed(5, "join", attempt=2), signed(9, "join", account=OTHER)):
        await outbox.insert(transaction)
    assert await outbox.latest(ME, "join") == signed(5, "join", attempt=2)
    assert await outbox.latest(OTHER, "join") == signed(9, "join", account=OTHER)


async def test_an_attempt_is_inserted_once(outbox: SqlOutbox) -> None:
    await outbox.insert(signed(0, "join"))
    with pytest.raises(ValueError, match="attempt 1 of 'join'"):
        await outbox.insert(signed(1, "join"))
    assert (await outbox.unlost(ME, 0)) == [signed(0, "join")]


async def test_settling_and_what_can_still_be_mined(outbox: SqlOutbox) -> None:
    rows = [signed(nonce) for nonce in (3, 0, 1, 2)]
    for row in [*rows, signed(1, account=OTHER)]:
        await outbox.insert(row)
    mined = await outbox.settle(rows[2], TransactionStatus.MINED, block=7, gas_used=21_000)
    assert mined == replace(rows[2], status=TransactionStatus.MINED, block=7, gas_used=21_000)
    await outbox.settle(rows[3], TransactionStatus.LOST)
    rejected = await outbox.settle(rows[0], TransactionStatus.REJECTED, error="no funds")
    assert rejected.error == "no funds"
    assert await outbox.unlost(ME, 0) == [rows[1], mined]
    assert await outbox.unlost(ME, 1) == [mined]
    assert await outbox.settle(mined, TransactionStatus.PENDING) == rows[2]


async def test_settling_what_is_not_kept(outbox: SqlOutbox) -> None:
    with pytest.raises(KeyError, match="no attempt 1 of"):
        await outbox.settle(signed(0), TransactionStatus.MINED)
