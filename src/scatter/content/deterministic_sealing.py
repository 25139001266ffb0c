"""Sealing that everybody who holds the secret can check: HPKE whose bytes follow from secret, reader and context.

Whoever holds a secret seals it again to the reader and compares. So it can tell whether somebody else can open his copy, and
with what result, without his private key.

On the wire this is RFC 9180 in base mode, with the suite of `encryption`, and `encryption.open_sealed` opens it. But the library
draws the ephemeral key of each message itself, so the sender's side is written out here, with the ephemeral key derived
(section 7.1.3, DeriveKeyPair) from the secret, the reader's public key and the context. This is Encrypt-with-Hash of Bellare,
Boldyreva and O'Neill ("Deterministic and Efficiently Searchable Encryption", CRYPTO 2007), the idea by which the transform of
Fujisaki and Okamoto checks ciphertexts. Why it is sound here:

- The secret is 32 random bytes that nobody can guess. To find the ephemeral key one has to know it, and who knows it has
  nothing left to learn. Deterministic encryption of what can be guessed would let anybody check a guess: only keys may be
  sealed in this way.
- The reader's public key and the context enter the derivation, each with its length, so no ephemeral key serves two messages,
  and the copies of one secret have nothing to do with one another for those who do not know it.
- Two equal copies tell an observer that the same secret was sealed to the same reader for the same purpose, and nothing else.
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
_LABEL = b"scatter/deterministic-sealing/v1"
_NONCE_BYTES = 12
_BASE_MODE = b"\0"


def seal_deterministically(public_key: bytes, secret: bytes, context: bytes) -> bytes:
    """As `encryption.seal` for a secret of 32 random bytes, but the same for the same arguments; 80 bytes. EncryptionError when
    nobody can hold the key (whether that is so follows from the key alone), or when key or secret have another length."""
    for what, value in (("key", public_key), ("secret", secret)):
        if len(value) != KEY_BYTES:
            raise EncryptionError(f"a {what} has {KEY_BYTES} bytes, not {len(value)}")
    told = b"".join(len(part).to_bytes(4, "big") + part for part in (_LABEL, public_key, context, secret))
    ephemeral = X25519PrivateKey.from_private_bytes(_derived_private_key(hashlib.sha256(told).digest()))
    sender = ephemeral.public_key().public_bytes_raw()
    try:
        shared = ephemeral.exchange(X25519PublicKey.from_public_bytes(public_key))
    except ValueError as error:
        raise EncryptionError(f"nothing can be sealed to the key {public_key.hex()}") from error
    extracted = _extract(_KEM, b"", b"eae_prk", shared)
    kem_secret = _expand(_KEM, extracted, b"shared_secret", sender + public_key, KEY_BYTES)
    key, nonce = _schedule(kem_secret, context)
    return sender + ChaCha20Poly1305(key).encrypt(nonce, secret, b"")


def _derived_private_key(material: bytes) -> bytes:
    """Section 7.1.3, for X25519."""
    return _expand(_KEM, _extract(_KEM, b"", b"dkp_prk", material), b"sk", b"", KEY_BYTES)


def _schedule(kem_secret: bytes, info: bytes) -> tuple[bytes, bytes]:
    """Section 5.1: key and nonce of the first and only message."""
    about = _BASE_MODE + _extract(_SUITE, b"", b"psk_id_hash", b"") + _extract(_SUITE, b"", b"info_hash", info)
    prk = _extract(_SUITE, kem_secret, b"secret", b"")
    return _expand(_SUITE, prk, b"key", about, KEY_BYTES), _expand(_SUITE, prk, b"base_nonce", about, _NONCE_BYTES)


def _extract(suite: bytes, salt: bytes, label: bytes, material: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + material, "sha256")


def _expand(suite: bytes, prk: bytes, label: bytes, info: bytes, length: int) -> bytes:
    labelled = length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return HKDFExpand(SHA256(), length, labelled).derive(prk)
