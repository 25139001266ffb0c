import pytest
from hypothesis import given
from hypothesis import strategies as st

from scatter.content import deterministic_sealing
from scatter.content.deterministic_sealing import seal_deterministically
from scatter.content.encryption import EncryptionError, open_sealed, seal, sealing_public_key

READER = bytes(range(32))
PUBLIC = sealing_public_key(READER)
SECRET, OTHER = bytes(range(100, 132)), bytes(range(101, 133))
LOW_ORDER = [
    bytes(32),
    (1).to_bytes(32, "little"),
    bytes.fromhex("e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800"),
    bytes.fromhex("5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157"),
    (2**255 - 20).to_bytes(32, "little"),
    (2**255 - 19).to_bytes(32, "little"),
    (2**255 - 18).to_bytes(32, "little"),
]
"""The points of small order of Curve25519 and their other encodings (https://cr.yp.to/ecdh.html)."""


@given(secret=st.binary(min_size=32, max_size=32), context=st.binary(max_size=150))
def test_the_library_opens_it(secret: bytes, context: bytes) -> None:
    sealed = seal_deterministically(PUBLIC, secret, context)
    assert open_sealed(READER, sealed, context) == secret
    assert len(sealed) == len(seal(PUBLIC, secret, context)) == 80


def test_equal_arguments_give_equal_bytes_and_others_have_nothing_in_common() -> None:
    sealed = seal_deterministically(PUBLIC, SECRET, b"context")
    assert sealed == seal_deterministically(PUBLIC, SECRET, b"context")
    others = [
        seal_deterministically(sealing_public_key(bytes(31) + b"\1"), SECRET, b"context"),
        seal_deterministically(PUBLIC, OTHER, b"context"),
        seal_deterministically(PUBLIC, SECRET, b"other"),
        seal_deterministically(PUBLIC, SECRET, b"context" + SECRET[:1]),
        seal_deterministically(PUBLIC, SECRET, b""),
    ]
    assert len({each[:32] for each in (sealed, *others)}) == 6, "no ephemeral key is used for two messages"
    assert len({each[32:] for each in (sealed, *others)}) == 6


def test_it_stays_what_it_is() -> None:
    """Nodes of another version would find every copy wrong if it changed."""
    sealed = seal_deterministically(PUBLIC, SECRET, b"context")
    assert sealed.hex() == (
        "d491363108e2840339354c635de164abb50ff2a925c97844973143cf08b53c5db05145f15f0b82ed"
        "0e2da9952904ecd04defc7871107113fb632eca6127a637ad722d1e733a0f3eaabce368301645603"
    )


def test_what_was_sealed_for_another_purpose_does_not_open() -> None:
    with pytest.raises(EncryptionError):
        open_sealed(READER, seal_deterministically(PUBLIC, SECRET, b"context"), b"other")


@pytest.mark.parametrize("key", [*LOW_ORDER, b"short", b""])
@pytest.mark.parametrize("secret", [SECRET, OTHER, bytes(32)])
def test_a_key_that_nobody_can_hold_is_refused_whatever_the_secret(key: bytes, secret: bytes) -> None:
    """Else two nodes could differ about who is left out."""
    with pytest.raises(EncryptionError):
        seal_deterministically(key, secret, b"context")


@pytest.mark.parametrize("secret", [b"", b"yes", SECRET + b"0"])
def test_only_keys_are_sealed_so(secret: bytes) -> None:
    """What can be guessed could be found out by sealing guesses."""
    with pytest.raises(EncryptionError, match="a secret has 32 bytes"):
        seal_deterministically(PUBLIC, secret, b"context")


def test_the_ephemeral_key_is_derived_as_in_the_rfc() -> None:
    """RFC 9180, A.2.1: ikmE and skEm."""
    material = bytes.fromhex("909a9b35d3dc4713a5e72a4da274b55d3d3821a37e5d099e74a647db583a904b")
    private = bytes.fromhex("f4ec9b33b792c372c1d2c2063507b684ef925b8c75a42dbcbf57d63ccd381600")
    assert deterministic_sealing._derived_private_key(material) == private
