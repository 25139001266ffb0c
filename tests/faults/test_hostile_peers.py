"""One peer does its worst. It is dropped, with a reason in the log; another peer is served all the while, and the memory of
the one that is attacked stays bounded."""

import asyncio
import random
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
import trio
from libp2p.abc import INetStream
from libp2p.custom_types import TProtocol
from libp2p.exceptions import BaseLibp2pError
from libp2p.peer.id import ID
from libp2p.stream_muxer.yamux.yamux import TYPE_DATA, YAMUX_HEADER_FORMAT
from tests.faults.peers import LOOPBACK, PeerProcess, peer

from scatter.content.cids import Cid
from scatter.content.messages import MAX_RANGE_BYTES, Request
from scatter.p2p.addresses import multiaddr, peer_of
from scatter.p2p.host import Host, running_host
from scatter.p2p.identity import PeerIdentity
from scatter.p2p.libp2p_network import Libp2pNetwork
from scatter.p2p.settings import PeerLimits, PeerSettings
from scatter.p2p.trio_thread import TrioThread

PROTOCOLS = (
    "/scatter/content/1",
    "/scatter/test/1",
    "/ipfs/kad/1.0.0",
    "/ipfs/id/1.0.0",
    "/ipfs/id/push/1.0.0",
    "/ipfs/ping/1.0.0",
)
MEBIBYTE = 1 << 20
MOST_SERVED = 1_000
"""So often the friend is answered at most while an attack is waited for: half a minute or more."""
NOISE = random.Random(5).randbytes(MEBIBYTE)  # noqa: S311
UNBOUNDED = PeerLimits(unread_bytes=1 << 40, unread_bytes_per_connection=1 << 40, stall_seconds=60.0)

Attack = Callable[[Host, ID], Awaitable[None]]


class Attacker:
    """A libp2p host without manners, in a thread of its own."""

    def __init__(self) -> None:
        self.thread = TrioThread("attacker")
        self.identity = PeerIdentity.random()
        self._host: Host | None = None

    async def live(self, ready: Callable[[], None]) -> None:
        settings = PeerSettings(listen=(LOOPBACK,), limits=UNBOUNDED)
        async with running_host(self.identity, settings, [multiaddr(LOOPBACK)]) as host:
            self._host = host
            ready()
            await trio.sleep_forever()

    async def attack(self, victim: PeerProcess, attack: Attack) -> None:
        async def carry_out() -> None:
            assert self._host is not None
            target, where = peer_of(victim.addresses[0])
            self._host.swarm.peerstore.add_addrs(target, [where], 3600)
            await attack(self._host, target)

        await self.thread.call(carry_out)


@asynccontextmanager
async def attacking() -> AsyncIterator[Attacker]:
    attacker = Attacker()
    await attacker.thread.start(attacker.live)
    try:
        yield attacker
    finally:
        await attacker.thread.stop()


async def opened(host: Host, target: ID, protocol: str) -> INetStream:
    await host.swarm.dial_peer(target)
    return await host.basic.new_stream(target, [TProtocol(protocol)])


async def garbage(host: Host, target: ID) -> None:
    for start in range(5):
        for protocol in PROTOCOLS:
            stream = await opened(host, target, protocol)
            with suppress(BaseLibp2pError):
                await stream.write(b"\x7f" + NOISE[start * 1000 : start * 1000 + 5000])
                await stream.close()


async def endless(host: Host, target: ID) -> None:
    """Messages that do not end."""
    for protocol in PROTOCOLS:
        with suppress(BaseLibp2pError):
            stream = await opened(host, target, protocol)
            await stream.write(b"\xff\xff\x03")  # a length that is allowed
            for _ in range(6):
                await stream.write(NOISE)


async def oversize(host: Host, target: ID) -> None:
    stream = await opened(host, target, "/scatter/content/1")
    await stream.write(b"\xff\xff\xff\x7f" + NOISE)
    await stream.read(1)


async def loris(host: Host, target: ID) -> None:
    """Messages of which nothing comes but a first byte."""
    for _ in range(3):
        for protocol in 8 * PROTOCOLS[:2] + 2 * PROTOCOLS[2:]:
            with suppress(BaseLibp2pError):
                await (await opened(host, target, protocol)).write(b"\x50")
        await trio.sleep(2.5)


