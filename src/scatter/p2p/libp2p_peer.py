"""The life of a libp2p peer, in trio: it listens, looks for others, remembers where they were, and starts again if it breaks."""

import logging
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, nullcontext, suppress
from dataclasses import dataclass

import trio
from libp2p.discovery.events.peerDiscovery import peerDiscovery
from libp2p.network.connection.swarm_connection import SwarmConn
from libp2p.network.exceptions import SwarmException
from libp2p.peer.id import ID
from libp2p.peer.peerinfo import PeerInfo
from libp2p.rcmgr import Direction
from multiaddr import Multiaddr

from scatter.p2p.address_book import AddressBook
from scatter.p2p.addresses import multiaddr, peer_of
from scatter.p2p.bounded_yamux import BoundedYamux
from scatter.p2p.exchange import Answerer, Answering, Asking
from scatter.p2p.host import Host, running_host
from scatter.p2p.identity import PeerIdentity, multihash_of, peer_key
from scatter.p2p.routing import Routing
from scatter.p2p.settings import PeerSettings
from scatter.ports import ConnectedPeer, PeerKey, PeerSource, PeerUnreachable

_FIRST_PAUSE_SECONDS = 1.0
_LONGEST_PAUSE_SECONDS = 60.0
_FEW_PEERS = 20
"""With fewer in its table, a peer looks for more at each of these times; with more, the library's ten minutes are enough."""
_REMEMBERED_SECONDS = 7 * 24 * 3600
_RESTART_SECONDS = 1.0
_SOURCES = 10_000
"""Peers of which it is remembered how they came to be known."""
_DIALLED_AT_START = 20
"""Of the peers that were known last time."""

Answer = Callable[[str, PeerKey, bytes], Awaitable[bytes | None]]
"""(protocol, who asks, request) → answer, or None for no answer."""

_log = logging.getLogger(__name__)


class Libp2pPeer:
    """A peer. InvalidAddress when its settings have addresses that are none."""

    def __init__(self, identity: PeerIdentity, settings: PeerSettings, answer: Answer) -> None:
        self._identity = identity
        self._settings = settings
        self._answer = answer
        self._listen = [multiaddr(text) for text in settings.listen]
        self._announce = [multiaddr(text) for text in settings.announce]
        self._bootstrap = [peer_of(text) for text in settings.bootstrap]
        self._book = AddressBook(settings.address_book)
        self._protocols: set[str] = set()
        self._sources: dict[ID, PeerSource] = dict.fromkeys((peer for peer, _ in self._bootstrap), PeerSource.BOOTSTRAP)
        self._working: _Working | None = None

    async def live(self, listening: Callable[[], None]) -> None:
        """Run until cancelled; `listening` is called once others can reach this peer. CannotListen when they never can."""
        begun = False
        while True:
            try:
                async with running_host(self._identity, self._settings, self._listen, self._announce) as host:
                    self._listen = host.basic.get_transport_addrs()  # a port that the system chose stays the same one
                    if not begun:
                        listening()
                        begun = True
                    await self._work(host)
            except Exception:
                if not begun:
                    raise
                _log.exception("libp2p broke and is started again")
            finally:
                self._working = None
                self._book.save()
            await trio.sleep(_RESTART_SECONDS)

    def serve(self, protocol: str) -> None:
        """Answer the requests of a protocol from now on."""
        self._protocols.add(protocol)
        if self._working is not None:
            self._working.answering.serve(protocol, self._answerer(protocol))

    async def ask(self, peer: PeerKey, protocol: str, payload: bytes, timeout: float) -> bytes:
        """The answer of a peer; PeerUnreachable when there is none in `timeout` seconds."""
        return await self._now.asking.ask(peer, protocol, payload, timeout)

    async def disconnect(self, peer: PeerKey, offence: str) -> None:
        """End all connections with a peer, because of what it did."""
        for connection in self._now.host.swarm.get_connections(ID(multihash_of(peer))):
            if isinstance(connection.muxed_conn, BoundedYamux):
                await connection.muxed_conn.drop(offence)

    async def provide(self, cid: str) -> None:
        """Tell others that this peer has the content of a CID."""
        await self._now.routing.provide(cid)

    async def providers(self, cid: str) -> list[PeerKey]:
        """Who says to have the content of a CID."""
        return await self._now.routing.providers(cid)

    async def addresses(self) -> list[str]:
        """Multiaddrs that others are told, each with this peer's id."""
        return [str(address) for address in self._now.host.basic.get_addrs()]

    async def connected(self) -> list[ConnectedPeer]:
        """The peers that this one is connected to."""
        connections = self._now.host.swarm.get_connections()
        return [_described(one, self._sources) for one in connections if isinstance(one, SwarmConn)]

    async def meet(self, address: str) -> None:
        """Connect to a peer at a multiaddr; InvalidAddress when it is none, PeerUnreachable when the peer is not there."""
        peer, where = peer_of(address)
        self._now.host.swarm.peerstore.add_addrs(peer, [where], _REMEMBERED_SECONDS)
        try:
            await self._now.host.swarm.dial_peer(peer)
        except SwarmException:
            raise PeerUnreachable(f"nobody answers as {peer} at {where}") from None
        await self._now.routing.refresh()

    @property
    def _now(self) -> "_Working":
        if self._working is None:
            raise PeerUnreachable("cannot be reached: this node's network is down")
        return self._working

    async def _work(self, host: Host) -> None:
        routing = Routing(host)
        self._working = _Working(host, routing, Asking(host, routing), Answering(host, self._settings.limits))
        for protocol in self._protocols:
            self.serve(protocol)
        with _discovered(host, self._sources) if self._settings.mdns else nullcontext():
            await self._stay_among_peers(host, routing)

    async def _stay_among_peers(self, host: Host, routing: Routing) -> None:
        pause = _FIRST_PAUSE_SECONDS
        while True:
            if not host.swarm.get_connections():
                await self._look_around(host)
            if host.dht.get_routing_table_size() < _FEW_PEERS:
                await routing.refresh()
            await trio.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE_SECONDS)
            for peer in {connection.muxed_conn.peer_id for connection in host.swarm.get_connections()}:
                self._book.note(str(peer), tuple(str(_plain(one)) for one in host.swarm.known_addresses(peer)))
            self._book.save()

    async def _look_around(self, host: Host) -> None:
        """Dial the bootstrap peers, and peers that were there last time."""
        known = [(peer, [address]) for peer, address in self._bootstrap]
        latest = list(self._book.peers.items())[-_DIALLED_AT_START:]
        remembered = [(ID.from_string(peer), [multiaddr(text) for text in texts]) for peer, texts in latest]
        for peer, _ in remembered:
            _note(self._sources, peer, PeerSource.REMEMBERED)
        async with trio.open_nursery() as nursery:
            for peer, addresses in [*known, *remembered]:
                host.swarm.peerstore.add_addrs(peer, addresses, _REMEMBERED_SECONDS)
                nursery.start_soon(_dial, host, peer)

    def _answerer(self, protocol: str) -> Answerer:
        async def answer(peer: PeerKey, request: bytes) -> bytes | None:
            return await self._answer(protocol, peer, request)

        return answer


