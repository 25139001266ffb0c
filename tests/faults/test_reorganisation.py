"""The chain goes back: it was killed and returns older, or it is reorganised. Crashes between keeping, broadcasting and
hearing of a transaction. Nothing is lost, nothing is sent twice."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest

from scatter.chain.anvil import DevelopmentChain
from scatter.chain.connection import Connection, WrongChain
from scatter.chain.follower import EvmChain
from scatter.chain.heads import Heads
from scatter.chain.rpc import Rpc
from scatter.chain.signer import EvmSigner
from scatter.ports import (
    Call,
    ChainUnavailable,
    ChainUpdate,
    EventLog,
    SignedTransaction,
    TransactionRejected,
    TransactionStatus,
)
from scatter.storage.events import SqlEventLog

TAG = b"tag".ljust(32, b"\0")


def note(value: int) -> Call:
    return Call("Probe", "note", (TAG, value))


class Projection:
    """What a node does with updates: keeps values by block, and forgets what was rewound."""

    def __init__(self, updates: AsyncIterator[ChainUpdate]) -> None:
        self._updates = updates
        self.blocks: list[tuple[int, int]] = []
        self.rewinds: list[int] = []
        self.head = -1

    @property
    def values(self) -> list[int]:
        return [value for _, value in self.blocks]

    async def step(self) -> ChainUpdate:
        update = await asyncio.wait_for(anext(self._updates), 10)
        if update.rewound_to is not None:
            self.rewinds.append(update.rewound_to.number)
            self.blocks = [entry for entry in self.blocks if entry[0] <= update.rewound_to.number]
            assert update.rewound_to.number < self.head
        self.blocks += [(event.block, event.values["value"]) for event in update.events]
        self.head = update.head.number
        return update

    async def until(self, done: Callable[["Projection"], bool]) -> None:
        while not done(self):
            await self.step()


@pytest.fixture
async def log(network: Any) -> EventLog:
    return SqlEventLog(await network.database("log"))


async def total(chain: EvmChain) -> int:
    result: int = await chain.read(Call("Probe", "total", ()))
    return result


async def test_a_killed_chain_comes_back_older_and_everything_is_made_up_for(network: Any, log: EventLog) -> None:
    signer = await network.signer("alice")
    async with EvmChain(network.connection, log) as chain:
        quick, slow = Projection(chain.updates()), Projection(chain.updates())
        await slow.step()
        await signer.send("note/1", note(1))
        await network.chain.save()
        saved = network.chain.head.number
        for value in (2, 3, 4):
            await signer.send(f"note/{value}", note(value))
        await quick.until(lambda seen: seen.values == [1, 2, 3, 4])
        await slow.until(lambda seen: seen.values == [1, 2, 3, 4])
        before = quick.head

        await network.kill()
        await network.come_back()
        assert network.chain.head.number < before
        # Nobody has mined yet: the older head itself is news.
        await quick.until(lambda seen: bool(seen.rewinds))
        assert quick.values == [1]
        assert saved - 5 <= quick.rewinds[0] <= network.chain.head.number

        # The node looks again, and owes what was lost: the same keys. Another node owes something new in between.
        network.resume()
        other = await network.signer("bob")
        receipts = await asyncio.gather(
            signer.send("note/3", note(3)), signer.send("note/4", note(4)), other.send("note/9", note(9))
        )
        assert all(receipt.succeeded for receipt in receipts)
        await signer.send("note/2", note(2))
        await quick.until(lambda seen: len(seen.values) == 5)
        await slow.until(lambda seen: len(seen.values) == 5)
        assert sorted(quick.values) == [1, 2, 3, 4, 9]
        assert [value for value in quick.values if value < 9] == [1, 2, 3, 4], "in the order of the nonces"
        assert slow.blocks == quick.blocks
        assert await total(chain) == 19


async def test_a_new_start_after_the_kill_rewinds_the_kept_log(network: Any, log: EventLog) -> None:
    signer = await network.signer("alice")
    await signer.send("note/1", note(1))
    await network.chain.save()
    await signer.send("note/2", note(2))
    async with EvmChain(network.connection, log) as chain:
        await Projection(chain.updates()).until(lambda seen: seen.values == [1, 2])
    await network.kill()
    await network.come_back()
    async with EvmChain(network.connection, log) as chain:
        seen = Projection(chain.updates())
        update = await seen.step()
        assert (seen.values, update.rewound_to) == ([1], None), "a new consumer has nothing to forget"
        assert await log.cursor() == update.head
        network.resume()
        await (await network.signer("alice")).send("note/2", note(2))
        await seen.until(lambda seen: seen.values == [1, 2])


async def test_a_reorganisation_that_leaves_the_chain_longer(network: Any, log: EventLog) -> None:
    signer = await network.signer("alice")
    async with EvmChain(network.connection, log) as chain:
        seen = Projection(chain.updates())
        await signer.send("note/1", note(1))
        await seen.until(lambda seen: seen.values == [1])
        await network.pause()
        await seen.until(lambda seen: seen.head == network.chain.head.number)
        fork = await network.connection.rpc.call("evm_snapshot")
        ancestor = network.chain.head
        network.resume()
        await signer.send("note/2", note(2))
        await seen.until(lambda seen: seen.values == [1, 2])
        await network.pause()
        await network.connection.rpc.call("evm_revert", fork)
        for _ in range(20):
            await network.chain.mine()
        await seen.until(lambda seen: seen.head == network.chain.head.number)
        assert seen.rewinds[-1] == ancestor.number
        assert seen.values == [1]
        assert await log.cursor() == network.chain.head
        network.resume()
        await signer.send("note/2", note(2))
        await seen.until(lambda seen: seen.values == [1, 2])


async def test_rewinding_twice_before_a_slow_consumer_looks_tells_it_the_lower_ancestor(
    network: Any, log: EventLog
) -> None:
    signer = await network.signer("alice")
    async with EvmChain(network.connection, log) as chain:
        slow, quick = Projection(chain.updates()), Projection(chain.updates())
        forks = []
        for value in (1, 2, 3):
            await network.pause()
            await quick.until(lambda seen: seen.head == network.chain.head.number)
            forks.append((network.chain.head.number, await network.connection.rpc.call("evm_snapshot")))
            network.resume()
            await signer.send(f"note/{value}", note(value))
        await slow.until(lambda seen: seen.values == [1, 2, 3])
        await quick.until(lambda seen: seen.values == [1, 2, 3])
        await network.pause()
        for (number, snapshot), left in ((forks[2], [1, 2]), (forks[1], [1])):
            await network.connection.rpc.call("evm_revert", snapshot)
            await network.chain.mine()
            await quick.until(lambda seen, number=number: number in seen.rewinds)  # type: ignore[misc]
            assert quick.values == left
        await slow.step()
        assert slow.rewinds == [forks[1][0]]
        assert slow.blocks == quick.blocks


async def test_logs_are_fetched_in_ranges_and_large_answers_in_halves(
    network: Any, log: EventLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    from scatter.chain.rpc import RpcError

    signer = await network.signer("alice")
    for value in range(4):
        await signer.send(f"note/{value}", note(value))
    asked: list[int] = []
    ask = network.connection.rpc.call

    async def bounded(method: str, *params: Any) -> Any:
        if method == "eth_getLogs":
            width = int(params[0]["toBlock"], 16) - int(params[0]["fromBlock"], 16) + 1
            asked.append(width)
            if width > 2:
                raise RpcError(-32005, "query returned more than 10000 results")
        return await ask(method, *params)

    monkeypatch.setattr(network.connection.rpc, "call", bounded)
    async with EvmChain(network.connection, log, range_blocks=7) as chain:
        update = await anext(chain.updates())
    assert [event.values["value"] for event in update.events] == [0, 1, 2, 3]
    assert max(asked) <= 7
    assert 1 in asked or 2 in asked


async def test_another_chain_is_refused(network: Any, log: EventLog) -> None:
    async with EvmChain(network.connection, log) as chain:
        await anext(chain.updates())
    async with await DevelopmentChain.start(genesis=network.chain.head.timestamp) as other:
        rpc = Rpc(other.url)
        foreign = Connection(rpc, Heads(rpc), network.connection.bindings, 31337, 1)
        before = await log.cursor()
        async with foreign, EvmChain(foreign, log) as chain:
            with pytest.raises(WrongChain, match="even block 0 differs"):
                await anext(chain.updates())
        assert await log.cursor() == before


async def test_consumers_hear_that_the_chain_is_gone(network: Any, log: EventLog) -> None:
    rpc = Rpc(network.chain.url, patience=0.2)
    impatient = Connection(rpc, Heads(rpc), network.connection.bindings, 31337, 1)
    async with impatient, EvmChain(impatient, log) as chain:
        first, second = Projection(chain.updates()), Projection(chain.updates())
        await first.step()
        await second.step()
        await network.kill()
        for seen in (first, second):
            with pytest.raises(ChainUnavailable, match="no chain at http://127"):
                await seen.until(lambda _: False)


async def test_closing_ends_the_iteration(network: Any, log: EventLog) -> None:
    chain = EvmChain(network.connection, log)
    seen = 0

    async def consume() -> None:
        nonlocal seen
        async for _ in chain.updates():
            seen += 1

    consumer = asyncio.create_task(consume())
    await asyncio.sleep(0.2)
    await chain.close()
    await asyncio.wait_for(consumer, 5)
    assert seen > 0


# ── sending ────────────────────────────────────────────────────────────────────────────────────────────────────────
class CrashedBeforeBroadcastError(Exception):
    pass


async def crash_before_broadcast(network: Any, name: str, key: str, call: Call) -> SignedTransaction:
    """A transaction that is kept, and never left this machine."""
    signer = await network.signer(name)
    ask = network.connection.rpc.call

    async def broken(method: str, *params: Any) -> Any:
        if method == "eth_sendRawTransaction":
            raise CrashedBeforeBroadcastError
        return await ask(method, *params)

    network.connection.rpc.call = broken
    try:
        with pytest.raises(CrashedBeforeBroadcastError):
            await signer.send(key, call)
    finally:
        del network.connection.rpc.call
    kept: SignedTransaction | None = await (await network.outbox(name)).latest(signer.address, key)
    assert kept is not None
    assert kept.status is TransactionStatus.PENDING
    return kept


async def test_crash_between_keeping_and_broadcasting(network: Any) -> None:
    kept = await crash_before_broadcast(network, "alice", "note/1", note(1))
    receipt = await (await network.signer("alice")).send("note/1", note(1))
    assert receipt.transaction == kept.hash
    assert receipt.succeeded


async def test_after_such_a_crash_another_key_does_not_wait_for_ever(network: Any, log: EventLog) -> None:
    kept = await crash_before_broadcast(network, "alice", "note/1", note(1))
    receipt = await asyncio.wait_for((await network.signer("alice")).send("note/2", note(2)), 10)
    assert receipt.succeeded
    mined = await network.connection.rpc.call("eth_getTransactionReceipt", f"0x{kept.hash.hex()}")
    assert int(mined["blockNumber"], 16) <= receipt.block
    assert await total(EvmChain(network.connection, log)) == 3


async def test_crash_between_broadcasting_and_hearing(network: Any, log: EventLog) -> None:
    await network.pause()
    sending = asyncio.create_task((await network.signer("alice")).send("note/1", note(1)))
    await asyncio.sleep(0.3)
    sending.cancel()
    with pytest.raises(asyncio.CancelledError):
        await sending
    network.resume()
    receipt = await (await network.signer("alice")).send("note/1", note(1))
    assert receipt.succeeded
    assert await total(EvmChain(network.connection, log)) == 1


async def test_a_pool_that_was_forgotten_is_filled_again_while_waiting(network: Any) -> None:
    await network.pause()
    sending = asyncio.create_task((await network.signer("alice")).send("note/1", note(1)))
    await asyncio.sleep(0.3)
    await network.connection.rpc.call("anvil_dropAllTransactions")
    network.resume()
    receipt = await asyncio.wait_for(sending, 10)
    assert receipt.succeeded


async def test_a_transaction_whose_nonce_was_taken_is_signed_anew(network: Any, log: EventLog) -> None:
    kept = await crash_before_broadcast(network, "alice", "note/1", note(1))
    # The same account, used by another program in between.
    stranger = EvmSigner(network.connection, await network.account("alice"), await network.outbox("stranger"))
    await stranger.send("elsewhere", note(10))
    receipt = await (await network.signer("alice")).send("note/1", note(1))
    assert receipt.succeeded
    assert receipt.transaction != kept.hash
    outbox = await network.outbox("alice")
    latest = await outbox.latest(stranger.address, "note/1")
    assert latest is not None
    assert (latest.attempt, latest.status) == (2, TransactionStatus.MINED)
    assert await total(EvmChain(network.connection, log)) == 11


async def test_a_gap_in_the_nonces_is_filled(network: Any, log: EventLog) -> None:
    """The kept transaction has nonce 2; what had 0 and 1 was another program's and is lost."""
    stranger = EvmSigner(network.connection, await network.account("alice"), await network.outbox("stranger"))
    snapshot = await network.connection.rpc.call("evm_snapshot")
    await stranger.send("elsewhere/1", note(10))
    await stranger.send("elsewhere/2", note(20))
    kept = await crash_before_broadcast(network, "alice", "note/1", note(1))
    assert kept.nonce == 2
    await network.pause()
    await network.connection.rpc.call("evm_revert", snapshot)
    network.resume()
    await network.account("alice")
    signer = await network.signer("alice")
    receipt = await asyncio.wait_for(signer.send("note/1", note(1)), 10)
    assert (receipt.transaction, receipt.succeeded) == (kept.hash, True)
    assert await total(EvmChain(network.connection, log)) == 1


