"""Commitments against eth-abi, which knows how Solidity encodes."""

from dataclasses import replace
from typing import Any

import pytest
from eth_abi.abi import encode
from eth_abi.packed import encode_packed
from eth_hash.auto import keccak

from scatter.protocol.commitments import Sender, scores_commitment, secret_hash, verdict_commitment
from scatter.protocol.ids import NO_DIGEST, Digest, JobId, Round, address
from scatter.protocol.states import ChallengeKind, SeatKind
from scatter.protocol.verdicts import Item

SENDER = Sender(31337, address("0x" + "c0" * 20), address("0x" + "a1" * 20))
SCORES: dict[str, Any] = {
    "sender": SENDER,
    "kind": SeatKind.AUDITOR,
    "job": JobId(b"j" * 32),
    "round_": Round(7),
    "words": [3, 2**255 - 1],
    "salt": b"s" * 32,
}
VERDICT: dict[str, Any] = {
    "sender": SENDER,
    "job": JobId(b"j" * 32),
    "item": Item(ChallengeKind.AGGREGATE, Round(7)),
    "words": [3],
    "aggregate": Digest(b"a" * 32),
    "salt": b"s" * 32,
}


def encoded(kind: int, about: int, words: bytes) -> bytes:
    types = ["uint256", "address", "uint8", "bytes32", "uint256", "address", "bytes32", "bytes32"]
    values = [31337, SENDER.contract, kind, b"j" * 32, about, SENDER.account, keccak(words), b"s" * 32]
    return keccak(encode(types, values))


def test_a_commitment_to_scores_is_what_solidity_encodes() -> None:
    packed = encode_packed(["uint256[]"], [SCORES["words"]])
    assert scores_commitment(**SCORES) == encoded(1, 7, packed)
    assert scores_commitment(**{**SCORES, "words": []}) == encoded(1, 7, b""), "a refusal"


def test_a_commitment_to_a_verdict_is_what_solidity_encodes() -> None:
    packed = encode_packed(["uint256[]", "bytes32"], [[3], b"a" * 32])
    assert verdict_commitment(**VERDICT) == encoded(2, 1 << 8 | 7, packed)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("sender", replace(SENDER, chain_id=1)),
        ("sender", replace(SENDER, contract=address("0x" + "c1" * 20))),
        ("sender", replace(SENDER, account=address("0x" + "a2" * 20))),
        ("kind", SeatKind.MEMBER),
        ("job", JobId(b"k" * 32)),
        ("round_", Round(8)),
        ("words", [3, 2**255 - 2]),
        ("salt", b"t" * 32),
    ],
)
def test_a_commitment_is_bound_to_everything_about_it(name: str, other: Any) -> None:
    assert scores_commitment(**{**SCORES, name: other}) != scores_commitment(**SCORES)


@pytest.mark.parametrize(
    ("name", "other"),
    [
        ("item", Item(ChallengeKind.SCORES, Round(7))),
        ("item", Item(ChallengeKind.AGGREGATE, Round(8))),
        ("words", []),
        ("aggregate", NO_DIGEST),
    ],
)
def test_a_verdict_is_bound_to_its_item(name: str, other: Any) -> None:
    assert verdict_commitment(**{**VERDICT, name: other}) != verdict_commitment(**VERDICT)


def test_salts_have_32_bytes() -> None:
    with pytest.raises(ValueError, match="32 bytes, not 4"):
        scores_commitment(**{**SCORES, "salt": b"salt"})


def test_a_secret_is_shown_by_its_keccak256() -> None:
    assert secret_hash(b"") == bytes.fromhex("c5d2460186f7233c927e7db2dcc703c0e500b653ca82273b7bfad8045d85a470")
