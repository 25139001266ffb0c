"""Names and numbers that identify things in the protocol."""

import re
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

_ADDRESS = re.compile("0[xX][0-9a-fA-F]{40}")
WORD_BYTES = 32
DECIMALS = 18
SCT = 10**DECIMALS
"""One Scatter token in base units."""

NO_DIGEST = Digest(bytes(WORD_BYTES))


def address(text: str) -> Address:
    """Normalise a hex address of any case; ValueError when it is not one."""
    if not _ADDRESS.fullmatch(text):
        raise ValueError(f"not an address: {text!r} (expected 0x and 40 hex digits)")
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
    """A job's name as its topic: UTF-8, padded with zeros to 32 bytes; ValueError when it is longer, empty or has a NUL."""
    raw = name.encode()
    if b"\0" in raw:
        raise ValueError(f"a job's name has no NUL in it: {name!r}")
    if not 0 < len(raw) <= WORD_BYTES:
        raise ValueError(f"a job's name takes 1 to 32 bytes of UTF-8, {name!r} takes {len(raw)}")
    return raw.ljust(WORD_BYTES, b"\0")
