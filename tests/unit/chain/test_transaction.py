"""Signing, and where contracts come to be."""

import pytest
from eth_account import Account

from scatter.chain.keys import seeded_account
from scatter.chain.transaction import Request, created_address, sign
from scatter.protocol.ids import Address


@pytest.mark.parametrize(
    ("nonce", "expected"),
    [
        # https://ethereum.stackexchange.com/a/761
        (0, "0xcd234a471b72ba2f1ccf0a70fcaba648a5eecd8d"),
        (1, "0x343c43a37d37dff08ae8c4a11544c718abb4fcf8"),
        (2, "0xf778b86fa74e846c4f0a1fbd1335fe81c00a0c91"),
        (3, "0xfffd933a0bc612844eaf0c6fe3e5b8e9b6c1d19c"),
    ],
)
def test_created_addresses(nonce: int, expected: str) -> None:
    assert created_address(Address("0x6ac7ea33f8831ea9dcc53393aaa88b25a785dbf0"), nonce) == expected


@pytest.mark.parametrize("nonce", [127, 128, 255, 256, 2**16, 2**32])
def test_created_addresses_of_large_nonces(nonce: int) -> None:
    import rlp  # type: ignore[import-untyped]
    from eth_hash.auto import keccak

    creator = Address("0x" + "12" * 20)
    expected = keccak(rlp.encode([bytes.fromhex("12" * 20), nonce]))[12:].hex()
    assert created_address(creator, nonce) == "0x" + expected


def test_a_signed_transaction_is_the_accounts() -> None:
    account = seeded_account(1, "a", 31337)
    request = Request(Address("0x" + "34" * 20), b"\x01\x02", "a call")
    raw, hash_ = sign(account, 31337, 5, request, 100_000, (10**10, 10**9))
    assert Account.recover_transaction(raw) == account.address
    assert (raw[0], len(hash_)) == (2, 32)
    assert sign(account, 31337, 5, request, 100_000, (10**10, 10**9)) == (raw, hash_)
