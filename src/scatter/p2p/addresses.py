"""Addresses of peers: multiaddrs over TCP (https://github.com/multiformats/multiaddr)."""

from libp2p.peer.id import ID
from multiaddr import Multiaddr

from scatter.p2p.settings import InvalidAddress

_HOSTS = ("ip4", "ip6", "dns", "dns4", "dns6")


def multiaddr(text: str) -> Multiaddr:
    """A TCP multiaddr without a peer's id, such as `/ip4/192.0.2.7/tcp/4001`; InvalidAddress when the text is none."""
    return _parsed(text, ("tcp",), "/ip4/192.0.2.7/tcp/4001")


def peer_of(text: str) -> tuple[ID, Multiaddr]:
    """The peer that a TCP multiaddr ends with, and where it is; InvalidAddress when the text is none."""
    whole = _parsed(text, ("tcp", "p2p"), "/ip4/192.0.2.7/tcp/4001/p2p/12D3KooW…")
    peer = whole.value_for_protocol("p2p")
    return ID.from_string(str(peer)), whole.decapsulate(Multiaddr(f"/p2p/{peer}"))


def host_of(address: Multiaddr) -> str:
    """The IP address or name that a multiaddr begins with."""
    return str(address.value_for_protocol(next(iter(address.protocols())).name))


def _parsed(text: str, ending: tuple[str, ...], example: str) -> Multiaddr:
    try:
        address = Multiaddr(text)
        names = tuple(protocol.name for protocol in address.protocols())
    except Exception as error:  # the parser raises what the parts of an address happen to raise
        raise InvalidAddress(f"{text!r} is no multiaddr such as {example}: {error}") from error
    if not names or names[0] not in _HOSTS or names[1:] != ending:
        raise InvalidAddress(f"{text!r} is no multiaddr such as {example}")
    return address
