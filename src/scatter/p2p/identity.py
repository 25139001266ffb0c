"""Who a peer is: an Ed25519 key pair. The node registry on the chain holds the public key, libp2p shows it as a peer id.

Source: https://github.com/libp2p/specs/blob/master/peer-ids/peer-ids.md
"""

import secrets
from dataclasses import dataclass, field
from typing import Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from scatter.ports import PeerKey

KEY_BYTES = 32

_ALPHABET = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
# Protocol buffer of a libp2p public key (type 1: Ed25519, then 32 bytes) in an identity multihash of 36 bytes.
_PREFIX = bytes((0x00, 0x24, 0x08, 0x01, 0x12, 0x20))


@dataclass(frozen=True, slots=True)
class PeerIdentity:
    """A peer's key pair. `seed` is the private key (RFC 8032), 32 bytes."""

    seed: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.seed) != KEY_BYTES:
            raise ValueError(f"a peer's private key has {KEY_BYTES} bytes, not {len(self.seed)}")

    @classmethod
    def from_seed(cls, seed: bytes) -> Self:
        """The identity with a private key of 32 bytes."""
        return cls(seed)

    @classmethod
    def random(cls) -> Self:
        """A new identity."""
        return cls(secrets.token_bytes(KEY_BYTES))

    @property
    def public_key(self) -> PeerKey:
        """32 bytes: by this others know the peer."""
        return Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw()

    @property
    def peer_id(self) -> str:
        """As libp2p writes it: `12D3KooW…`."""
        return peer_id(self.public_key)


def peer_id(public_key: PeerKey) -> str:
    """The libp2p peer id of an Ed25519 public key."""
    multihash = multihash_of(public_key)
    number = int.from_bytes(multihash, "big")
    text = ""
    while number:
        number, digit = divmod(number, len(_ALPHABET))
        text = _ALPHABET[digit] + text
    return _ALPHABET[0] * (len(multihash) - len(multihash.lstrip(b"\0"))) + text


def peer_key(multihash: bytes) -> PeerKey | None:
    """The Ed25519 public key that a libp2p peer id, as bytes, consists of; None when it is the id of another kind of key."""
    if len(multihash) != len(_PREFIX) + KEY_BYTES or not multihash.startswith(_PREFIX):
        return None
    return multihash[len(_PREFIX) :]


def multihash_of(public_key: PeerKey) -> bytes:
    """The libp2p peer id of an Ed25519 public key, as bytes."""
    if len(public_key) != KEY_BYTES:
        raise ValueError(f"a peer's public key has {KEY_BYTES} bytes, not {len(public_key)}")
    return _PREFIX + public_key
