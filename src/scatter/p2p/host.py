"""One libp2p host: its connections, what it says of itself, and its part of the distributed hash table."""

import logging
import socket
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import trio
from libp2p.abc import INetStream
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.custom_types import StreamHandlerFn
from libp2p.host.basic_host import BasicHost
from libp2p.kad_dht.common import PROTOCOL_ID as KAD
from libp2p.kad_dht.kad_dht import DHTMode, KadDHT
from libp2p.kad_dht.provider_store import ProviderRecord
from libp2p.peer.id import ID
from libp2p.tools.anyio_service import background_trio_service
from libp2p.utils.address_validation import expand_wildcard_address
from multiaddr import Multiaddr

from scatter.p2p.addresses import host_of
from scatter.p2p.identity import PeerIdentity
from scatter.p2p.manners import Manners, disconnect
from scatter.p2p.settings import CannotListen, PeerLimits, PeerSettings
from scatter.p2p.streams import Watchdog, reset
from scatter.p2p.swarm import BoundedSwarm

_LOOKUP_STREAM_SECONDS = 15.0
_LOOKUP_STREAMS = 64
_LOOKUP_STREAMS_PER_PEER = 4
_PROVIDED_KEYS = 100_000
"""Keys whose providers are remembered for others."""

_log = logging.getLogger(__name__)
# What the library logs of strangers' mistakes is neither bounded nor for the operator; this room says who was dropped, and why.
logging.getLogger("libp2p").setLevel(logging.CRITICAL)


@dataclass(frozen=True, slots=True)
class Host:
    """A running host. `watchdog`, `manners` and `nursery` live as long as it does."""

    basic: BasicHost
    swarm: BoundedSwarm
    dht: KadDHT
    nursery: trio.Nursery
    watchdog: Watchdog
    manners: Manners


@asynccontextmanager
async def running_host(
    identity: PeerIdentity, settings: PeerSettings, listen: Sequence[Multiaddr], announce: Sequence[Multiaddr] = ()
) -> AsyncIterator[Host]:
    """A host that listens, until the block ends, and tells others to find it at `announce`, or where it listens when that
    is empty. CannotListen when an address is taken."""
    for address in listen:
        _require_free(address)
    swarm = BoundedSwarm(create_new_key_pair(identity.seed), settings.limits)
    basic = BasicHost(swarm, enable_mDNS=settings.mdns, addrs_factory=_told(announce))
    dht = KadDHT(basic, DHTMode.SERVER, enable_values=False)
    dht.provider_store.providers = _BoundedProviders()
    async with trio.open_nursery() as nursery:
        watchdog = Watchdog(nursery)
        manners = Manners(settings.limits)
        guard = _Guard(watchdog, manners, settings.limits)
        swarm.set_stream_handler(guard.around(swarm.common_stream_handler))
        basic.set_stream_handler(KAD, guard.around_lookups(dht.handle_stream))
        dht._inbound_limiter.total_tokens = _LOOKUP_STREAMS  # a dozen strangers could block it for all
        async with basic.run(listen), background_trio_service(dht):
            if not swarm.listeners:
                raise CannotListen(f"cannot listen on {', '.join(map(str, listen))}")
            try:
                yield Host(basic, swarm, dht, nursery, watchdog, manners)
            finally:
                await swarm.hang_up()
                nursery.cancel_scope.cancel()


class _Guard:
    """Deals with streams that other peers open. Whatever goes wrong with one goes wrong with it alone: an error that came out
    of a handler would end all connections."""

    def __init__(self, watchdog: Watchdog, manners: Manners, limits: PeerLimits) -> None:
        self._watchdog = watchdog
        self._manners = manners
        self._limits = limits
        self._open: Counter[ID] = Counter()
        self._lookups: Counter[ID] = Counter()

    def around(self, handler: StreamHandlerFn) -> StreamHandlerFn:
        async def handle(stream: INetStream) -> None:
            connection = stream.muxed_conn
            if self._open[connection.peer_id] >= self._limits.streams_per_peer:
                await disconnect(stream, f"opened more than {self._limits.streams_per_peer} streams")
                return
            await self._handle(stream, handler, self._open, self._limits.stream_seconds)

        return handle

    def around_lookups(self, handler: StreamHandlerFn) -> StreamHandlerFn:
        async def handle(stream: INetStream) -> None:
            if self._lookups[stream.muxed_conn.peer_id] >= _LOOKUP_STREAMS_PER_PEER:
                await reset(stream)
                return
            await self._handle(stream, handler, self._lookups, _LOOKUP_STREAM_SECONDS)

        return handle

    async def _handle(
        self, stream: INetStream, handler: StreamHandlerFn, under_way: Counter[ID], seconds: float
    ) -> None:
        peer = stream.muxed_conn.peer_id
        under_way[peer] += 1
        try:
            with self._watchdog.over(stream, seconds) as watch:
                await handler(stream)
            if watch.over:
                await self._manners.broke(stream, f"did not end a stream within {seconds:g} s")
        except Exception as error:
            await self._manners.broke(stream, f"broke a stream: {error!r}")
        finally:
            under_way[peer] -= 1
            if not under_way[peer]:
                del under_way[peer]


class _BoundedProviders(dict[bytes, dict[str, ProviderRecord]]):
    """Providers by key; strangers add to it, so the oldest key makes room for the newest."""

    def __setitem__(self, key: bytes, value: dict[str, ProviderRecord]) -> None:
        super().__setitem__(key, value)
        if len(self) > _PROVIDED_KEYS:
            del self[next(iter(self))]


def _told(announce: Sequence[Multiaddr]) -> Callable[[list[Multiaddr]], list[Multiaddr]]:
    def addresses(candidates: list[Multiaddr]) -> list[Multiaddr]:
        return list(announce) or [one for candidate in candidates for one in _reachable(candidate)]

    return addresses


def _reachable(address: Multiaddr) -> list[Multiaddr]:
    """The addresses behind one that means all of the machine's."""
    if host_of(address) in ("0.0.0.0", "::"):  # noqa: S104 — compared with, not listened on
        return expand_wildcard_address(address)
    return [address]


def _require_free(address: Multiaddr) -> None:
    """The library shares ports, so a second node on one would take every other connection of the first."""
    family = socket.AF_INET6 if ":" in host_of(address) else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host_of(address), int(address.value_for_protocol("tcp") or 0)))
            probe.listen()
        except OSError as error:
            raise CannotListen(f"cannot listen on {address}: {error.strerror}") from error
