"""What a libp2p peer does beyond what every network does: finding, addresses, limits, starting again."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress

import pytest
from libp2p.custom_types import TProtocol
from libp2p.network.stream.exceptions import StreamError
from libp2p.peer.id import ID

from scatter.content.unixfs import cid_of
from scatter.p2p.identity import PeerIdentity, multihash_of
from scatter.p2p.libp2p_network import Libp2pNetwork
from scatter.p2p.settings import CannotListen, InvalidAddress, PeerLimits, PeerSettings
from scatter.ports import PeerKey, PeerSource, PeerUnreachable

PROTOCOL = "/scatter/test/1"
LOOPBACK = "/ip4/127.0.0.1/tcp/0"
CID = str(cid_of(b"content"))


def settings(limits: PeerLimits | None = None, **more: tuple[str, ...]) -> PeerSettings:
    return PeerSettings(listen=more.pop("listen", (LOOPBACK,)), limits=limits or PeerLimits(), **more)


async def echo(peer: PeerKey, message: bytes) -> bytes:
    return message


async def soon(ask: Callable[[], Awaitable[object]]) -> None:
    """Ask until there is an answer."""
    for _ in range(200):
        with suppress(PeerUnreachable):
            await ask()
            return
        await asyncio.sleep(0.05)
    await ask()


@asynccontextmanager
async def peers(number: int, made: Callable[[], PeerSettings] = settings) -> AsyncIterator[list[Libp2pNetwork]]:
    async with AsyncExitStack() as stack:
        networks = [
            await stack.enter_async_context(Libp2pNetwork.running(PeerIdentity.random(), made())) for _ in range(number)
        ]
        for network in networks:
            network.serve(PROTOCOL, echo)
        yield networks


async def test_a_peer_is_found_through_one_that_knows_it() -> None:
    async with peers(3) as (alice, bob, carol):
        where = (await bob.addresses())[0]
        await alice.meet(where)
        await carol.meet(where)
        assert await alice.request(carol.peer, PROTOCOL, b"hello") == b"hello"
        assert len(await alice.connected()) == 2


async def test_who_has_content_is_found_without_asking_everybody() -> None:
    async with peers(3) as (alice, bob, carol):
        where = (await bob.addresses())[0]
        await alice.meet(where)
        await carol.meet(where)
        assert await carol.providers(CID) == []
        await alice.provide(CID)
        assert await carol.providers(CID) == [alice.peer]
        assert await bob.providers(CID) == [alice.peer]
        assert await alice.providers(CID) == [], "a peer does not ask itself"
        await carol.provide(CID)
        assert set(await bob.providers(CID)) == {alice.peer, carol.peer}
        assert await alice.providers(CID) == [carol.peer], "what it knew before does not hide what is new"


async def test_nobody_can_be_somebody_else() -> None:
    async with peers(2) as (alice, bob):
        (where,) = await bob.addresses()
        address, _, _ = where.partition("/p2p/")
        claimed = PeerIdentity.random()
        with pytest.raises(PeerUnreachable, match="nobody answers"):
            await alice.meet(f"{address}/p2p/{claimed.peer_id}")
        with pytest.raises(PeerUnreachable, match="not reachable"):
            await alice.request(claimed.public_key, PROTOCOL, b"")
        await alice.meet(where)
        assert await alice.request(bob.peer, PROTOCOL, b"") == b""


async def test_a_node_does_not_ask_itself() -> None:
    async with peers(1) as (alice,):
        with pytest.raises(PeerUnreachable, match="itself"):
            await alice.request(alice.peer, PROTOCOL, b"")


async def test_a_port_that_is_taken() -> None:
    async with peers(1) as (alice,):
        taken, _, _ = (await alice.addresses())[0].partition("/p2p/")
        with pytest.raises(CannotListen, match="in use"):
            async with Libp2pNetwork.running(PeerIdentity.random(), settings(listen=(taken,))):
                raise AssertionError


@pytest.mark.parametrize(
    "wrong",
    [
        {"listen": ("/ip4/127.0.0.1",)},
        {"listen": ("",)},
        {"announce": ("/dns4/example.org/tcp/4001/ws",)},
        {"bootstrap": ("/ip4/127.0.0.1/tcp/1/p2p/Qm",)},
        {"bootstrap": ("/ip4/127.0.0.1/tcp/1",)},
    ],
)
async def test_addresses_that_are_none(wrong: dict[str, tuple[str, ...]]) -> None:
    with pytest.raises(InvalidAddress, match="no multiaddr"):
        async with Libp2pNetwork.running(PeerIdentity.random(), settings(**wrong)):
            raise AssertionError


async def test_others_are_told_what_is_announced() -> None:
    told = settings(announce=("/dns4/example.org/tcp/4001",))
    async with Libp2pNetwork.running(PeerIdentity.random(), told) as network:
        peer_id = PeerIdentity.from_seed(network._identity.seed).peer_id
        assert await network.addresses() == [f"/dns4/example.org/tcp/4001/p2p/{peer_id}"]


async def test_connections_that_ended_do_not_count() -> None:
    """libp2p counts all that ever were, and accepts no more once there have been as many as it may have."""
    async with peers(2, lambda: settings(PeerLimits(connections=3))) as (alice, bob):
        where = (await bob.addresses())[0]
        for _ in range(5):
            await alice.meet(where)
            assert await alice.request(bob.peer, PROTOCOL, b"x") == b"x"
            await alice.stop()
            await alice.start()


async def test_connections_have_a_bound() -> None:
    limits = PeerLimits(connections_per_host=2)
    async with peers(1, lambda: settings(limits)) as (bob,), peers(3) as others:
        where = (await bob.addresses())[0]
        for network in others[:2]:
            await network.meet(where)
        with pytest.raises(PeerUnreachable):
            await others[2].meet(where)
        await others[0].stop()
        await soon(lambda: others[2].meet(where))


async def test_a_host_that_breaks_starts_again_where_it_was(caplog: pytest.LogCaptureFixture) -> None:
    async with peers(2) as (alice, bob):
        where = await bob.addresses()
        await alice.meet(where[0])

        async def fail() -> None:
            raise RuntimeError("something in libp2p")

        async def breaking() -> None:
            bob._in_trio._now.host.nursery.start_soon(fail)

        with caplog.at_level(logging.ERROR):
            await bob._thread.call(breaking)
            await soon(lambda: alice.request(bob.peer, PROTOCOL, b"again", timeout=2.0))
        assert "is started again" in caplog.text
        assert await bob.addresses() == where


async def test_requests_that_nobody_waits_for_leave_nothing() -> None:
    async def stall(peer: PeerKey, message: bytes) -> bytes:
        await asyncio.sleep(60)
        return b""

    async with peers(2) as (alice, bob):
        bob.serve("/scatter/stall/1", stall)
        await alice.meet((await bob.addresses())[0])
        for _ in range(40):
            with pytest.raises(PeerUnreachable, match="did not answer"):
                await alice.request(bob.peer, "/scatter/stall/1", b"", timeout=0.01)
        assert await alice.request(bob.peer, PROTOCOL, b"x") == b"x"


async def test_a_request_that_does_not_come_is_not_waited_for() -> None:
    async with peers(2, lambda: settings(PeerLimits(request_seconds=0.2, streams_per_peer=5))) as (alice, bob):
        await alice.meet((await bob.addresses())[0])
        target = ID(multihash_of(bob.peer))

        async def begin() -> None:
            stream = await alice._in_trio._now.host.basic.new_stream(target, [TProtocol(PROTOCOL)])
            await stream.write(b"\x7f")
            with pytest.raises(StreamError):
                await stream.read(1)

        for _ in range(8):
            await alice._thread.call(begin)
        assert await alice.request(bob.peer, PROTOCOL, b"x") == b"x"


async def test_what_is_asked_of_a_network_that_stopped() -> None:
    async with peers(1) as (alice,):
        await alice.stop()
        await alice.stop()
        with pytest.raises(PeerUnreachable, match="has stopped"):
            await alice.request(bytes(32), PROTOCOL, b"")
        assert await alice.providers(CID) == []
        await alice.start()
        assert await alice.connected() == []


async def test_how_peers_came_to_be_known() -> None:
    async with peers(1) as (known,):
        where = (await known.addresses())[0]
        told = settings(bootstrap=(where,))
        async with Libp2pNetwork.running(PeerIdentity.random(), told) as newcomer:
            await soon(lambda: newcomer.request(known.peer, PROTOCOL, b"hello"))
            (there,), (here,) = await known.connected(), await newcomer.connected()
    assert (there.source, there.key) == (PeerSource.INBOUND, newcomer.peer)
    assert (here.source, here.key) == (PeerSource.BOOTSTRAP, known.peer)
    assert here.peer_id in where
    assert here.since > 1_600_000_000
    assert here.round_trip is None or 0 < here.round_trip < 60
