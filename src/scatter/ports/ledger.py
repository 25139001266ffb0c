"""What following and sending keep, so that nothing is lost or sent twice: logs, a cursor, signed transactions."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from scatter.ports.chain import BlockRef
from scatter.protocol.ids import Address


@dataclass(frozen=True, slots=True)
class LogEntry:
    """One raw Solidity log."""

    block: int
    log_index: int
    address: Address
    topics: tuple[bytes, ...]
    data: bytes
    transaction: bytes


class EventLog(Protocol):
    """The logs of the protocol's contracts, as far as the chain has been followed, and the blocks that prove where
    that is. The cursor is the newest block kept, so it cannot disagree with the logs."""

    async def cursor(self) -> BlockRef | None:
        """The newest block kept; None when the log is empty."""
        ...

    async def blocks(self, below: int, limit: int) -> Sequence[BlockRef]:
        """Blocks kept with a number under `below`, newest first, at most `limit`. Not every block of the chain is
        kept."""
        ...

    async def logs(self, after: int, upto: int) -> Sequence[LogEntry]:
        """Logs of blocks with `after` < number <= `upto`, in the order of the chain."""
        ...

    async def replace(self, after: BlockRef | None, head: BlockRef, logs: Sequence[LogEntry]) -> None:
        """Forget everything above `after` (all of it when None), then keep `logs` and `head` as the new cursor, which
        may be `after` itself: all in one transaction. ValueError when `after` is not kept, or when `head` or logs lie
        outside."""
        ...


class TransactionStatus(StrEnum):
    """What became of a signed transaction, as far as its sender knows."""

    PENDING = "pending"
    """Signed; perhaps broadcast. It can still be mined."""
    MINED = "mined"
    FAILED = "failed"
    """Mined, and reverted."""
    LOST = "lost"
    """Another transaction took its nonce."""
    REJECTED = "rejected"
    """The chain did not take it, and nobody else has it."""


@dataclass(frozen=True, slots=True)
class SignedTransaction:
    """A transaction in the outbox. `attempt` counts from 1 for each key of an account."""

    account: Address
    key: str
    attempt: int
    nonce: int
    raw: bytes
    hash: bytes
    status: TransactionStatus = TransactionStatus.PENDING
    block: int | None = None
    gas_used: int | None = None
    error: str | None = None


class Outbox(Protocol):
    """Signed transactions, kept before they are broadcast."""

    async def insert(self, transaction: SignedTransaction) -> None:
        """Keep a new one; ValueError when its (account, key, attempt) is kept already."""
        ...

    async def latest(self, account: Address, key: str) -> SignedTransaction | None:
        """The newest attempt of a key."""
        ...

    async def unlost(self, account: Address, nonce: int) -> Sequence[SignedTransaction]:
        """Transactions of an account, by nonce, from `nonce` on, that are neither lost nor rejected."""
        ...

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
        ...
