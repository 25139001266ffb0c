"""A peer among others over libp2p, as the rest of a node sees it. Trio and libp2p run in a thread of their own."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from scatter.p2p.buffers import return_large_buffers
from scatter.p2p.identity import PeerIdentity
from scatter.p2p.libp2p_peer import Libp2pPeer
from scatter.p2p.settings import CannotListen, PeerSettings
from scatter.p2p.trio_thread import ThreadEnded, TrioThread
from scatter.ports import ConnectedPeer, PeerKey, PeerUnreachable, RequestHandler, RequestRefused
from scatter.ports.peers import MAX_REQUEST_BYTES

_STOPPED = "cannot be reached: this node's network has stopped"

_log = logging.getLogger(__name__)


class Libp2pNetwork:
    """`scatter.ports.PeerNetwork` and `ContentRouting` over libp2p: TCP, Noise, yamux, identify, Kademlia, and mDNS by a
    switch. Everything is called from asyncio, in the task that made it or another of the same loop."""

    def __init__(self, identity: PeerIdentity, settings: PeerSettings) -> None:
        """InvalidAddress when the settings have an address that is none."""
        self._identity = identity
        self._handlers: dict[str, RequestHandler] = {}
        self._thread = TrioThread(f"peer {identity.peer_id}")
        self._in_trio = Libp2pPeer(identity, settings, self._ask_asyncio)

    @classmethod
    @asynccontextmanager
    async def running(cls, identity: PeerIdentity, settings: PeerSettings) -> AsyncIterator["Libp2pNetwork"]:
        """A peer that listens and looks for others, until the block ends. InvalidAddress for an address that is none,
        CannotListen for one that is taken."""
        network = cls(identity, settings)
        await network.start()
        try:
            yield network
        finally:
            await network.stop()

    async def start(self) -> None:
        """Listen, and look for others from now on; also after `stop`. CannotListen when no address can be had."""
        return_large_buffers()
        self._thread = TrioThread(self._thread.name)
        try:
            await self._thread.start(self._in_trio.live)
        except BaseExceptionGroup as errors:
            refusals = errors.subgroup(CannotListen)
            if refusals is None:
                raise
            raise CannotListen("; ".join(map(str, _leaves(refusals)))) from errors

    async def stop(self) -> None:
        """Leave. Requests from now on find this node's network stopped. Nothing happens when it is."""
        await self._thread.stop()

    @property
    def peer(self) -> PeerKey:
        """See `PeerNetwork`."""
        return self._identity.public_key

    def serve(self, protocol: str, handler: RequestHandler) -> None:
        """See `PeerNetwork`. A later handler takes the place of an earlier one."""
        self._handlers[protocol] = handler
        self._thread.run_soon(self._in_trio.serve, protocol)

    async def request(self, peer: PeerKey, protocol: str, payload: bytes, timeout: float = 30.0) -> bytes:
        """See `PeerNetwork`. Peers whose address is not known are looked for in the hash table."""
        if len(payload) > MAX_REQUEST_BYTES:
            raise ValueError(f"a request has at most {MAX_REQUEST_BYTES} bytes, not {len(payload)}")
        try:
            return await self._thread.call(self._in_trio.ask, peer, protocol, payload, timeout)
        except ThreadEnded:
            raise PeerUnreachable(_STOPPED) from None

    async def disconnect(self, peer: PeerKey, offence: str) -> None:
        """See `PeerNetwork`."""
        with suppress(ThreadEnded, PeerUnreachable):
            await self._thread.call(self._in_trio.disconnect, peer, offence)

    async def provide(self, cid: str) -> None:
        """See `ContentRouting`. At most nine at once and then one a second: others take no more from one peer."""
        try:
            await self._thread.call(self._in_trio.provide, cid)
        except ThreadEnded:
            raise PeerUnreachable(_STOPPED) from None

    async def providers(self, cid: str) -> list[PeerKey]:
        """See `ContentRouting`."""
        try:
            return await self._thread.call(self._in_trio.providers, cid)
        except ThreadEnded:
            return []

    async def addresses(self) -> list[str]:
        """The multiaddrs that others are told, each with this peer's id."""
        return await self._thread.call(self._in_trio.addresses)

    async def connected(self) -> list[ConnectedPeer]:
        """The peers that this one is connected to."""
        return await self._thread.call(self._in_trio.connected)

    async def meet(self, address: str) -> None:
        """Connect to a peer at a multiaddr that ends with its id. InvalidAddress when it is none, PeerUnreachable when that
        peer is not there."""
        await self._thread.call(self._in_trio.meet, address)

    async def _ask_asyncio(self, protocol: str, peer: PeerKey, request: bytes) -> bytes | None:
        return await self._thread.answer(self._handle, protocol, peer, request)

    async def _handle(self, protocol: str, peer: PeerKey, request: bytes) -> bytes | None:
        try:
            return await self._handlers[protocol](peer, request)
        except RequestRefused as refusal:
            _log.info("refused %s to %s: %s", protocol, peer.hex()[:8], refusal)
        except Exception:
            # The peer that failed logs why; the one that asked is a stranger and learns nothing.
            _log.exception("answering %s failed", protocol)
        return None


def _leaves(errors: BaseExceptionGroup[CannotListen]) -> list[BaseException]:
    return [
        leaf
        for error in errors.exceptions
        for leaf in (_leaves(error) if isinstance(error, BaseExceptionGroup) else [error])
    ]
