"""All connections of a peer: libp2p's swarm, with bounds on what strangers open."""

import logging
import math
from collections import Counter

import trio
from libp2p.abc import INetConn
from libp2p.crypto.keys import KeyPair
from libp2p.crypto.x25519 import create_new_key_pair
from libp2p.io.abc import ReadWriteCloser
from libp2p.network.auto_connector import AutoConnector
from libp2p.network.config import ConnectionConfig, RetryConfig
from libp2p.network.connection.raw_connection import RawConnection
from libp2p.network.exceptions import SwarmException
from libp2p.network.swarm import Swarm
from libp2p.peer.id import ID
from libp2p.peer.peerstore import PeerStore, PeerStoreError
from libp2p.security.noise.transport import PROTOCOL_ID as NOISE
from libp2p.security.noise.transport import Transport as NoiseTransport
from libp2p.stream_muxer.yamux.yamux import PROTOCOL_ID as YAMUX
from libp2p.stream_muxer.yamux.yamux import Yamux
from libp2p.transport.tcp.tcp import TCP
from libp2p.transport.upgrader import TransportUpgrader
from multiaddr import Multiaddr

from scatter.p2p.bounded_yamux import BoundedMuxer, BoundedYamux
from scatter.p2p.settings import PeerLimits

DIAL_SECONDS = 5.0
_DIALLED_ADDRESSES = 8
_CLOSING_SECONDS = 1.0

_log = logging.getLogger(__name__)


class BoundedSwarm(Swarm):
    """TCP, Noise and yamux, and nothing else: the library would also speak without encryption, where anybody is whoever he
    says he is."""

    def __init__(self, keys: KeyPair, limits: PeerLimits) -> None:
        peer = ID.from_pubkey(keys.public_key)
        peers = PeerStore()
        peers.add_key_pair(peer, keys)
        noise = NoiseTransport(keys, noise_privkey=create_new_key_pair().private_key)
        upgrader = TransportUpgrader({NOISE: noise}, {YAMUX: Yamux})  # type: ignore[dict-item]
        upgrader.muxer_multistream = BoundedMuxer(limits)
        super().__init__(
            peer,
            peers,
            upgrader,
            [TCP()],
            retry_config=RetryConfig(max_retries=0),
            connection_config=ConnectionConfig(
                max_connections=2 * limits.connections,
                min_connections=0,
                low_watermark=0,
                high_watermark=2 * limits.connections,
            ),
        )
        self.auto_connector = _Nobody(self)
        # The library's own bound counts connections that ever were, so that a node would stop to accept any.
        self._inbound_limiter = trio.CapacityLimiter(math.inf)
        self._limits = limits
        self._inbound: Counter[str] = Counter()
        self._dialling: dict[ID, trio.Lock] = {}

    async def _handle_inbound_connection(self, read_write_closer: ReadWriteCloser, maddr: Multiaddr) -> None:
        remote = read_write_closer.get_remote_address()
        host = remote[0] if remote else ""
        limits = self._limits
        if self._inbound.total() >= limits.connections or self._inbound[host] >= limits.connections_per_host:
            _log.info("refused a connection from %s: there are enough", host)
            return
        self._inbound[host] += 1
        connection = RawConnection(read_write_closer, False)
        try:
            muxed = await self.upgrade_inbound_raw_conn(connection, maddr)
            if isinstance(muxed, BoundedYamux):
                await muxed.event_closed.wait()
        except Exception as error:
            _log.info("a connection from %s came to nothing: %s", host, error)
        finally:
            self._inbound[host] -= 1
            self._inbound += Counter()  # forgets hosts without connections
            with trio.CancelScope(shield=True, deadline=trio.current_time() + _CLOSING_SECONDS):
                await connection.close()

    async def hang_up(self) -> None:
        """Stop listening and close all connections at once. The library leaves sockets open when it is cancelled."""
        with trio.CancelScope(shield=True, deadline=trio.current_time() + _CLOSING_SECONDS):
            for listener in self.listeners.values():
                await listener.close()
        for connection in self.get_connections():
            if isinstance(connection.muxed_conn, BoundedYamux):
                await connection.muxed_conn.hang_up()

    async def dial_peer(self, peer_id: ID) -> list[INetConn]:
        """A connection to a peer, over the first of its known addresses that works; SwarmException when none does. The
        library tries one address only, and then none for a minute."""
        lock = self._dialling.setdefault(peer_id, trio.Lock())
        try:
            async with lock:
                return [self._live(peer_id) or await self._dial(peer_id)]
        finally:
            if not lock.statistics().tasks_waiting and not lock.locked():
                self._dialling.pop(peer_id, None)

    def known_addresses(self, peer: ID) -> list[Multiaddr]:
        """Where a peer is said to be; nothing when nobody said so."""
        try:
            return self.peerstore.addrs(peer)
        except PeerStoreError:
            return []

    def _live(self, peer: ID) -> INetConn | None:
        return next((one for one in self.get_connections(peer) if not one.is_closed), None)

    async def _dial(self, peer: ID) -> INetConn:
        addresses = self.known_addresses(peer)[:_DIALLED_ADDRESSES]
        for address in addresses:
            try:
                with trio.fail_after(DIAL_SECONDS):
                    return await self.dial_addr(address, peer)
            except (SwarmException, trio.TooSlowError) as error:
                _log.debug("no way to %s over %s: %s", peer, address, error)
        raise SwarmException(f"{len(addresses)} addresses of {peer} were tried, none worked")


class _Nobody(AutoConnector):
    """Dials nobody: the library's own dials whatever strangers say is a peer, hundreds at a time."""

    async def run_background_task(self, nursery: trio.Nursery) -> None:
        """Nothing runs."""

    async def maybe_connect(self) -> None:
        """Nobody is dialled."""
