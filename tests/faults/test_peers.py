"""Peers as processes over loopback: the bootstrap peer dies, providers die in the middle, addresses are remembered."""

import asyncio
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

from tests.faults.peers import LOOPBACK, PeerProcess, peer

from scatter.content.messages import MAX_RANGE_BYTES

SIZE = 10 * MAX_RANGE_BYTES + 12_345


async def until(holds: Callable[[], Awaitable[bool]]) -> None:
    """Look again and again: other processes have no events of ours."""
    for _ in range(600):
        if await holds():
            return
        await asyncio.sleep(0.1)
    raise AssertionError("it never came to be so")


async def settled(asked: PeerProcess, others: int) -> None:
    """Wait until a peer is connected to so many others."""

    async def so() -> bool:
        return len(await asked.do("connected")) >= others

    await until(so)


async def remembered(whom: PeerProcess, folder: Path) -> None:
    """Wait until a peer is in the address book of another."""

    async def so() -> bool:
        book = folder / "addresses.json"
        return book.exists() and whom.identity.peer_id in book.read_text()

    await until(so)


async def scatter(*arguments: str) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "scatter", *arguments), stdout=asyncio.subprocess.PIPE
    )


async def test_peers_that_met_need_no_bootstrap_peer(tmp_path: Path) -> None:
    made = await scatter("keys", "new", str(tmp_path / "boot.pem"))
    peer_id = (await made.communicate())[0].decode().strip()
    bootstrap = await scatter("bootstrap", "--identity", str(tmp_path / "boot.pem"), "--listen", LOOPBACK)
    assert bootstrap.stdout is not None
    address = (await asyncio.wait_for(bootstrap.stdout.readline(), 60)).decode().strip()
    assert address.endswith(f"/p2p/{peer_id}")
    try:
        async with peer(tmp_path / "a", [address]) as first, peer(tmp_path / "b", [address]) as second:
            cid = await first.do("put", seed=1, size=100_000)
            await settled(first, 2)
            await settled(second, 2)
            bootstrap.kill()
            await bootstrap.wait()
            assert await second.do("ask", peer=first.key, message="are you there?") == "are you there?"
            assert await first.do("ask", peer=second.key, message="and you?") == "and you?"
            await first.do("provide", cid=cid)
            assert await second.do("providers", cid=cid) == [first.key]
            assert await second.do("fetch", cid=cid, candidates=[]) == "fetched"
            await remembered(first, tmp_path / "b")
            await second.kill()
            async with peer(tmp_path / "b", [address], second.identity) as again:
                await settled(again, 1)
                assert await again.do("ask", peer=first.key, message="still?") == "still?", "it remembered the address"
                assert await first.do("ask", peer=again.key, message="again?") == "again?", "at another port"
    finally:
        if bootstrap.returncode is None:
            bootstrap.kill()


async def test_a_bootstrap_peer_stops_when_it_is_told_to(tmp_path: Path) -> None:
    await (await scatter("keys", "new", str(tmp_path / "boot.pem"))).wait()
    bootstrap = await scatter("bootstrap", "--identity", str(tmp_path / "boot.pem"), "--listen", LOOPBACK)
    assert bootstrap.stdout is not None
    await asyncio.wait_for(bootstrap.stdout.readline(), 60)
    bootstrap.send_signal(signal.SIGTERM)
    assert await asyncio.wait_for(bootstrap.wait(), 30) == 0


async def test_providers_that_are_killed_in_the_middle(tmp_path: Path) -> None:
    async with AsyncExitStack() as stack:
        reader = await stack.enter_async_context(peer(tmp_path / "reader"))
        holders = [
            await stack.enter_async_context(peer(tmp_path / f"holder-{number}", reader.addresses))
            for number in range(3)
        ]
        cids = {await holder.do("put", seed=2, size=SIZE) for holder in holders}
        assert len(cids) == 1
        for holder in holders:
            await settled(holder, 1)
        mortal = holders[:-1]

        async def die(holder: PeerProcess) -> None:
            await holder.until(lambda peer: len([offset for offset in peer.served if offset is not None]) >= 2)
            await holder.kill()

        ends = [asyncio.create_task(die(holder)) for holder in mortal]
        assert await reader.do("fetch", cid=cids.pop(), candidates=[holder.key for holder in holders]) == "fetched"
        for end in ends:
            end.cancel()
        await asyncio.gather(*ends, return_exceptions=True)
        served = [offset for holder in holders for offset in holder.served if offset is not None]
        assert set(served) == set(range(0, SIZE, MAX_RANGE_BYTES))
        assert len(served) <= len(set(served)) + 3 * len(mortal), "only what was under way is asked for again"
        assert [holder.process.returncode for holder in mortal] == [-signal.SIGKILL] * 2


async def test_a_transfer_that_breaks_off_three_times(tmp_path: Path) -> None:
    async with peer(tmp_path / "reader") as reader:
        served: list[int | None] = []
        for attempt in range(4):
            async with peer(tmp_path / "holder", reader.addresses) as holder:
                cid = await holder.do("put", seed=3, size=SIZE)
                await settled(holder, 1)
                fetching = asyncio.create_task(reader.do("fetch", cid=cid, candidates=[holder.key]))
                if attempt < 3:
                    await holder.until(lambda peer: len([one for one in peer.served if one is not None]) >= 2)
                    await holder.kill()
                    assert "nobody handed out" in await fetching
                else:
                    assert await fetching == "fetched"
                served += [offset for offset in holder.served if offset is not None]
        assert set(served) == set(range(0, SIZE, MAX_RANGE_BYTES))
        assert len(served) <= len(set(served)) + 3 * 3, "only what was under way is asked for again"
