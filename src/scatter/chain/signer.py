"""Sending transactions of one account: in order, each key once.

What makes "once" true is the outbox: a transaction is kept there, signed, before anybody hears of it, and a key is signed
anew only when its last transaction can no longer be mined, because it failed, because another one took its nonce, or
because the server never took it. Everything else that goes wrong (a crash before or after broadcasting, a server that
forgets its pool, a reorganisation, a development chain that comes back older) is answered in one way: broadcast what is
kept again, in the order of the nonces.
"""

import asyncio
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from scatter.chain.bindings import Bindings
from scatter.chain.connection import Connection
from scatter.chain.heads import Head
from scatter.chain.rpc import RpcError
from scatter.chain.transaction import PLAIN_TRANSFER_GAS, Request, created_address, sign
from scatter.ports import (
    Call,
    CallReverted,
    ChainError,
    Outbox,
    Receipt,
    SignedTransaction,
    TransactionRejected,
    TransactionStatus,
)
from scatter.protocol.ids import Address, address

if TYPE_CHECKING:
    from eth_account.signers.local import LocalAccount

# Gas is estimated at the head, but another transaction may come first and leave this one the work of a whole transition
# (the last of a committee to open its scores settles the round). No transaction of the protocol needs more than 1.2 M.
GAS_HEADROOM = 1_200_000
GAS_CAP = 1 << 24  # EIP-7825
REVIVE_AFTER_BLOCKS = 10
RECEIPT_DELAY = 0.1  # seconds between what a server counts and what it finds
# What servers say (geth, anvil, Nethermind, Besu) when a transaction is in their pool already, when its nonce is used (then
# either this very transaction was mined or it is lost: its receipt tells), and when it has to wait for a lower base fee.
_NO_REJECTION = (
    *("already known", "already imported", "known transaction"),
    "nonce too low",
    "max fee per gas less than block base fee",
)


