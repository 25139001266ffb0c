"""Commitments: what is bound to its sender, round, job, contract and chain before it is shown."""

from collections.abc import Sequence
from dataclasses import dataclass

from eth_hash.auto import keccak

from scatter.protocol.ids import Address, Digest, JobId, Round, address_bytes
from scatter.protocol.states import SeatKind
from scatter.protocol.verdicts import Item


def _word(number: int) -> bytes:
    return number.to_bytes(32, "big")


@dataclass(frozen=True, slots=True)
class Sender:
    """Who commits, and where: chain id, the contract's address, the account."""

    chain_id: int
    contract: Address
    account: Address


def scores_commitment(
    sender: Sender, kind: SeatKind, job: JobId, round_: Round, words: Sequence[int], salt: bytes
) -> bytes:
    """keccak256(abi.encode(chainid, contract, kind, job, round, sender, keccak256(words), salt)), 32 bytes.

    `words` are hashed as `abi.encodePacked(uint256[])`, none for a refusal; `salt` has 32 bytes.
    """
    return _commitment(sender, kind, job, round_, words, salt)


def verdict_commitment(
    sender: Sender, job: JobId, item: Item, words: Sequence[int], aggregate: Digest, salt: bytes
) -> bytes:
    """The same of a juror and an item: `uint16(kind) << 8 | round` in place of the round, and the aggregate's digest
    (NO_DIGEST when the item is no aggregate) hashed after the words."""
    about = item.kind << 8 | item.round
    return _commitment(sender, SeatKind.JUROR, job, about, [*words, int.from_bytes(aggregate, "big")], salt)


def _commitment(sender: Sender, kind: SeatKind, job: JobId, about: int, words: Sequence[int], salt: bytes) -> bytes:
    if len(salt) != 32:
        raise ValueError(f"a salt has 32 bytes, not {len(salt)}")
    return keccak(
        _word(sender.chain_id)
        + address_bytes(sender.contract).rjust(32, b"\0")
        + _word(kind)
        + job
        + _word(about)
        + address_bytes(sender.account).rjust(32, b"\0")
        + keccak(b"".join(_word(word) for word in words))
        + salt
    )


def secret_hash(secret: bytes) -> bytes:
    """keccak256 of a job key or shard key: what the chain holds of it until it is shown."""
    return keccak(secret)
