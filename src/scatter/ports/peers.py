"""Requests between peers, and finding out who has content."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

PeerKey = bytes
"""Ed25519 public key of a peer, 32 bytes, as the node registry holds it."""

RequestHandler = Callable[[PeerKey, bytes], Awaitable[bytes]]
"""(who asks, request) → answer, or RequestRefused. The network proves who asks."""

MAX_REQUEST_BYTES = 64 << 10
"""Longest request. What is long is asked for, not told."""
MAX_ANSWER_BYTES = 8 << 20
"""Longest answer."""


class PeerNetwork(Protocol):
    """Requests between peers known by their key."""

    @property
    def peer(self) -> PeerKey:
        """This node's own key."""
        ...

    def serve(self, protocol: str, handler: RequestHandler) -> None:
        """Answer requests of a protocol (`/scatter/content/1`)."""
        ...

    async def request(self, peer: PeerKey, protocol: str, payload: bytes, timeout: float = 30.0) -> bytes:
        """Ask a peer; PeerUnreachable when it is away, does not speak the protocol, refuses or takes too long. ValueError
        when the payload is longer than 64 KiB."""
        ...

    async def disconnect(self, peer: PeerKey, offence: str) -> None:
        """End the connection with a peer, if there is one, and say in the log what it did: what no honest peer does, as to
        send bytes that are not those of a CID. Either side may connect again."""
        ...


class ContentRouting(Protocol):
    """Who has content, as peers tell one another. Whoever says so may lie: what he sends is verified."""

    async def provide(self, cid: str) -> None:
        """Tell others that this peer has the content of a CID."""
        ...

    async def providers(self, cid: str) -> Sequence[PeerKey]:
        """Peers that say they have it, without this one; none when nobody does or nobody can be asked."""
        ...


class PeerSource(StrEnum):
    """How a peer came to be known here."""

    INBOUND = "inbound"
    """It opened the connection."""
    BOOTSTRAP = "bootstrap"
    MDNS = "mdns"
    """It showed itself on the local network."""
    REMEMBERED = "remembered"
    """It was there the last time this node ran."""
    DHT = "dht"
    """Others told of it, in the hash table."""


@dataclass(frozen=True, slots=True)
class ConnectedPeer:
    """A peer that this one is connected to. `since` is seconds of the Unix epoch; `round_trip` is seconds, None when it was not
    measured yet; `key` is None for a peer with another kind of key than Scatter's nodes have."""

    peer_id: str
    key: PeerKey | None
    address: str
    source: PeerSource
    since: float
    round_trip: float | None


class PeerDirectory(Protocol):
    """Who is there, for whoever operates a node."""

    async def connected(self) -> Sequence[ConnectedPeer]:
        """The peers that this one is connected to."""
        ...

    async def addresses(self) -> Sequence[str]:
        """The multiaddrs that others are told, each with this peer's id."""
        ...


class RequestRefused(Exception):
    """A handler's no: the request is malformed, or the one who asks may not have the answer. Strangers ask for anything, so
    a network writes one line about it; he learns no more than that there is no answer."""


class PeerUnreachable(ConnectionError):
    """A peer could not answer; the message says why."""