class EvmSigner:
    """`ports.Signer` over a connection, with an outbox that must belong to this chain. Nobody else may send for the account
    at the same time. Calls that depend on one another must be sent one after the other: each is tried out at the head
    first."""

    def __init__(self, connection: Connection, account: "LocalAccount", outbox: Outbox) -> None:
        self._connection = connection
        self._account = account
        self._address = address(account.address)
        self._outbox = outbox
        self._keys: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        # One nonce at a time, and broadcast in their order.
        self._order = asyncio.Lock()
        self._revived = False
        self._next: int | None = None  # nonce, while nothing unusual happened
        self._counted: tuple[bytes, asyncio.Task[int]] | None = None

    @property
    def address(self) -> Address:
        """The account."""
        return self._address

    async def send(self, key: str, call: Call) -> Receipt:
        """Send `call` and wait until it is mined; see `ports.Signer`. BadArguments when it does not fit the ABI."""
        to, data = self._connection.bindings.encode(call)
        request = Request(to, data, f"{call.contract}.{call.function}")
        return _receipt(await self._send(key, request))

    async def deploy(self, key: str, name: str, creation: bytes) -> tuple[Address, Receipt]:
        """Create a contract and wait until it is mined; errors as for `send`."""
        mined = await self._send(key, Request(None, creation, f"creating {name}"))
        return created_address(self._address, mined.nonce), _receipt(mined)

    async def _send(self, key: str, request: Request) -> SignedTransaction:
        lock = self._keys.setdefault(key, asyncio.Lock())
        async with lock:
            while True:
                standing, attempt = await self._standing(key)
                if standing is None:
                    standing = await self._sign(key, attempt, request)
                mined = await self._mined(standing, request)
                if mined is not None:
                    return mined

    async def _standing(self, key: str) -> tuple[SignedTransaction | None, int]:
        """The key's transaction that was mined or can still be, or else None and the number of the next attempt."""
        latest = await self._outbox.latest(self._address, key)
        if latest is None:
            return None, 1
        if latest.status in (TransactionStatus.LOST, TransactionStatus.REJECTED):
            return None, latest.attempt + 1
        current = await self._look_up(latest)
        if current.status in (TransactionStatus.LOST, TransactionStatus.FAILED):
            return None, latest.attempt + 1
        if current.status is TransactionStatus.PENDING:
            async with self._order:
                await self._revive()
        return current, latest.attempt

    async def _look_up(self, transaction: SignedTransaction) -> SignedTransaction:
        """What the chain says of it now, recorded."""
        # In this order: what was counted has a receipt by the time of the next question, or moments later.
        counted = await self._count("latest") > transaction.nonce
        receipt = await self._find_receipt(transaction)
        if receipt is None and counted:
            await asyncio.sleep(RECEIPT_DELAY)
            receipt = await self._find_receipt(transaction)
        if receipt is not None:
            return await self._settle(transaction, receipt, transaction.error)
        if counted:
            self._next = None
            return await self._outbox.settle(transaction, TransactionStatus.LOST)
        if transaction.status is not TransactionStatus.PENDING:
            return await self._outbox.settle(transaction, TransactionStatus.PENDING)
        return transaction

    async def _mined(self, transaction: SignedTransaction, request: Request) -> SignedTransaction | None:
        """Wait until it is mined; None when it was lost."""
        head = await self._connection.heads.latest()
        waited = 0
        while True:
            if await self._count_at(head) > transaction.nonce:
                receipt = await self._find_receipt(transaction)
                if receipt is not None:
                    error = transaction.error or await self._failure(receipt, request)
                    return await self._settle(transaction, receipt, error)
            before, head = head, await self._connection.heads.after(head)
            waited += 1
            if head.block.number <= before.block.number or waited % REVIVE_AFTER_BLOCKS == 0:
                # The chain went back, or takes long: perhaps it has forgotten the transaction.
                if (await self._look_up(transaction)).status is TransactionStatus.LOST:
                    return None
                async with self._order:
                    await self._revive()

    async def _sign(self, key: str, attempt: int, request: Request) -> SignedTransaction:
        """Try the call out, then sign it with the next nonce, keep it and broadcast it."""
        gas, tip, head = await asyncio.gather(self._estimate(request), self._tip(), self._connection.heads.latest())
        async with self._order:
            if not self._revived:
                await self._revive()
            nonce = await self._next_nonce()
            transaction = self._signed(key, attempt, nonce, request, gas, tip, head)
            self._revived = False  # until it is known that this one was broadcast
            await self._outbox.insert(transaction)
            try:
                await self._broadcast(transaction)
            except TransactionRejected as error:
                self._revived = True
                await self._outbox.settle(transaction, TransactionStatus.REJECTED, error=str(error))
                raise TransactionRejected(f"{request.label} was not taken: {error}") from error
            self._revived, self._next = True, nonce + 1
        return transaction

    async def _revive(self) -> None:
        """Broadcast everything kept that is not mined, in order, so that nothing waits for a nonce that nobody has."""
        count = await self._count("latest")
        kept = {transaction.nonce: transaction for transaction in await self._outbox.unlost(self._address, count)}
        for nonce in range(count, max(kept, default=count - 1) + 1):
            if nonce in kept:
                await self._broadcast(kept[nonce])
            else:
                await self._fill(nonce)
        self._revived, self._next = True, None

    async def _fill(self, nonce: int) -> None:
        """Use up a nonce that no transaction of ours has: later ones wait for it. (It was another program's, or was lost.)"""
        tip, head = await asyncio.gather(self._tip(), self._connection.heads.latest())
        key = f"fill/{nonce}"
        latest = await self._outbox.latest(self._address, key)
        attempt = 1 if latest is None else latest.attempt + 1
        request = Request(self._address, b"", f"filling nonce {nonce}")
        transaction = self._signed(key, attempt, nonce, request, PLAIN_TRANSFER_GAS, tip, head)
        await self._outbox.insert(transaction)
        await self._broadcast(transaction)

    async def _broadcast(self, transaction: SignedTransaction) -> None:
        try:
            await self._connection.rpc.call("eth_sendRawTransaction", f"0x{transaction.raw.hex()}")
        except RpcError as error:
            if not any(said in str(error).lower() for said in _NO_REJECTION):
                raise TransactionRejected(str(error)) from error

    async def _next_nonce(self) -> int:
        if self._next is not None:
            return self._next
        nonce = await self._count("pending")
        taken = {transaction.nonce for transaction in await self._outbox.unlost(self._address, nonce)}
        while nonce in taken:
            nonce += 1
        return nonce

    def _signed(
        self, key: str, attempt: int, nonce: int, request: Request, gas: int, tip: int, head: Head
    ) -> SignedTransaction:
        # The base fee at most doubles in six blocks.
        fees = (head.base_fee * 2 + tip, tip)
        raw, hash_ = sign(self._account, self._connection.chain_id, nonce, request, gas, fees)
        return SignedTransaction(self._address, key, attempt, nonce, raw, hash_)

    async def _estimate(self, request: Request) -> int:
        """Gas for a call, with headroom. CallReverted when it would revert now."""
        try:
            needed = int(await self._connection.rpc.call("eth_estimateGas", request.call_object(self._address)), 16)
        except RpcError as error:
            if error.data or "revert" in str(error).lower():
                raise reverted(self._connection.bindings, error, request) from error
            raise TransactionRejected(f"{request.label} was not sent: {error}") from error
        return min(needed + GAS_HEADROOM, GAS_CAP)

    async def _failure(self, receipt: dict[str, Any], request: Request) -> str | None:
        """Why a transaction failed: the call is made again where it was mined, which mostly fails in the same way."""
        if int(receipt["status"], 16):
            return None
        try:
            await self._connection.rpc.call("eth_call", request.call_object(self._address), receipt["blockNumber"])
        except RpcError as error:
            return str(reverted(self._connection.bindings, error, request))
        return f"{request.label} failed when it was mined: out of gas, or because of what came before it in its block"

    async def _tip(self) -> int:
        return int(await self._connection.rpc.call("eth_maxPriorityFeePerGas"), 16)

    async def _count(self, block: str) -> int:
        return int(await self._connection.rpc.call("eth_getTransactionCount", self._address, block), 16)

    async def _count_at(self, head: Head) -> int:
        """Transactions of the account up to `head` or a later block: asked once for all that wait."""
        if self._counted is None or self._counted[0] != head.block.hash:
            self._counted = head.block.hash, asyncio.create_task(self._count("latest"))
        counted = self._counted
        try:
            return await asyncio.shield(counted[1])
        except ChainError:
            if self._counted is counted:
                self._counted = None
            raise

    async def _find_receipt(self, transaction: SignedTransaction) -> dict[str, Any] | None:
        found: dict[str, Any] | None = await self._connection.rpc.call(
            "eth_getTransactionReceipt", f"0x{transaction.hash.hex()}"
        )
        return found

    async def _settle(
        self, transaction: SignedTransaction, receipt: dict[str, Any], error: str | None
    ) -> SignedTransaction:
        succeeded = int(receipt["status"], 16) == 1
        status = TransactionStatus.MINED if succeeded else TransactionStatus.FAILED
        block, gas_used = int(receipt["blockNumber"], 16), int(receipt["gasUsed"], 16)
        if (transaction.status, transaction.block) == (status, block):
            return transaction
        return await self._outbox.settle(
            transaction, status, block=block, gas_used=gas_used, error=None if succeeded else error
        )


def reverted(bindings: Bindings, error: RpcError, request: Request) -> CallReverted:
    """Why a call reverted, with its name."""
    decoded = bindings.revert(error.data)
    return CallReverted(f"{request.label} reverted: {decoded}", decoded.error, decoded.values)


def _receipt(mined: SignedTransaction) -> Receipt:
    if mined.block is None or mined.gas_used is None:
        raise ValueError(f"0x{mined.hash.hex()} is not mined")
    succeeded = mined.status is TransactionStatus.MINED
    return Receipt(mined.hash, mined.block, succeeded, mined.gas_used, mined.error)