async def test_what_is_not_taken_is_told_and_blocks_nothing(network: Any) -> None:
    signer = await network.signer("alice")
    await network.chain.set_balance(signer.address, 1000)
    with pytest.raises(TransactionRejected, match=r"(?i)Probe\.note was not (taken|sent): .*funds"):
        await signer.send("note/1", note(1))
    await network.account("alice")
    receipt = await asyncio.wait_for(signer.send("note/1", note(1)), 10)
    assert receipt.succeeded


async def test_gas_for_the_work_of_a_transition_that_came_in_between(network: Any) -> None:
    signers = [await network.signer(f"member/{n}") for n in range(3)]
    await network.pause()
    sending = asyncio.gather(*(signer.send("open", Call("Probe", "heavy", ())) for signer in signers))
    await asyncio.sleep(0.5)
    await network.chain.mine()
    receipts = await sending
    assert {receipt.succeeded for receipt in receipts} == {True}
    assert len({receipt.block for receipt in receipts}) == 1
    assert max(receipt.gas_used for receipt in receipts) > 5 * min(receipt.gas_used for receipt in receipts)


async def test_a_fee_that_became_too_low_waits_and_is_mined(network: Any) -> None:
    await network.pause()
    signer = await network.signer("alice")
    sending = asyncio.create_task(signer.send("note/1", note(1)))
    await asyncio.sleep(0.3)
    await network.connection.rpc.call("anvil_setNextBlockBaseFeePerGas", hex(100 * 10**9))
    await network.chain.mine()
    assert not sending.done()
    network.resume()
    receipt = await asyncio.wait_for(sending, 20)
    assert receipt.succeeded


async def test_settled_rows_follow_the_chain(network: Any) -> None:
    """A row that says mined is not believed: the chain is asked."""
    signer = await network.signer("alice")
    kept = await crash_before_broadcast(network, "alice", "note/1", note(1))
    outbox = await network.outbox("alice")
    await outbox.settle(kept, TransactionStatus.MINED, block=999_999, gas_used=1)
    receipt = await signer.send("note/1", note(1))
    assert receipt.block < 999_999
    assert replace(kept, status=TransactionStatus.MINED, block=receipt.block, gas_used=receipt.gas_used) == (
        await outbox.latest(signer.address, "note/1")
    )
