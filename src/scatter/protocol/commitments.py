"""Commitments: what is bound to its sender, round, job, contract and chain before it is shown."""

from collections.abc import Sequence

from eth_hash.auto import keccak

from scatter.protocol.ids import Address, JobId, Round, address_bytes
from scatter.protocol.states import SeatKind


def _word(number: int) -> bytes:
    return number.to_bytes(32, "big")


def scores_commitment(
    *,
    chain_id: int,
    contract: Address,
    kind: SeatKind,
    job: JobId,
    round_: Round,
    sender: Address,
    words: Sequence[int],
    salt: bytes,
) -> bytes:
    """keccak256(abi.encode(chainid, contract, kind, job, round, sender, keccak256(words), salt)), 32 bytes.

    `words` are hashed as `abi.encodePacked(uint256[])`; `salt` has 32 bytes.
    """
    if len(salt) != 32:
        raise ValueError(f"a salt has 32 bytes, not {len(salt)}")
    return keccak(
        _word(chain_id)
        + address_bytes(contract).rjust(32, b"\0")
        + _word(kind)
        + job
        + _word(round_)
        + address_bytes(sender).rjust(32, b"\0")
        + keccak(b"".join(_word(word) for word in words))
        + salt
    )


def secret_hash(secret: bytes) -> bytes:
    """keccak256 of a job key or shard key: what the chain holds of it until it is shown."""
    return keccak(secret)
