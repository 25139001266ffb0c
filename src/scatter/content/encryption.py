"""Encryption of content and of the keys to it.

Content: AES-256-GCM-SIV (RFC 8452) with a fixed nonce. Every key encrypts one plaintext: it is random, or derived from the
job key for one round. So equal models give equal ciphertexts and equal CIDs, and were a key used twice after all, an
observer would learn no more than whether two plaintexts are equal.

GCM-SIV does not commit to its key: somebody can make a ciphertext that two keys open to two plaintexts. Readers therefore
check a key against a commitment on the chain (`key_commitment`, or the chain's hash of a job key or shard key) before they
decrypt.

Keys for somebody: HPKE (RFC 9180) in base mode with X25519, HKDF-SHA256 and ChaCha20-Poly1305. `context` says what for, and
is authenticated: what was sealed for one job, round or reader does not open as another's. What others have to be able to check
is sealed by `deterministic_sealing`.
"""

import hashlib

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from scatter.protocol.ids import WORD_BYTES, JobId, Round

KEY_BYTES = 32
OVERHEAD = 16
"""Bytes by which content grows."""
MAX_CONTENT_BYTES = 1 << 30
MAX_SEALED_BYTES = 64 << 10

_NONCE = bytes(12)
_HPKE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)


class EncryptionError(ValueError):
    """A key, a ciphertext or a sealed message is not what it should be."""


def key_commitment(key: bytes) -> bytes:
    """What the chain holds of a content key: sha2-256 of a label and the key, 32 bytes."""
    return hashlib.sha256(b"scatter/key-commitment/v1" + _key(key)).digest()


def derive_key(secret: bytes, label: bytes, context: bytes) -> bytes:
    """A key for one purpose from a secret of 32 bytes: HKDF-SHA256 with info = `label` and `context`, whose length the label
    must fix."""
    return HKDF(SHA256(), KEY_BYTES, salt=None, info=label + context).derive(_key(secret))


def encrypt_content(key: bytes, plaintext: bytes, context: bytes) -> bytes:
    """Encrypt under a key of 32 bytes that encrypts nothing else; 16 bytes longer than the plaintext, at most 1 GiB. The same
    arguments always give the same ciphertext."""
    if len(plaintext) > MAX_CONTENT_BYTES - OVERHEAD:
        raise EncryptionError(f"content of {len(plaintext)} bytes is longer than {MAX_CONTENT_BYTES - OVERHEAD}")
    return AESGCMSIV(_key(key)).encrypt(_NONCE, plaintext, context)


def decrypt_content(key: bytes, ciphertext: bytes, context: bytes) -> bytes:
    """The plaintext. EncryptionError when key, ciphertext and context do not belong together. It does not show that the key
    is the one that was committed to: check that first."""
    if not OVERHEAD <= len(ciphertext) <= MAX_CONTENT_BYTES:
        raise EncryptionError(f"encrypted content has {OVERHEAD} to {MAX_CONTENT_BYTES} bytes, not {len(ciphertext)}")
    try:
        return AESGCMSIV(_key(key)).decrypt(_NONCE, ciphertext, context)
    except InvalidTag:
        raise EncryptionError("the content does not open with this key: one of them is wrong") from None


def encrypt_global_model(job_key: bytes, job: JobId, round_: Round, plaintext: bytes) -> bytes:
    """Encrypt the global model that a round ended with (0: the initial model). Whoever encrypts it gets the same bytes."""
    return encrypt_content(_model_key(job_key, job, round_), plaintext, b"scatter/global-model/v1")


def decrypt_global_model(job_key: bytes, job: JobId, round_: Round, ciphertext: bytes) -> bytes:
    """The global model that a round ended with; EncryptionError when it is not that, or not under this job's key."""
    return decrypt_content(_model_key(job_key, job, round_), ciphertext, b"scatter/global-model/v1")


def encrypt_shard(shard_key: bytes, round_: Round, plaintext: bytes) -> bytes:
    """Encrypt the evaluation shard of a round under its shard key."""
    return encrypt_content(shard_key, plaintext, _shard_context(round_))


def decrypt_shard(shard_key: bytes, round_: Round, ciphertext: bytes) -> bytes:
    """The evaluation shard of a round; EncryptionError when it is not that."""
    return decrypt_content(shard_key, ciphertext, _shard_context(round_))


def sealing_public_key(private_key: bytes) -> bytes:
    """The X25519 public key (32 bytes) to a private one of 32 bytes, for the node registry."""
    return X25519PrivateKey.from_private_bytes(_key(private_key)).public_key().public_bytes_raw()


def seal(public_key: bytes, plaintext: bytes, context: bytes) -> bytes:
    """Encrypt for the holder of an X25519 key; 48 bytes longer than the plaintext, which has at most 64 KiB. EncryptionError
    when nobody can hold the key: a stranger registered it, so be ready for that."""
    if len(plaintext) > MAX_SEALED_BYTES:
        raise EncryptionError(f"at most {MAX_SEALED_BYTES} bytes can be sealed, not {len(plaintext)}")
    try:
        return _HPKE.encrypt(plaintext, X25519PublicKey.from_public_bytes(_key(public_key)), info=context)
    except ValueError as error:
        raise EncryptionError(f"nothing can be sealed to the key {public_key.hex()}") from error


def open_sealed(private_key: bytes, sealed: bytes, context: bytes) -> bytes:
    """What was sealed to this X25519 key for this context; EncryptionError when nothing was."""
    if len(sealed) > MAX_SEALED_BYTES + 48:
        raise EncryptionError(f"a sealed message has at most {MAX_SEALED_BYTES + 48} bytes, not {len(sealed)}")
    try:
        return _HPKE.decrypt(sealed, X25519PrivateKey.from_private_bytes(_key(private_key)), info=context)
    except (InvalidTag, ValueError):
        raise EncryptionError("the message was not sealed to this key for this purpose") from None


def _model_key(job_key: bytes, job: JobId, round_: Round) -> bytes:
    if len(job) != WORD_BYTES:
        raise EncryptionError(f"a job id has {WORD_BYTES} bytes, not {len(job)}")
    return derive_key(job_key, b"scatter/global-model/v1", job + round_.to_bytes(4, "big"))


def _shard_context(round_: Round) -> bytes:
    return b"scatter/shard/v1" + round_.to_bytes(4, "big")


def _key(key: bytes) -> bytes:
    if len(key) != KEY_BYTES:
        raise EncryptionError(f"a key has {KEY_BYTES} bytes, not {len(key)}")
    return bytes(key)
