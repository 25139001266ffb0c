"""Signed transactions, kept before they are broadcast, in SQL."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, insert, select, update
from sqlalchemy.exc import IntegrityError

from scatter.ports import SignedTransaction, TransactionStatus
from scatter.protocol.ids import Address
from scatter.storage.database import Database, uninterrupted
from scatter.storage.tables import transactions

_GONE = (TransactionStatus.LOST.value, TransactionStatus.REJECTED.value)


class SqlOutbox:
    """`ports.Outbox` over a database. What `insert` returned from is on the disk."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @uninterrupted
    async def insert(self, transaction: SignedTransaction) -> None:
        """Keep a new one; ValueError when its (account, key, attempt) is kept already."""
        row = {
            "account": transaction.account,
            "key": transaction.key,
            "attempt": transaction.attempt,
            "nonce": transaction.nonce,
            "raw": transaction.raw,
            "hash": transaction.hash,
            "status": transaction.status.value,
            "block": transaction.block,
            "gas_used": transaction.gas_used,
            "error": transaction.error,
        }
        try:
            async with self._database.writing() as connection:
                await connection.execute(insert(transactions).values(row))
        except IntegrityError as error:
            raise ValueError(
                f"attempt {transaction.attempt} of {transaction.key!r} by {transaction.account} is kept already"
            ) from error

    @uninterrupted
    async def latest(self, account: Address, key: str) -> SignedTransaction | None:
        """The newest attempt of a key."""
        statement = (
            select(transactions)
            .where(transactions.c.account == account, transactions.c.key == key)
            .order_by(transactions.c.attempt.desc())
            .limit(1)
        )
        async with self._database.reading() as connection:
            row = (await connection.execute(statement)).one_or_none()
        return None if row is None else _transaction(row)

    @uninterrupted
    async def unlost(self, account: Address, nonce: int) -> Sequence[SignedTransaction]:
        """Transactions of an account, by nonce, from `nonce` on, that are neither lost nor rejected."""
        statement = (
            select(transactions)
            .where(
                transactions.c.account == account,
                transactions.c.nonce >= nonce,
                transactions.c.status.not_in(_GONE),
            )
            .order_by(transactions.c.nonce, transactions.c.id)
        )
        async with self._database.reading() as connection:
            return [_transaction(row) for row in await connection.execute(statement)]

    @uninterrupted
    async def settle(
        self,
        transaction: SignedTransaction,
        status: TransactionStatus,
        *,
        block: int | None = None,
        gas_used: int | None = None,
        error: str | None = None,
    ) -> SignedTransaction:
        """Record what became of a transaction; the row as it is now. KeyError when it is not kept."""
        statement = (
            update(transactions)
            .where(
                transactions.c.account == transaction.account,
                transactions.c.key == transaction.key,
                transactions.c.attempt == transaction.attempt,
            )
            .values(status=status.value, block=block, gas_used=gas_used, error=error)
            .returning(transactions)
        )
        async with self._database.writing() as connection:
            row = (await connection.execute(statement)).one_or_none()
        if row is None:
            raise KeyError(f"no attempt {transaction.attempt} of {transaction.key!r} in the outbox")
        return _transaction(row)


def _transaction(row: Row[Any]) -> SignedTransaction:
    return SignedTransaction(
        account=Address(row.account),
        key=row.key,
        attempt=row.attempt,
        nonce=row.nonce,
        raw=row.raw,
        hash=row.hash,
        status=TransactionStatus(row.status),
        block=row.block,
        gas_used=row.gas_used,
        error=row.error,
    )