@dataclass(frozen=True, slots=True)
class _Working:
    """What there is while the host runs."""

    host: Host
    routing: Routing
    asking: Asking
    answering: Answering


async def _dial(host: Host, peer: ID) -> None:
    if peer == host.basic.get_id():
        return
    try:
        await host.swarm.dial_peer(peer)
    except SwarmException as error:
        _log.info("%s is not where it was: %s", peer, error)


@contextmanager
def _discovered(host: Host, sources: dict[ID, PeerSource]) -> Iterator[None]:
    """Dial peers that show themselves on the local network: the library finds them, in a thread of its own, and no more."""
    token = trio.lowlevel.current_trio_token()

    def meet(info: PeerInfo) -> None:
        with suppress(trio.RunFinishedError):
            token.run_sync_soon(_note, sources, info.peer_id, PeerSource.MDNS)
            token.run_sync_soon(host.nursery.start_soon, _dial, host, info.peer_id)

    peerDiscovery.register_peer_discovered_handler(meet)
    try:
        yield
    finally:
        peerDiscovery.unregister_peer_discovered_handler(meet)


def _plain(address: Multiaddr) -> Multiaddr:
    """Without the peer's id, which peers append to what they say of themselves."""
    names = [protocol.name for protocol in address.protocols()]
    return address.decapsulate(Multiaddr(f"/p2p/{address.value_for_protocol('p2p')}")) if "p2p" in names else address


def _note(sources: dict[ID, PeerSource], peer: ID, source: PeerSource) -> None:
    """Remember how a peer came to be known; the first source counts, and of so many peers only."""
    if len(sources) < _SOURCES:
        sources.setdefault(peer, source)


def _described(connection: SwarmConn, sources: Mapping[ID, PeerSource]) -> ConnectedPeer:
    muxed = connection.muxed_conn
    addresses = connection.get_transport_addresses()
    inbound = connection.direction is Direction.INBOUND
    measured = muxed.rtt() if isinstance(muxed, BoundedYamux) else 0.0
    return ConnectedPeer(
        peer_id=str(muxed.peer_id),
        key=peer_key(muxed.peer_id.to_bytes()),
        address=str(addresses[0]) if addresses else "",
        source=PeerSource.INBOUND if inbound else sources.get(muxed.peer_id, PeerSource.DHT),
        since=connection._created_at,
        round_trip=measured or None,
    )
