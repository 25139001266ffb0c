"""Commitments against eth-abi, which knows how Solidity encodes."""

from typing import Any

import pytest
from eth_abi.abi import encode
from eth_abi.packed import encode_packed
from eth_hash.auto import keccak

from scatter.protocol.commitments import scores_commitment, secret_hash
from scatter.protocol.ids import JobId, Round, address
from scatter.protocol.states import SeatKind

GIVEN: dict[str, Any] = {
    "chain_id": 31337,
    "contract": address("0x" + "c0" * 20),
    "kind": SeatKind.AUDITOR,
    "job": JobId(b"j" * 32),
    "round_": Round(7),
    "sender": address("0x" + "a1" * 20),
    "words": [3, 2**255 - 1],
    "salt": b"s" * 32,
}


def test_a_commitment_is_what_solidity_encodes() -> None:
    types = ["uint256", "address", "uint8", "bytes32", "uint8", "address", "bytes32", "bytes32"]
    words = keccak(encode_packed(["uint256[]"], [GIVEN["words"]]))
    values = [31337, GIVEN["contract"], 1, GIVEN["job"], 7, GIVEN["sender"], words, GIVEN["salt"]]
    assert scores_commitment(**GIVEN) == keccak(encode(types, values))


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("chain_id", 1),
        ("contract", address("0x" + "c1" * 20)),
        ("kind", SeatKind.MEMBER),
        ("job", JobId(b"k" * 32)),
        ("round_", Round(8)),
        ("sender", address("0x" + "a2" * 20)),
        ("words", [3, 2**255 - 2]),
        ("salt", b"t" * 32),
    ],
)
def test_a_commitment_is_bound_to_everything_about_it(name: str, other: Any) -> None:
    assert scores_commitment(**{**GIVEN, name: other}) != scores_commitment(**GIVEN)


def test_salts_have_32_bytes() -> None:
    with pytest.raises(ValueError, match="32 bytes, not 4"):
        scores_commitment(**{**GIVEN, "salt": b"salt"})


def test_a_secret_is_shown_by_its_keccak256() -> None:
    assert secret_hash(b"") == bytes.fromhex("c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470")
