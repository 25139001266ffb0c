import pytest
from hypothesis import given
from hypothesis import strategies as st

from scatter.content import repeatable_sealing
from scatter.content.encryption import EncryptionError, open_sealed, seal, sealing_public_key
from scatter.content.repeatable_sealing import seal_repeatably

READER = bytes(range(32))
PUBLIC = sealing_public_key(READER)


@given(seed=st.binary(max_size=40), plaintext=st.binary(max_size=200), context=st.binary(max_size=60))
def test_the_library_opens_it(seed: bytes, plaintext: bytes, context: bytes) -> None:
    sealed = seal_repeatably(seed, PUBLIC, plaintext, context)
    assert open_sealed(READER, sealed, context) == plaintext
    assert len(sealed) == len(seal(PUBLIC, plaintext, context))


def test_equal_arguments_give_equal_bytes_and_others_do_not() -> None:
    sealed = seal_repeatably(b"seed", PUBLIC, b"secret", b"context")
    assert sealed == seal_repeatably(b"seed", PUBLIC, b"secret", b"context")
    others = [
        seal_repeatably(b"seeds", PUBLIC, b"ecret", b"context"),
        seal_repeatably(b"other", PUBLIC, b"secret", b"context"),
        seal_repeatably(b"seed", sealing_public_key(bytes(31) + b"\1"), b"secret", b"context"),
        seal_repeatably(b"seed", PUBLIC, b"other", b"context"),
        seal_repeatably(b"seed", PUBLIC, b"secret", b"other"),
    ]
    assert len({each[:32] for each in (sealed, *others)}) == 6, "no ephemeral key is used for two messages"


def test_what_was_sealed_for_another_purpose_does_not_open() -> None:
    with pytest.raises(EncryptionError):
        open_sealed(READER, seal_repeatably(b"seed", PUBLIC, b"secret", b"context"), b"other")


@pytest.mark.parametrize("key", [bytes(32), b"short"])
def test_a_key_that_nobody_can_hold(key: bytes) -> None:
    with pytest.raises(EncryptionError):
        seal_repeatably(b"seed", key, b"secret", b"context")


def test_the_ephemeral_key_is_derived_as_in_the_rfc() -> None:
    """RFC 9180, A.2.1: ikmE and skEm."""
    material = bytes.fromhex("909a9b35d3dc4713a5e72a4da274b55d3d3821a37e5d099e74a647db583a904b")
    private = bytes.fromhex("f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600")
    assert repeatable_sealing._derived_private_key(material) == private
