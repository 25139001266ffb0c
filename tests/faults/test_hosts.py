"""Peers on four hosts with addresses of their own, who know one address: they find one another and pass content on; one is cut off
for a minute; one is far away behind a bad wire."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from pathlib import Path

import pytest
from tests.faults.hosts import Network, NoNamespaces, hosts
from tests.faults.peers import PeerProcess, peer
from tests.faults.test_peers import until

from scatter.content.messages import MAX_RANGE_BYTES

HOSTS = 4
MINUTE = 60
PATIENCE = 120
FAR_SECONDS = 0.05
"""Each way: it is answered after 100 ms."""


@pytest.fixture
def network() -> Iterator[Network]:
    with ExitStack() as stack:
        try:
            made = stack.enter_context(hosts(HOSTS))
        except NoNamespaces as reason:
            pytest.skip(str(reason))
        yield made


@asynccontextmanager
async def peers(network: Network, folder: Path) -> AsyncIterator[list[PeerProcess]]:
    """One on each host. All but the first know the address of the first, and nothing else."""
    async with AsyncExitStack() as stack:
        made: list[PeerProcess] = []
        for host in range(1, HOSTS + 1):
            known = made[0].addresses if made else []
            running = peer(folder / f"host-{host}", known, listen=network.listen(host), within=network.on(host))
            made.append(await stack.enter_async_context(running))
        yield made


async def until_answered(asking: PeerProcess, asked: PeerProcess) -> None:
    """Ask until there is an answer."""

    async def so() -> bool:
        return await asking.do("ask", peer=asked.key, message="there?") == "there?"

    async with asyncio.timeout(PATIENCE):
        await until(so)


async def hand_over(holder: PeerProcess, reader: PeerProcess, seed: int, size: int) -> None:
    """The holder makes content known; the reader finds out who has it, and fetches it."""
    cid = await holder.do("put", seed=seed, size=size)
    await holder.do("provide", cid=cid)
    assert await reader.do("providers", cid=cid) == [holder.key]
    assert await reader.do("fetch", cid=cid, candidates=[]) == "fetched"


async def test_all_are_found_by_the_address_of_one_and_content_goes_across(network: Network, tmp_path: Path) -> None:
    for host in range(1, HOSTS + 1):
        network.wire(host)
    async with peers(network, tmp_path) as made:
        assert [one.addresses for one in made] == [
            [f"{network.listen(host)}/p2p/{one.identity.peer_id}"] for host, one in enumerate(made, 1)
        ]
        for asking in made:
            for asked in made:
                if asking is not asked:
                    await until_answered(asking, asked)
        await hand_over(made[1], made[3], seed=1, size=MAX_RANGE_BYTES + 1)


async def test_peers_that_know_nobody_find_one_another_on_their_network(network: Network, tmp_path: Path) -> None:
    """By mDNS, where both look for others; the third does not, and nobody finds it."""
    for host in (1, 2, 3):
        network.wire(host)
    async with AsyncExitStack() as stack:
        made = [
            await stack.enter_async_context(
                peer(
                    tmp_path / f"host-{host}",
                    listen=network.listen(host),
                    within=network.on(host),
                    mdns=host < HOSTS - 1,
                )
            )
            for host in (1, 2, 3)
        ]
        first, second, silent = made

        async def met() -> bool:
            return second.identity.peer_id in await first.do("connected")

        async with asyncio.timeout(PATIENCE):
            await until(met)
        await until_answered(second, first)
        assert await first.do("ask", peer=silent.key, message="there?") != "there?"
        assert await silent.do("connected") == []


@pytest.mark.long
async def test_a_host_that_is_cut_off_for_a_minute_comes_back_and_goes_on_where_it_was(
    network: Network, tmp_path: Path
) -> None:
    for host in range(1, HOSTS + 1):
        network.wire(host)
    size = 20 * MAX_RANGE_BYTES
    async with peers(network, tmp_path) as made:
        _, holder, lonely, other = made
        await until_answered(lonely, holder)
        await until_answered(other, holder)
        cid = await holder.do("put", seed=2, size=size)
        fetching = asyncio.create_task(lonely.do("fetch", cid=cid, candidates=[holder.key]))
        await holder.until(lambda one: len(ranges(one)) >= 2)
        network.cut(3)
        before = asyncio.get_running_loop().time()
        assert "nobody handed out" in await fetching
        served = ranges(holder)
        assert len(set(served)) < size // MAX_RANGE_BYTES
        assert await other.do("ask", peer=lonely.key, message="there?") != "there?"
        await hand_over(holder, other, seed=3, size=MAX_RANGE_BYTES + 1)
        await asyncio.sleep(before + MINUTE - asyncio.get_running_loop().time())
        handed = len(ranges(holder))
        network.mend(3)
        await until_answered(lonely, holder)
        await until_answered(other, lonely)
        assert await lonely.do("fetch", cid=cid, candidates=[holder.key]) == "fetched"
        again = ranges(holder)[handed:]
        assert set(served) | set(again) == set(range(0, size, MAX_RANGE_BYTES))
        assert len(set(served) & set(again)) <= 3, "only what was under way is asked for again"


def ranges(holder: PeerProcess) -> list[int]:
    """What it handed out."""
    return [offset for offset in holder.served if offset is not None]


@pytest.mark.long
async def test_a_host_behind_100_ms_and_1_percent_of_loss_takes_part(network: Network, tmp_path: Path) -> None:
    for host in range(1, HOSTS):
        network.wire(host)
    async with network.slow_wire(HOSTS, FAR_SECONDS, 0.01) as wire, peers(network, tmp_path) as made:
        far = made[-1]
        for near in made[:-1]:
            await until_answered(far, near)
            await until_answered(near, far)
        await hand_over(made[1], far, seed=4, size=1_500_000)
        await hand_over(far, made[2], seed=5, size=500_000)
        assert (await wire.frames())["lost"] > 0
