"""What every `PeerNetwork` does. A further implementation is added to `NETWORKS`, as something that makes three peers that
can reach one another, and a way to take one of them offline and back."""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass

import pytest

from scatter.p2p.identity import PeerIdentity
from scatter.p2p.in_process import InProcessNetwork
from scatter.p2p.libp2p_network import Libp2pNetwork
from scatter.p2p.settings import PeerSettings
from scatter.ports import PeerKey, PeerNetwork, PeerUnreachable
from scatter.ports.peers import MAX_ANSWER_BYTES, MAX_REQUEST_BYTES

PROTOCOL = "/scatter/test/1"


@dataclass
class Peers:
    alice: PeerNetwork
    bob: PeerNetwork
    carol: PeerNetwork
    take_offline: Callable[[PeerKey], Awaitable[None]]
    bring_back: Callable[[PeerKey], Awaitable[None]]


@asynccontextmanager
async def in_process() -> AsyncIterator[Peers]:
    network = InProcessNetwork()
    alice, bob, carol = (network.join(PeerIdentity.random().public_key) for _ in range(3))

    async def take_offline(peer: PeerKey) -> None:
        network.take_offline(peer)

    async def bring_back(peer: PeerKey) -> None:
        network.bring_back(peer)

    yield Peers(alice, bob, carol, take_offline, bring_back)


@asynccontextmanager
async def over_libp2p() -> AsyncIterator[Peers]:
    settings = PeerSettings(listen=("/ip4/127.0.0.1/tcp/0",))
    async with AsyncExitStack() as stack:
        networks = [
            await stack.enter_async_context(Libp2pNetwork.running(PeerIdentity.random(), settings)) for _ in range(3)
        ]
        by_key = {network.peer: network for network in networks}
        for network in networks[1:]:
            await network.meet((await networks[0].addresses())[0])
        alice, bob, carol = networks
        yield Peers(alice, bob, carol, lambda peer: by_key[peer].stop(), lambda peer: by_key[peer].start())


NETWORKS: dict[str, Callable[[], AbstractAsyncContextManager[Peers]]] = {
    "in process": in_process,
    "libp2p": over_libp2p,
}


@pytest.fixture(params=sorted(NETWORKS))
async def peers(request: pytest.FixtureRequest) -> AsyncIterator[Peers]:
    async with NETWORKS[request.param]() as made:
        yield made


async def reverse(asking: PeerKey, payload: bytes) -> bytes:
    return asking + payload[::-1]


async def test_the_one_who_asks_is_proven(peers: Peers) -> None:
    peers.bob.serve(PROTOCOL, reverse)
    assert await peers.alice.request(peers.bob.peer, PROTOCOL, b"abc") == peers.alice.peer + b"cba"
    assert await peers.carol.request(peers.bob.peer, PROTOCOL, b"") == peers.carol.peer
    assert len({peers.alice.peer, peers.bob.peer, peers.carol.peer}) == 3
    assert len(peers.alice.peer) == 32


async def test_many_at_once(peers: Peers) -> None:
    async def slow(asking: PeerKey, payload: bytes) -> bytes:
        await asyncio.sleep(0.05 / payload[0])
        return payload

    peers.bob.serve(PROTOCOL, slow)
    answers = await asyncio.gather(
        *(peers.alice.request(peers.bob.peer, PROTOCOL, bytes([number])) for number in range(1, 40))
    )
    assert answers == [bytes([number]) for number in range(1, 40)]


