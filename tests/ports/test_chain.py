"""Every implementation of `ports.Chain` and `ports.Signer` keeps these promises."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from tests.conftest import ProbeNetwork
from tests.ports.stepped import SteppedProbeNetwork

from scatter.chain.abi import BadArguments
from scatter.chain.follower import EvmChain
from scatter.ports import Call, CallReverted, Chain, ChainUpdate, Signer
from scatter.protocol.ids import Address
from scatter.storage.events import SqlEventLog

TAG = b"tag".ljust(32, b"\0")


def note(value: int, tag: bytes = TAG) -> Call:
    return Call("Probe", "note", (tag, value))


@pytest.fixture(params=["evm", "stepped"])
async def network(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Any]:
    kind: Any = {"evm": ProbeNetwork, "stepped": SteppedProbeNetwork}[request.param]
    running = await kind.start(tmp_path)
    yield running
    await running.stop()


@pytest.fixture
async def chain(network: Any) -> AsyncIterator[Chain]:
    if isinstance(network, SteppedProbeNetwork):
        yield network.stepped
        return
    async with EvmChain(network.connection, SqlEventLog(await network.database("log"))) as chain:
        yield chain


@pytest.fixture
async def signer(network: Any) -> Signer:
    made: Signer = await network.signer("alice")
    return made


async def collect(updates: AsyncIterator[ChainUpdate], events: int) -> list[tuple[str, Any]]:
    """Names and values of so many events, with rewinds applied."""
    seen: list[tuple[int, str, Any]] = []
    async with asyncio.timeout(20):
        async for update in updates:
            if update.rewound_to is not None:
                seen = [entry for entry in seen if entry[0] <= update.rewound_to.number]
            assert all(event.block <= update.head.number for event in update.events)
            seen += [(event.block, event.name, event.values) for event in update.events]
            if len(seen) >= events:
                break
    return [(name, values) for _, name, values in seen]


async def test_chain_id_and_head(chain: Chain, network: Any) -> None:
    assert chain.chain_id == 31337
    first = await chain.head()
    await network.chain.mine()
    second = await chain.head()
    assert second.number > first.number
    assert second.timestamp > first.timestamp
    assert len(second.hash) == 32


async def test_a_sent_call_is_mined_and_can_be_read(chain: Chain, signer: Signer) -> None:
    receipt = await signer.send("note/1", note(5))
    assert receipt.succeeded
    assert receipt.error is None
    assert receipt.block <= (await chain.head()).number
    assert 21_000 < receipt.gas_used < 100_000
    assert await chain.read(Call("Probe", "total", ())) == 5


async def test_gas_money(chain: Chain, signer: Signer) -> None:
    before = await chain.ether(signer.address)
    receipt = await signer.send("note/1", note(5))
    paid = before - await chain.ether(signer.address)
    assert paid >= receipt.gas_used
    assert await chain.ether(Address("0x" + "0a" * 20)) == 0


async def test_results_have_our_types(chain: Chain, network: Any) -> None:
    item = {
        "content_digest": TAG,
        "inner": {"small_number": 7, "node_list": (network.where, "0x" + "0a" * 20)},
        "kind": 2,
    }
    assert await chain.read(Call("Probe", "echo", (item,))) == item
    assert await chain.read(Call("Probe", "pair", ())) == {"first_one": 0, "second_one": network.where}
    assert await chain.read(Call("Probe", "unnamed", ())) == (7, True)
    assert await chain.read(Call("Probe", "nothing", ())) is None


async def test_events_come_decoded_and_in_order(chain: Chain, signer: Signer) -> None:
    item = {"content_digest": TAG, "inner": {"small_number": 1, "node_list": ()}, "kind": 1}
    await signer.send("a", note(1))
    receipt = await signer.send("b", Call("Probe", "keep", (item, ((1, 2**256 - 1), ()), "grüße")))
    await signer.send("c", note(2))
    assert await collect(chain.updates(), 3) == [
        ("Noted", {"who": signer.address, "tag": TAG, "value": 1, "kind": 2}),
        ("ItemKept", {"the_item": item, "words": ((1, 2**256 - 1), ()), "text": "grüße"}),
        ("Noted", {"who": signer.address, "tag": TAG, "value": 2, "kind": 2}),
    ]
    async for update in chain.updates():
        kept = next(event for event in update.events if event.name == "ItemKept")
        assert (kept.block, kept.transaction) == (receipt.block, receipt.transaction)
        break


async def test_each_consumer_gets_everything_at_its_own_pace(chain: Chain, signer: Signer) -> None:
    slow = chain.updates()
    first = await anext(slow)
    for value in range(5):
        await signer.send(f"note/{value}", note(value))
    fast = await collect(chain.updates(), 5)
    late = [(event.name, event.values) async for update in _take(slow, 5) for event in update.events]
    assert [values["value"] for _, values in fast] == list(range(5))
    assert [(event.name, event.values) for event in first.events] + late == fast


async def _take(updates: AsyncIterator[ChainUpdate], events: int) -> AsyncIterator[ChainUpdate]:
    async with asyncio.timeout(20):
        while events > 0:
            update = await anext(updates)
            events -= len(update.events)
            yield update


async def test_every_new_head_is_told_also_without_events(chain: Chain, network: Any) -> None:
    await network.pause()
    updates = chain.updates()
    first = await anext(updates)
    mined = await network.chain.advance(1000)
    update = await asyncio.wait_for(anext(updates), 5)
    assert (update.head, update.events, update.rewound_to) == (mined, (), None)
    assert update.head.timestamp == first.head.timestamp + 1000


async def test_a_key_is_sent_once(chain: Chain, signer: Signer) -> None:
    receipts = await asyncio.gather(*(signer.send("same", note(3)) for _ in range(5)))
    again = await signer.send("same", note(3))
    assert {receipt.transaction for receipt in receipts} == {again.transaction}
    assert await chain.read(Call("Probe", "total", ())) == 3


async def test_a_call_that_would_revert_is_not_sent(chain: Chain, signer: Signer) -> None:
    with pytest.raises(
        CallReverted, match=r"Probe\.early reverted: TooEarly\(job=tag, deadline=1700000000\)"
    ) as caught:
        await signer.send("early", Call("Probe", "early", (TAG,)))
    assert caught.value.error == "TooEarly"
    assert caught.value.values == {"job": TAG, "deadline": 1_700_000_000}
    with pytest.raises(CallReverted, match="in plain words"):
        await signer.send("early", Call("Probe", "plain", ()))
    receipt = await signer.send("early", note(1))
    assert receipt.succeeded, "the key is still free"


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (Call("Probe", "early", (b"\1" * 32,)), r"TooEarly\(job=0x0101010101010101…, deadline=1700000000\)"),
        (Call("Probe", "plain", ()), "in plain words"),
        (Call("Probe", "divide", (0,)), r"Panic\(code=18\)"),
    ],
)
async def test_a_view_that_reverts_says_why(chain: Chain, call: Call, message: str) -> None:
    with pytest.raises(CallReverted, match=message):
        await chain.read(call)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (Call("Nobody", "note", ()), "no contract Nobody"),
        (Call("Probe", "dance", ()), "Probe has no function dance"),
        (Call("Probe", "note", (TAG,)), "expected 2 arguments"),
        (Call("Probe", "note", (b"short", 1)), "tag: expected 32 bytes"),
        (Call("Probe", "note", (TAG, -1)), "note"),
        (Call("Probe", "note", (TAG, 2**256)), "note"),
        (Call("Probe", "note", (TAG, "1")), "note"),
        (Call("Probe", "echo", ({"kind": 1},)), "content_digest, inner, kind"),
    ],
)
async def test_arguments_that_do_not_fit_are_told(chain: Chain, signer: Signer, call: Call, message: str) -> None:
    with pytest.raises(BadArguments, match=message):
        await signer.send("bad", call)
    with pytest.raises(BadArguments, match=message):
        await chain.read(call)


async def test_many_accounts_send_many_transactions_at_once(chain: Chain, network: Any) -> None:
    signers = [await network.signer(f"account/{n}") for n in range(12)]
    receipts = await asyncio.gather(*(signer.send(f"note/{n}", note(n)) for signer in signers for n in range(20)))
    assert all(receipt.succeeded for receipt in receipts)
    assert len({receipt.transaction for receipt in receipts}) == 240
    assert await chain.read(Call("Probe", "total", ())) == 12 * sum(range(20))


async def test_a_call_that_fails_when_it_is_mined_says_why_and_its_key_is_free(chain: Chain, network: Any) -> None:
    first, second = await network.signer("alice"), await network.signer("bob")
    await network.pause()
    both = asyncio.gather(*(signer.send("take", Call("Probe", "take", (TAG,))) for signer in (first, second)))
    await asyncio.sleep(0.5)
    await network.chain.mine()
    receipts = await both
    assert sorted(receipt.succeeded for receipt in receipts) == [False, True]
    loser, failed = next(
        (signer, receipt) for signer, receipt in zip((first, second), receipts, strict=True) if not receipt.succeeded
    )
    assert "Taken(by_whom=0x" in (failed.error or "")
    network.resume()
    other = await loser.send("take", Call("Probe", "take", (b"other".ljust(32),)))
    assert other.succeeded
