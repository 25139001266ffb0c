"""Names and numbers that identify things in the protocol."""

from typing import NewType

from eth_hash.auto import keccak

Address = NewType("Address", str)
"""An account: lower-case hex, `0x` and 40 digits."""

JobId = NewType("JobId", bytes)
"""keccak256(requestor, topic), 32 bytes."""

Digest = NewType("Digest", bytes)
"""sha2-256 of a raw block, 32 bytes: the form in which the chain refers to content."""

Round = NewType("Round", int)
"""1-based round of a job; 0 before the first."""

Timestamp = NewType("Timestamp", int)
"""Seconds since 1970, as block headers carry it."""

ADDRESS_LENGTH = 42
WORD_BYTES = 32
DECIMALS = 18
SCT = 10**DECIMALS
"""One Scatter token in base units."""

NO_DIGEST = Digest(bytes(WORD_BYTES))


def address(text: str) -> Address:
    """Normalise a hex address of any case; ValueError when it is not one."""
    if len(text) != ADDRESS_LENGTH or not text.startswith(("0x", "0X")):
        raise ValueError(f"not an address: {text!r} (expected 0x and 40 hex digits)")
    try:
        int(text[2:], 16)
    except ValueError as error:
        raise ValueError(f"not an address: {text!r} (expected 0x and 40 hex digits)") from error
    return Address(text.lower())


def address_bytes(account: Address) -> bytes:
    """The 20 bytes of an address."""
    return bytes.fromhex(account[2:])


def job_id(requestor: Address, topic: bytes) -> JobId:
    """keccak256(abi.encode(requestor, topic)); `topic` is 32 bytes."""
    if len(topic) != WORD_BYTES:
        raise ValueError(f"a topic has 32 bytes, not {len(topic)}")
    return JobId(keccak(bytes(12) + address_bytes(requestor) + topic))


def topic_of(name: str) -> bytes:
    """A job's name as its topic: UTF-8, padded to 32 bytes; ValueError when it is longer or empty."""
    raw = name.encode()
    if not 0 < len(raw) <= WORD_BYTES:
        raise ValueError(f"a job's name takes 1 to 32 bytes of UTF-8, {name!r} takes {len(raw)}")
    return raw.ljust(WORD_BYTES, b"\0")