async def test_the_longest_request_and_the_longest_answer_pass(peers: Peers) -> None:
    request, answer = bytes(range(256)) * (MAX_REQUEST_BYTES // 256), bytes(range(256)) * (MAX_ANSWER_BYTES // 256)

    async def long(asking: PeerKey, payload: bytes) -> bytes:
        return answer if payload == request else b""

    peers.bob.serve(PROTOCOL, long)
    assert await peers.alice.request(peers.bob.peer, PROTOCOL, request) == answer


async def test_longer_ones_do_not(peers: Peers, caplog: pytest.LogCaptureFixture) -> None:
    async def flood(asking: PeerKey, payload: bytes) -> bytes:
        return bytes(MAX_ANSWER_BYTES + 1)

    peers.bob.serve(PROTOCOL, flood)
    with pytest.raises(PeerUnreachable, match="could not answer"):
        await peers.alice.request(peers.bob.peer, PROTOCOL, b"")
    assert "longer than peers take" in caplog.text
    with pytest.raises(ValueError, match="at most"):
        await peers.alice.request(peers.bob.peer, PROTOCOL, bytes(MAX_REQUEST_BYTES + 1))


async def test_who_is_disconnected_may_come_again(peers: Peers, caplog: pytest.LogCaptureFixture) -> None:
    peers.bob.serve(PROTOCOL, reverse)
    assert await peers.alice.request(peers.bob.peer, PROTOCOL, b"") == peers.alice.peer
    await peers.bob.disconnect(peers.alice.peer, "sent what nobody sends")
    assert any("disconnected" in line and "which sent what nobody sends" in line for line in caplog.messages)
    assert await peers.alice.request(peers.bob.peer, PROTOCOL, b"") == peers.alice.peer
    await peers.bob.disconnect(PeerIdentity.random().public_key, "is a stranger")


async def test_a_stranger_is_unreachable(peers: Peers) -> None:
    with pytest.raises(PeerUnreachable, match="not reachable"):
        await peers.alice.request(PeerIdentity.random().public_key, PROTOCOL, b"")


async def test_a_protocol_that_is_not_spoken(peers: Peers) -> None:
    peers.bob.serve(PROTOCOL, reverse)
    with pytest.raises(PeerUnreachable, match="/scatter/other/1"):
        await peers.alice.request(peers.bob.peer, "/scatter/other/1", b"")


async def test_a_slow_peer_times_out(peers: Peers) -> None:
    async def stall(asking: PeerKey, payload: bytes) -> bytes:
        await asyncio.sleep(60)
        return b""

    peers.bob.serve(PROTOCOL, stall)
    with pytest.raises(PeerUnreachable, match=r"0\.05 s"):
        await peers.alice.request(peers.bob.peer, PROTOCOL, b"", timeout=0.05)


async def test_an_error_of_the_other_side_stays_there(peers: Peers, caplog: pytest.LogCaptureFixture) -> None:
    async def fail(asking: PeerKey, payload: bytes) -> bytes:
        raise RuntimeError("the secret is 42")

    peers.bob.serve(PROTOCOL, fail)
    with caplog.at_level(logging.ERROR), pytest.raises(PeerUnreachable) as caught:
        await peers.alice.request(peers.bob.peer, PROTOCOL, b"")
    assert "42" not in str(caught.value)
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__ or caught.value.__context__ is None
    assert "the secret is 42" in caplog.text


async def test_offline_and_back(peers: Peers) -> None:
    peers.bob.serve(PROTOCOL, reverse)
    await peers.take_offline(peers.bob.peer)
    with pytest.raises(PeerUnreachable):
        await peers.alice.request(peers.bob.peer, PROTOCOL, b"")
    with pytest.raises(PeerUnreachable):
        await peers.bob.request(peers.alice.peer, PROTOCOL, b"")
    await peers.bring_back(peers.bob.peer)
    assert await peers.alice.request(peers.bob.peer, PROTOCOL, b"") == peers.alice.peer


async def test_a_peer_that_leaves_while_it_answers(peers: Peers) -> None:
    async def leave(asking: PeerKey, payload: bytes) -> bytes:
        await peers.take_offline(peers.bob.peer)
        return b"late"

    peers.bob.serve(PROTOCOL, leave)
    with pytest.raises(PeerUnreachable):
        await peers.alice.request(peers.bob.peer, PROTOCOL, b"")


async def test_cancelling_a_request(peers: Peers) -> None:
    async def stall(asking: PeerKey, payload: bytes) -> bytes:
        await asyncio.sleep(60)
        return b""

    peers.bob.serve(PROTOCOL, stall)
    asking = asyncio.create_task(peers.alice.request(peers.bob.peer, PROTOCOL, b""))
    await asyncio.sleep(0.02)
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking
    peers.bob.serve(PROTOCOL, reverse)
    assert await peers.alice.request(peers.bob.peer, PROTOCOL, b"") == peers.alice.peer
