"""Peers of one process, for the demo, for tests and for simulations: what the network would carry is handed over."""

import asyncio
import logging

from scatter.p2p.identity import KEY_BYTES
from scatter.ports import PeerKey, PeerUnreachable, RequestHandler, RequestRefused
from scatter.ports.peers import MAX_ANSWER_BYTES, MAX_REQUEST_BYTES

_log = logging.getLogger(__name__)


class InProcessNetwork:
    """The place where peers meet. Peers can be taken offline and brought back."""

    def __init__(self) -> None:
        self._peers: dict[PeerKey, InProcessPeer] = {}
        self._offline: set[PeerKey] = set()

    def join(self, peer: PeerKey) -> "InProcessPeer":
        """A peer's access. One that joins again, as after a restart, takes the place of its former self."""
        if len(peer) != KEY_BYTES:
            raise ValueError(f"a peer's public key has {KEY_BYTES} bytes, not {len(peer)}")
        self._peers[peer] = InProcessPeer(self, peer)
        return self._peers[peer]

    def take_offline(self, peer: PeerKey) -> None:
        """From now on the peer neither asks nor answers."""
        self._offline.add(peer)

    def bring_back(self, peer: PeerKey) -> None:
        """Undo `take_offline`."""
        self._offline.discard(peer)

    def handler(self, asking: PeerKey, asked: PeerKey, protocol: str) -> RequestHandler:
        """What answers; PeerUnreachable when there is no way to it."""
        if asking in self._offline:
            raise PeerUnreachable("cannot be reached: this node is offline")
        if asked not in self._peers or asked in self._offline:
            raise PeerUnreachable("is not reachable")
        handler = self._peers[asked].handlers.get(protocol)
        if handler is None:
            raise PeerUnreachable(f"does not speak {protocol}")
        return handler


class InProcessPeer:
    """`scatter.ports.PeerNetwork` between the peers of one process."""

    def __init__(self, network: InProcessNetwork, peer: PeerKey) -> None:
        self._network = network
        self._peer = peer
        self.handlers: dict[str, RequestHandler] = {}

    @property
    def peer(self) -> PeerKey:
        """See `PeerNetwork`."""
        return self._peer

    def serve(self, protocol: str, handler: RequestHandler) -> None:
        """See `PeerNetwork`. A later handler takes the place of an earlier one."""
        self.handlers[protocol] = handler

    async def request(self, peer: PeerKey, protocol: str, payload: bytes, timeout: float = 30.0) -> bytes:
        """See `PeerNetwork`."""
        if len(payload) > MAX_REQUEST_BYTES:
            raise ValueError(f"a request has at most {MAX_REQUEST_BYTES} bytes, not {len(payload)}")
        await asyncio.sleep(0)  # as with a real network, others get their turn before an answer
        handler = self._network.handler(self._peer, peer, protocol)
        try:
            async with asyncio.timeout(timeout):
                answer = await handler(self._peer, bytes(payload))
        except TimeoutError:
            raise PeerUnreachable(f"did not answer within {timeout:g} s") from None
        except RequestRefused as refusal:
            _log.info("refused %s to %s: %s", protocol, self._peer.hex()[:8], refusal)
            raise PeerUnreachable("could not answer") from None
        except Exception:
            # The peer that failed logs why; the one that asked is a stranger and learns nothing.
            _log.exception("answering %s failed", protocol)
            raise PeerUnreachable("could not answer") from None
        self._network.handler(self._peer, peer, protocol)  # it may have gone offline meanwhile
        if len(answer) > MAX_ANSWER_BYTES:
            _log.error("an answer of %d bytes to %s is longer than peers take", len(answer), protocol)
            raise PeerUnreachable("could not answer")
        return answer

    async def disconnect(self, peer: PeerKey, offence: str) -> None:
        """See `PeerNetwork`. There are no connections here, so that the line in the log is all."""
        _log.warning("disconnected %s, which %s", peer.hex()[:8], offence)
