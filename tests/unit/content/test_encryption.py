import pytest

from scatter.content.encryption import (
    KEY_BYTES,
    MAX_SEALED_BYTES,
    OVERHEAD,
    EncryptionError,
    decrypt_content,
    decrypt_global_model,
    decrypt_shard,
    derive_key,
    encrypt_content,
    encrypt_global_model,
    encrypt_shard,
    key_commitment,
    open_sealed,
    seal,
    sealing_public_key,
)
from scatter.protocol.ids import JobId, Round

KEY, OTHER = bytes(range(32)), bytes(32)
JOB, OTHER_JOB = JobId(b"j" * 32), JobId(b"k" * 32)


def test_content_and_back() -> None:
    for plaintext in (b"", b"x", bytes(100_000)):
        ciphertext = encrypt_content(KEY, plaintext, b"for this")
        assert len(ciphertext) == len(plaintext) + OVERHEAD
        assert decrypt_content(KEY, ciphertext, b"for this") == plaintext


def test_the_bytes_stay_what_they_are() -> None:
    """Other versions of this program must find the same CIDs and keys."""
    assert encrypt_content(KEY, b"scatter", b"").hex() == "2e4dc2c3f69616b51ef4bfa63a56e2ddf26daa09ea61cf"
    assert encrypt_global_model(KEY, JOB, Round(3), b"model").hex() == "bb1943cbeeea58bc369f79b1612b032a1d764a2921"
    assert encrypt_shard(KEY, Round(3), b"shard").hex() == "fbb60435fb7aed076d2a7c05714453d9c354fc0d65"
    assert key_commitment(KEY).hex() == "c535e6a62d6714e6af81d2bff40aefd6cd8978a29870843836b50368ceb29262"


@pytest.mark.parametrize(
    ("key", "change", "context"),
    [
        (OTHER, lambda c: c, b"context"),
        (KEY, lambda c: c, b"another"),
        (KEY, lambda c: c[:-1], b"context"),
        (KEY, lambda c: c + b"x", b"context"),
        (KEY, lambda c: bytes([c[0] ^ 1]) + c[1:], b"context"),
        (KEY, lambda c: b"", b"context"),
        (KEY, lambda c: c[:15], b"context"),
        (KEY[:31], lambda c: c, b"context"),
    ],
)
def test_what_does_not_belong_together_does_not_open(key: bytes, change, context: bytes) -> None:  # type: ignore[no-untyped-def]
    ciphertext = encrypt_content(KEY, b"plaintext", b"context")
    with pytest.raises(EncryptionError):
        decrypt_content(key, change(ciphertext), context)


def test_equal_models_are_equal_ciphertexts_and_rounds_and_jobs_have_keys_of_their_own() -> None:
    model = b"model" * 1000
    first = encrypt_global_model(KEY, JOB, Round(1), model)
    assert first == encrypt_global_model(KEY, JOB, Round(1), model)
    others = {encrypt_global_model(KEY, JOB, Round(2), model), encrypt_global_model(KEY, OTHER_JOB, Round(1), model)}
    assert len(others | {first, encrypt_global_model(OTHER, JOB, Round(1), model)}) == 4
    assert decrypt_global_model(KEY, JOB, Round(1), first) == model
    for key, job, round_ in ((OTHER, JOB, 1), (KEY, OTHER_JOB, 1), (KEY, JOB, 2)):
        with pytest.raises(EncryptionError):
            decrypt_global_model(key, job, Round(round_), first)
    with pytest.raises(EncryptionError, match="job id"):
        encrypt_global_model(KEY, JobId(b"short"), Round(1), model)


def test_a_shard_opens_for_its_round_only() -> None:
    ciphertext = encrypt_shard(KEY, Round(2), b"shard")
    assert decrypt_shard(KEY, Round(2), ciphertext) == b"shard"
    for key, round_ in ((OTHER, 2), (KEY, 1)):
        with pytest.raises(EncryptionError):
            decrypt_shard(key, Round(round_), ciphertext)


def test_commitments_and_derived_keys_differ_by_all_they_are_made_of() -> None:
    assert key_commitment(KEY) != key_commitment(OTHER)
    assert key_commitment(KEY) != KEY
    keys = {
        derive_key(KEY, b"a", b"x"),
        derive_key(KEY, b"b", b"x"),
        derive_key(KEY, b"a", b"y"),
        derive_key(OTHER, b"a", b"x"),
    }
    assert len(keys) == 4
    assert {len(key) for key in keys} == {KEY_BYTES}
    with pytest.raises(EncryptionError, match="32 bytes"):
        key_commitment(b"short")


def test_sealed_and_opened() -> None:
    public = sealing_public_key(KEY)
    sealed = seal(public, b"a content key", b"for bob")
    assert len(sealed) == len(b"a content key") + 48
    assert sealed != seal(public, b"a content key", b"for bob")
    assert open_sealed(KEY, sealed, b"for bob") == b"a content key"
    assert open_sealed(KEY, seal(public, b"", b""), b"") == b""


def test_the_key_pair_of_rfc_7748() -> None:
    """Section 6.1: Alice's keys."""
    private = bytes.fromhex("77076d0a7318a57d3c16c17251b26645df4c2f87ebc0992ab177fba51db92c2a")
    assert sealing_public_key(private).hex() == "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"


@pytest.mark.parametrize(
    "change", [lambda s: b"", lambda s: s[:40], lambda s: s[:-1], lambda s: s + b"x", lambda s: bytes(32) + s[32:]]
)
def test_what_was_not_sealed_to_this_key_does_not_open(change) -> None:  # type: ignore[no-untyped-def]
    sealed = seal(sealing_public_key(KEY), b"key", b"context")
    with pytest.raises(EncryptionError):
        open_sealed(KEY, change(sealed), b"context")


def test_another_reader_or_purpose_does_not_open() -> None:
    sealed = seal(sealing_public_key(KEY), b"key", b"context")
    for key, context in ((OTHER, b"context"), (KEY, b"another"), (KEY, b"")):
        with pytest.raises(EncryptionError):
            open_sealed(key, sealed, context)


@pytest.mark.parametrize(
    "public",
    [
        b"",
        bytes(31),
        bytes(32),  # points of small order, whose shared secret everybody knows
        bytes([1]) + bytes(31),
        bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    ],
)
def test_keys_that_nobody_holds_are_refused(public: bytes) -> None:
    with pytest.raises(EncryptionError):
        seal(public, b"key", b"context")


def test_lengths_are_bounded() -> None:
    with pytest.raises(EncryptionError, match="at most"):
        seal(sealing_public_key(KEY), bytes(MAX_SEALED_BYTES + 1), b"")
    with pytest.raises(EncryptionError, match="at most"):
        open_sealed(KEY, bytes(MAX_SEALED_BYTES + 49), b"")
