"""HPKE that gives equal bytes for equal arguments, for runs that are to be repeated on development chains.

The library draws the ephemeral key of each message itself, as it should. Then the digest of what was sealed, which goes to the
chain, differs from run to run, and with it the gas of a transaction by a few units. So here the sender's side of RFC 9180 is
written out, for the one suite and mode that `encryption` uses, with the ephemeral key derived from what is sealed for whom
(section 7.1.3's DeriveKeyPair). What it makes is opened by `encryption.open_sealed` like everything else.

Who knows the seed can open everything: never outside of development chains.
"""

import hashlib
import hmac

from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDFExpand

from scatter.content.encryption import KEY_BYTES, EncryptionError

_KEM = b"KEM" + (0x0020).to_bytes(2, "big")
_SUITE = b"HPKE" + b"".join(part.to_bytes(2, "big") for part in (0x0020, 0x0001, 0x0003))
_NONCE_BYTES = 12
_BASE_MODE = b"\0"


def seal_repeatably(seed: bytes, public_key: bytes, plaintext: bytes, context: bytes) -> bytes:
    """As `encryption.seal`, but the same for the same arguments. EncryptionError when nobody can hold the key."""
    if len(public_key) != KEY_BYTES:
        raise EncryptionError(f"a key has {KEY_BYTES} bytes, not {len(public_key)}")
    told = hashlib.sha256(
        b"".join(len(part).to_bytes(4, "big") + part for part in (seed, public_key, context, plaintext))
    )
    ephemeral = X25519PrivateKey.from_private_bytes(_derived_private_key(told.digest()))
    sender = ephemeral.public_key().public_bytes_raw()
    try:
        shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(public_key))
    except ValueError as error:
        raise EncryptionError(f"nothing can be sealed to the key {public_key.hex()}") from error
    extracted = _extract(_KEM, b"", b"eae_prk", shared)
    secret = _expand(_KEM, extracted, b"shared_secret", sender + public_key, KEY_BYTES)
    key, nonce = _schedule(secret, context)
    return sender + ChaCha20Poly1305(key).encrypt(nonce, plaintext, b"")


def _derived_private_key(material: bytes) -> bytes:
    """Section 7.1.3, for X25519."""
    return _expand(_KEM, _extract(_KEM, b"", b"dkp_prk", material), b"sk", b"", KEY_BYTES)


def _schedule(secret: bytes, info: bytes) -> tuple[bytes, bytes]:
    """Section 5.1: key and nonce of the first and only message."""
    about = _BASE_MODE + _extract(_SUITE, b"", b"psk_id_hash", b"") + _extract(_SUITE, b"", b"info_hash", info)
    prk = _extract(_SUITE, secret, b"secret", b"")
    return _expand(_SUITE, prk, b"key", about, KEY_BYTES), _expand(_SUITE, prk, b"base_nonce", about, _NONCE_BYTES)


def _extract(suite: bytes, salt: bytes, label: bytes, material: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + material, "sha256")


def _expand(suite: bytes, prk: bytes, label: bytes, info: bytes, length: int) -> bytes:
    labelled = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return HKDFExpand(SHA256(), length, labelled).derive(prk)
