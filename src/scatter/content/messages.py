"""What peers say to one another on `/scatter/content/1`. Numbers are big-endian.

    request  = kind (1 byte) CID (36 bytes) offset (8 bytes) length (4 bytes)    offset and length are 0 but for ranges
    answer   = status (1 byte) body
    body     = size (8 bytes), then the digest (32 bytes) of each leaf           to a layout request
             | the bytes of the range                                            to a range request

A range begins at a leaf and ends at one or at the end of the file, so that whoever asked can verify it at once.
"""

import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Self

from scatter.content.cids import DIGEST_BYTES, Cid, InvalidCid
from scatter.content.unixfs import LEAF_BYTES, Layout, leaves_in

PROTOCOL = "/scatter/content/1"
MAX_RANGE_BYTES = 4 << 20
RANGE_LEAVES = MAX_RANGE_BYTES // LEAF_BYTES

_REQUEST = struct.Struct(">B36sQI")
_SIZE = struct.Struct(">Q")


class MalformedMessage(ValueError):
    """A peer said something that is not of this protocol."""


class Kind(IntEnum):
    """What is asked for."""

    LAYOUT = 0
    RANGE = 1


class Status(IntEnum):
    """How it is answered."""

    HERE = 0
    MISSING = 1
    REFUSED = 2
    MALFORMED = 3


@dataclass(frozen=True, slots=True)
class Request:
    """A request for a layout, or for `length` bytes (at most 4 MiB) from `offset`."""

    kind: Kind
    cid: Cid
    offset: int = 0
    length: int = 0

    def to_bytes(self) -> bytes:
        """As it is sent."""
        return _REQUEST.pack(self.kind, bytes(self.cid), self.offset, self.length)

    @classmethod
    def from_bytes(cls, message: bytes) -> Self:
        """As it was received; MalformedMessage when it is none."""
        if len(message) != _REQUEST.size:
            raise MalformedMessage(f"a request has {_REQUEST.size} bytes, not {len(message)}")
        kind, cid, offset, length = _REQUEST.unpack(message)
        try:
            request = cls(Kind(kind), Cid.from_bytes(cid), offset, length)
        except (InvalidCid, ValueError) as error:
            raise MalformedMessage(str(error)) from error
        if request.kind is Kind.LAYOUT and (offset or length):
            raise MalformedMessage("a layout has no range")
        if request.kind is Kind.RANGE and (offset % LEAF_BYTES or not 0 <= length <= MAX_RANGE_BYTES):
            raise MalformedMessage(f"a range begins at a leaf and has at most {MAX_RANGE_BYTES} bytes")
        return request


def answer(status: Status, body: bytes = b"") -> bytes:
    """An answer as it is sent."""
    return bytes((status,)) + body


def body_of(message: bytes) -> bytes:
    """The body of an answer; MalformedMessage, with what was said instead, when the content was not handed out."""
    status = message[0] if message else None
    match status:
        case Status.HERE:
            return message[1:]
        case Status.MISSING:
            raise MalformedMessage("does not have it")
        case Status.REFUSED:
            raise MalformedMessage("refuses to hand it out")
        case Status.MALFORMED:
            raise MalformedMessage("did not understand the request")
        case _:
            raise MalformedMessage("answered nonsense")


def layout_body(layout: Layout) -> bytes:
    """A layout as it is sent."""
    return _SIZE.pack(layout.size) + b"".join(layout.leaves)


def layout_from(body: bytes, limit: int) -> Layout:
    """A layout as it was received, of a file of at most `limit` bytes; MalformedMessage when it is none."""
    if len(body) < _SIZE.size:
        raise MalformedMessage("sent a layout without a size")
    (size,) = _SIZE.unpack_from(body)
    if size > limit:
        raise MalformedMessage(f"says it has {size} bytes, more than the {limit} that are allowed")
    if len(body) != _SIZE.size + DIGEST_BYTES * leaves_in(size):
        raise MalformedMessage("sent a layout that does not fit its size")
    digests = (body[start : start + DIGEST_BYTES] for start in range(_SIZE.size, len(body), DIGEST_BYTES))
    return Layout(size, tuple(digests))