async def thousand_streams(host: Host, target: ID) -> None:
    (connection,) = await host.swarm.dial_peer(target)
    with trio.move_on_after(2):  # the library waits for ever once 256 of its own are open and the connection is gone
        for _ in range(1000):
            await connection.new_stream()


async def raw_garbage(host: Host, target: ID) -> None:
    """Not even libp2p; half of it stays connected."""
    where = host.swarm.known_addresses(target)[0]
    for start in range(50):
        stream = await trio.open_tcp_stream("127.0.0.1", int(where.value_for_protocol("tcp")))
        await stream.send_all(NOISE[start * 100 : start * 100 + 3000])
        if start % 2:
            await stream.aclose()


@dataclass
class Wanting:
    """What can be done with content that the victim has."""

    cid: str

    async def asked(self, host: Host, target: ID) -> INetStream:
        stream = await opened(host, target, "/scatter/content/1")
        request = Request.for_range(Cid.parse(self.cid), 0, MAX_RANGE_BYTES).to_bytes()
        await stream.write(bytes([len(request)]) + request)
        await stream.close()
        return stream

    async def taking_nothing(self, host: Host, target: ID) -> None:
        """Asks for much, and reads nothing of it."""
        for _ in range(60):
            await self.asked(host, target)
        await trio.sleep(3)

    async def bursting(self, host: Host, target: ID) -> None:
        """Bytes on a stream that waits for its turn, whatever the window says."""
        for _ in range(10):
            last = await self.asked(host, target)
        await trio.sleep(1)
        stream = last.muxed_stream  # type: ignore[attr-defined]
        frame = struct.pack(YAMUX_HEADER_FORMAT, 0, TYPE_DATA, 0, stream.stream_id, 65_000) + NOISE[:65_000]
        for _ in range(3000):
            await stream.conn._write_frame(frame)


IMPATIENT = {"request_seconds": 2.0, "stall_seconds": 2.0}


@pytest.fixture
async def victim(tmp_path: Path) -> AsyncIterator[PeerProcess]:
    async with peer(tmp_path / "victim", limits=IMPATIENT) as made:
        yield made


async def test_attacks_harm_nobody_else(victim: PeerProcess) -> None:
    wanting = Wanting(await victim.do("put", seed=1, size=MAX_RANGE_BYTES))
    attacks: dict[Attack, str] = {
        garbage: "disconnected {}, which sent more than one message",
        endless: "disconnected {}, which sent more than one message",
        oversize: "disconnected {}, which sent a message with more than 65536 bytes",
        loris: "disconnected {}, which left more than 20 streams unfinished within a minute",
        thousand_streams: "disconnected {}, which opened more than 64 streams",
        raw_garbage: "a connection from 127.0.0.1 came to nothing",
        wanting.taking_nothing: "disconnected {}, which took nothing more of what it had asked for",
        wanting.bursting: "bytes that nobody had asked for",
    }
    settings = PeerSettings(listen=(LOOPBACK,))
    async with AsyncExitStack() as stack:
        friend = await stack.enter_async_context(Libp2pNetwork.running(PeerIdentity.random(), settings))
        await friend.meet(victim.addresses[0])
        before, most = victim.memory(), 0
        for attack, reason in attacks.items():
            name, said_before = attack.__name__, len(victim.log.read_text())
            attacker = await stack.enter_async_context(attacking())
            attacking_now = asyncio.create_task(attacker.attack(victim, attack))
            expected = reason.format(attacker.identity.peer_id)
            served = 0
            while not (served and attacking_now.done() and expected in victim.log.read_text()[said_before:]):
                assert served < MOST_SERVED, f"{name}: no {expected!r} in {victim.log.read_text()[said_before:]}"
                answer = await friend.request(
                    victim.identity.public_key, "/scatter/test/1", name.encode(), timeout=20.0
                )
                assert answer == name.encode()
                most, served = max(most, victim.memory()), served + 1
                await asyncio.sleep(0.02)
            await asyncio.gather(attacking_now, return_exceptions=True)
        assert most - before < 160 * MEBIBYTE
    assert "Traceback" not in victim.log.read_text()
