"""Content identifiers: CIDv1, sha2-256, as lower-case base32 text (https://github.com/multiformats/cid).

Two codecs occur: `raw`, the block is the content, and `dag-pb`, the block is a UnixFS node that links to parts of a file.
"""

import base64
import hashlib
from dataclasses import dataclass
from typing import Self

from scatter.protocol.ids import Digest

RAW = 0x55
DAG_PB = 0x70
DIGEST_BYTES = 32

_VERSION_1 = 0x01
_SHA2_256 = 0x12
_BINARY_LENGTH = 4 + DIGEST_BYTES
_TEXT_LENGTH = 59


class InvalidCid(ValueError):
    """A text is not a CID of the kind that Scatter uses."""


@dataclass(frozen=True, slots=True)
class Cid:
    """A CID: codec `RAW` or `DAG_PB`, and the sha2-256 digest of the block (32 bytes). `str()` gives its text."""

    codec: int
    digest: bytes

    @classmethod
    def of_block(cls, codec: int, block: bytes) -> Self:
        """The CID of a block."""
        return cls(codec, hashlib.sha256(block).digest())

    @classmethod
    def parse(cls, text: str) -> Self:
        """From the one text that a CID has; InvalidCid for everything else."""
        if len(text) != _TEXT_LENGTH or not text.startswith("b") or text != text.lower():
            raise InvalidCid(f"not a CIDv1 in base32: {text[:80]!r}")
        try:
            binary = base64.b32decode(text[1:].upper() + "======")
        except ValueError as error:
            raise InvalidCid(f"not a CIDv1 in base32: {text!r}") from error
        cid = cls.from_bytes(binary)
        if str(cid) != text:  # the last character has two spare bits
            raise InvalidCid(f"not a CIDv1 in base32: {text!r}")
        return cid

    @classmethod
    def from_bytes(cls, binary: bytes) -> Self:
        """From its 36 bytes; InvalidCid when they are something else."""
        if len(binary) != _BINARY_LENGTH or binary[0] != _VERSION_1 or binary[1] not in (RAW, DAG_PB):
            raise InvalidCid("not a CIDv1 of a raw or dag-pb block")
        if binary[2] != _SHA2_256 or binary[3] != DIGEST_BYTES:
            raise InvalidCid("not a CID with a sha2-256 digest")
        return cls(binary[1], binary[4:])

    def __bytes__(self) -> bytes:
        return bytes((_VERSION_1, self.codec, _SHA2_256, DIGEST_BYTES)) + self.digest

    def __str__(self) -> str:
        return "b" + base64.b32encode(bytes(self)).decode().lower().rstrip("=")


def raw_cid(digest: bytes) -> str:
    """The CID of the raw block with a sha2-256 digest, as the chain refers to manifests."""
    if len(digest) != DIGEST_BYTES:
        raise ValueError(f"a sha2-256 digest has {DIGEST_BYTES} bytes, not {len(digest)}")
    return str(Cid(RAW, bytes(digest)))


def digest_of(cid: str) -> Digest:
    """The digest by which the chain refers to a raw block; InvalidCid when it is not the CID of one."""
    parsed = Cid.parse(cid)
    if parsed.codec != RAW:
        raise InvalidCid(f"{cid} is not the CID of a raw block")
    return Digest(parsed.digest)
