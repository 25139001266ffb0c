"""What every `PeerNetwork` does. A further implementation is added to `NETWORKS`, as something that makes three peers that
can reach one another, and a way to take one of them offline and back."""

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from scatter.p2p.identity import PeerIdentity
from scatter.p2p.in_process import InProcessNetwork
from scatter.ports import PeerKey, PeerNetwork, PeerUnreachable

PROTOCOL = "/scatter/test/1"


@dataclass
class Peers:
    alice: PeerNetwork
    bob: PeerNetwork
    carol: PeerNetwork
    take_offline: Callable[[PeerKey], None]
    bring_back: Callable[[PeerKey], None]


def in_process() -> Peers:
    network = InProcessNetwork()
    alice, bob, carol = (network.join(PeerIdentity.random().public_key) for _ in range(3))
    return Peers(alice, bob, carol, network.take_offline, network.bring_back)


NETWORKS: dict[str, Callable[[], Peers]] = {"in process": in_process}


@pytest.fixture(params=sorted(NETWORKS))
def peers(request: pytest.FixtureRequest) -> Peers:
    return NETWORKS[request.param]()


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


async def test_four_mebibytes_and_a_header_pass(peers: Peers) -> None:
    payload = bytes(range(256)) * (4 << 12) + b"header"
    peers.bob.serve(PROTOCOL, reverse)
    assert await peers.alice.request(peers.bob.peer, PROTOCOL, payload) == peers.alice.peer + payload[::-1]


async def test_payloads_are_bounded(peers: Peers) -> None:
    async def flood(asking: PeerKey, payload: bytes) -> bytes:
        return bytes(65 << 20)

    peers.bob.serve(PROTOCOL, flood)
    with pytest.raises(PeerUnreachable, match="more than"):
        await peers.alice.request(peers.bob.peer, PROTOCOL, b"")
    with pytest.raises(ValueError, match="at most"):
        await peers.alice.request(peers.bob.peer, PROTOCOL, bytes(65 << 20))


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
    assert caught.value.__suppress_context__
    assert "the secret is 42" in caplog.text


async def test_offline_and_back(peers: Peers) -> None:
    peers.bob.serve(PROTOCOL, reverse)
    peers.take_offline(peers.bob.peer)
    with pytest.raises(PeerUnreachable):
        await peers.alice.request(peers.bob.peer, PROTOCOL, b"")
    with pytest.raises(PeerUnreachable):
        await peers.bob.request(peers.alice.peer, PROTOCOL, b"")
    peers.bring_back(peers.bob.peer)
    assert await peers.alice.request(peers.bob.peer, PROTOCOL, b"") == peers.alice.peer


async def test_a_peer_that_leaves_while_it_answers(peers: Peers) -> None:
    async def leave(asking: PeerKey, payload: bytes) -> bytes:
        peers.take_offline(peers.bob.peer)
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
