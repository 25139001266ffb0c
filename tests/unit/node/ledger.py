"""The ports `Chain` and `Signer` over the model chain of tests/property/protocol: no RPC, no gas, the same rules."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

from tests.property.protocol.model_chain import ModelChain
from tests.property.protocol.model_parts import Refused

from scatter.ports import BlockRef, Call, CallReverted, ChainEvent, ChainUpdate, Receipt
from scatter.protocol.ids import Address, Timestamp
from scatter.protocol.pay import ticket
from scatter.protocol.states import Role
from scatter.protocol.terms import Durations, JobTerms

GAS_MONEY = 10**21 + 7
FUNCTIONS = {
    "depositTicket": "deposit_ticket",
    "requestWithdrawal": "request_withdrawal",
    "publishKeys": "publish_keys",
    "publishUpdate": "publish_update",
    "revealShardKey": "reveal_shard_key",
    "commitScores": "commit_scores",
    "openScores": "open_scores",
    "settleRound": "settle_round",
    "postAggregate": "post_aggregate",
    "commitVerdict": "commit_verdict",
    "openVerdict": "open_verdict",
    "mintJob": "mint_job",
    "mintModel": "mint_model",
}
_ELSEWHERE = {"mintJob": "ScatterRecords", "mintModel": "ScatterRecords", "record": "ScatterReputation"}
Step = Callable[[str], Awaitable[None]]


async def no_step(where: str) -> None:
    """Nothing happens between two steps."""


class Ledger:
    """The model chain as nodes see it. It keeps every call that was asked for, and every transaction that was made."""

    def __init__(self) -> None:
        self.model = ModelChain()
        self.asked: dict[tuple[Address, str], list[Call]] = {}
        self.receipts: dict[tuple[Address, str], Receipt] = {}
        self.sent: list[tuple[Address, str]] = []
        self.allowances: dict[Address, int] = {}
        self._changed = asyncio.Event()
        self._failure: Exception | None = None

    @property
    def chain_id(self) -> int:
        return self.model.chain_id

    def block(self) -> BlockRef:
        return BlockRef(self.model.block, self.model.block.to_bytes(32, "big"), Timestamp(self.model.timestamp))

    async def head(self) -> BlockRef:
        return self.block()

    async def read(self, call: Call) -> Any:
        if call.function == "balanceOf":
            return self.model.balances.get(call.arguments[0], 0)
        assert call.function == "ticket"
        return ticket(Role(call.arguments[0]), self.model.rates)

    async def ether(self, account: Address) -> int:
        return GAS_MONEY

    async def updates(self) -> AsyncIterator[ChainUpdate]:
        told, seen = None, 0
        while True:
            changed = self._changed
            if self._failure is not None:
                raise self._failure
            if self.block() != told:
                told = self.block()
                fresh, seen = self.model.events[seen:], len(self.model.events)
                yield ChainUpdate(told, [ChainEvent(e.name, e.values, e.block, 0, b"") for e in fresh])
            else:
                await changed.wait()

    def fail(self, error: Exception) -> None:
        """End everybody's following with an error."""
        self._failure = error
        self.tell()

    def tell(self) -> None:
        """Something changed."""
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()

    def execute(self, sender: Address, key: str, call: Call) -> Receipt:
        """Mine one transaction; CallReverted when the rules forbid it."""
        try:
            self._apply(sender, call)
        except Refused as error:
            raise CallReverted(f"{call.function} reverted: {error}", str(error)) from error
        finally:
            self.tell()
        self.sent.append((sender, key))
        self.receipts[sender, key] = Receipt(key.encode(), self.model.block, True, 21_000)
        return self.receipts[sender, key]

    def _apply(self, sender: Address, call: Call) -> None:
        arguments = call.arguments
        if call.function == "approve":
            assert call.contract == "ScatterToken"
            self.model.block += 1
            self.allowances[sender] = arguments[1]
            return
        assert call.contract == _ELSEWHERE.get(call.function, "ScatterProtocol")
        balance = self.model.balances.get(sender, 0)
        if call.function == "post":
            topic, terms, hashes, shards = arguments
            arguments = (topic, JobTerms(**{**terms, "durations": Durations(**terms["durations"])}), hashes, shards)
        self.model.send(sender, FUNCTIONS.get(call.function, call.function), *arguments)
        taken = balance - self.model.balances.get(sender, 0)
        if taken > 0:
            assert self.allowances.get(sender, 0) >= taken, f"{call.function} takes {taken} without an approval"
            self.allowances[sender] -= taken

    # ── what the clock of a development chain needs ────────────────────────────────────────────────────────────────
    async def pending(self) -> int:
        return 0

    async def mine(self, timestamp: Timestamp | None = None) -> BlockRef:
        self.model.wait((timestamp or self.model.timestamp + 1) - self.model.timestamp)
        self.tell()
        return self.block()


class ModelSigner:
    """Sends each key once, as the real signer does: what was mined is found again by a signer that remembers nothing."""

    def __init__(self, ledger: Ledger, address: Address, step: Step = no_step) -> None:
        self._ledger, self._address, self._step = ledger, address, step

    @property
    def address(self) -> Address:
        return self._address

    async def send(self, key: str, call: Call) -> Receipt:
        self._ledger.asked.setdefault((self._address, key), []).append(call)
        await self._step(f"before {key}")
        receipt = self._ledger.receipts.get((self._address, key))
        if receipt is None:
            receipt = self._ledger.execute(self._address, key, call)
        await self._step(f"after {key}")
        return receipt
