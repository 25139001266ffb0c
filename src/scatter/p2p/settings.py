"""What a node's libp2p peer is told: where it listens, whom it asks first, and how much it does for others."""

from dataclasses import dataclass, field
from pathlib import Path

from scatter.errors import BadInput, Failure


@dataclass(frozen=True, slots=True)
class PeerLimits:
    """What other peers may make this one do. Whoever goes beyond what is forbidden is disconnected; what is more than can be
    done at once waits its turn."""

    connections: int = 256
    """Connections that others opened, all together."""
    connections_per_host: int = 64
    """Connections that others opened from one IP address."""
    streams_per_peer: int = 64
    """Streams that one peer has open here; one more, and it is disconnected."""
    stream_seconds: float = 120.0
    """Longest that a stream which another peer opened may last."""
    request_seconds: float = 10.0
    """Longest that a request may take to arrive, and that an answer may take besides what its length needs."""
    requests_per_second: float = 100.0
    """Requests that one peer may make on average; more are delayed."""
    requests_at_once: int = 200
    """Requests that one peer may make in a burst without a delay."""
    broken_streams: int = 20
    """Streams that one peer may leave without a whole message, or not end in time, within a minute; one more, and it is
    disconnected."""
    answers: int = 16
    """Answers that are worked out or sent at a time; each is at most 8 MiB."""
    answers_per_peer: int = 4
    """Of these, for one peer."""
    unread_bytes: int = 64 << 20
    """Bytes that arrived and nobody has read yet, all together; beyond, the connection with most of them is closed."""
    unread_bytes_per_connection: int = 16 << 20
    """Of these, on one connection."""
    stall_seconds: float = 20.0
    """How long a peer may take no byte that is sent to it."""


@dataclass(frozen=True, slots=True)
class PeerSettings:
    """How a peer is reached, and how it finds others. Addresses are multiaddrs (`/ip4/192.0.2.7/tcp/4001`), those of other
    peers end with `/p2p/` and their id; InvalidAddress is raised for others when the peer is started."""

    listen: tuple[str, ...] = ("/ip4/0.0.0.0/tcp/4001",)
    announce: tuple[str, ...] = ()
    """Addresses to tell others; none: those it listens on, and what several others say they see."""
    bootstrap: tuple[str, ...] = ()
    """Peers to ask first."""
    mdns: bool = False
    """Whether to look for peers on the local network, and to be found there."""
    address_book: Path | None = None
    """A file that remembers where peers were, for the next start."""
    limits: PeerLimits = field(default_factory=PeerLimits)


class InvalidAddress(BadInput):
    """A text is not an address that a peer can listen on or be reached at."""


class CannotListen(Failure, OSError):
    """No address to listen on could be taken; the message names them."""
