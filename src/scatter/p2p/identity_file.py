"""A peer's private key in a file that only its owner can read: PKCS#8 in PEM, as OpenSSL writes it."""

import os
import stat
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from scatter.errors import BadInput
from scatter.files import create_secret_file
from scatter.p2p.identity import PeerIdentity

_MOST_BYTES = 4096


class IdentityUnusable(BadInput):
    """A peer's identity cannot be read or written; the message says which file, and why."""


def create_identity(path: Path, identity: PeerIdentity | None = None) -> PeerIdentity:
    """Write an identity, a new one unless it is given, to a file that must not exist yet: an overwritten key cannot be had back.
    IdentityUnusable when it cannot be written."""
    identity = identity or PeerIdentity.random()
    key = Ed25519PrivateKey.from_private_bytes(identity.seed)
    content = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    try:
        if not path.parent.exists():
            path.parent.mkdir(parents=True)
        create_secret_file(path, content)
    except FileExistsError:
        raise IdentityUnusable(f"{path} exists already, and is not overwritten") from None
    except OSError as error:
        raise IdentityUnusable(f"{path} cannot be written: {error.strerror}") from error
    return identity


def read_identity(path: Path) -> PeerIdentity:
    """The identity in a file; IdentityUnusable when there is none, or when others than its owner may read it."""
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            content = file.read(_MOST_BYTES)
    except OSError as error:
        raise IdentityUnusable(f"{path} cannot be read: {error.strerror}") from error
    if mode & 0o077:
        raise IdentityUnusable(f"others may read {path} (mode {mode:o}); allow its owner only: chmod 600 {path}")
    try:
        key = load_pem_private_key(content, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise IdentityUnusable(f"{path} is no private key in PEM without a password") from None
    if not isinstance(key, Ed25519PrivateKey):
        raise IdentityUnusable(f"{path} has another kind of key than Ed25519")
    return PeerIdentity.from_seed(key.private_bytes_raw())
