"""What peers say to one another on `/scatter/content/1`; docs/wire-protocol.md shows it field by field.

A range begins at a leaf and ends at one or at the end of the file, so that whoever asked can verify it at once.
"""

from enum import StrEnum
from typing import Annotated, Self

import cbor2
from pydantic import Field, model_validator

from scatter.content.cids import DIGEST_BYTES, Cid
from scatter.content.unixfs import LEAF_BYTES, Layout, leaves_in
from scatter.ports.messages import MalformedMessage, Message

PROTOCOL = "/scatter/content/1"
MAX_RANGE_BYTES = 4 << 20
RANGE_LEAVES = MAX_RANGE_BYTES // LEAF_BYTES
MAX_OFFSET = (1 << 63) - 1


class Status(StrEnum):
    """How a request is answered."""

    HERE = "here"
    MISSING = "missing"
    REFUSED = "refused"
    MALFORMED = "malformed"


_SAID = {
    Status.MISSING: "does not have it",
    Status.REFUSED: "refuses to hand it out",
    Status.MALFORMED: "did not understand the request",
}


class Request(Message):
    """A request for the layout of a file, or for `length` bytes (at most 4 MiB) of it from `offset`, which is a multiple of
    256 KiB."""

    cid: bytes
    offset: Annotated[int, Field(ge=0, le=MAX_OFFSET, multiple_of=LEAF_BYTES)] | None = None
    length: Annotated[int, Field(ge=0, le=MAX_RANGE_BYTES)] | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        Cid.from_bytes(self.cid)
        if (self.offset is None) is not (self.length is None):
            raise ValueError("a range has an offset and a length, a layout neither")
        return self

    @classmethod
    def for_layout(cls, cid: Cid) -> Self:
        """A request for a layout."""
        return cls(cid=bytes(cid))

    @classmethod
    def for_range(cls, cid: Cid, offset: int, length: int) -> Self:
        """A request for a range."""
        return cls(cid=bytes(cid), offset=offset, length=length)


class _Answer(Message):
    status: str
    content: bytes | None = None
    size: Annotated[int, Field(ge=0, le=MAX_OFFSET)] | None = None
    leaves: bytes | None = None


_BYTE_STRING = 2 << 5
_BEFORE_LENGTH = _Answer(status=Status.HERE.value, content=b"").to_bytes()[:-1]


def _head(length: int) -> bytes:
    """What comes before the content of a range in the deterministic encoding, in which the content is the last.

    A piece has megabytes. The library copies what it encodes and decodes; for those bytes alone it takes longer than it takes to
    hash them.
    """
    digits = bytearray(cbor2.dumps(length))
    digits[0] |= _BYTE_STRING  # a length is written as a number is, but for its kind (RFC 8949, 3.1)
    return _BEFORE_LENGTH + digits


_CONTENT_BEGINS = tuple(len(_head(length)) for length in (0, 1 << 5, 1 << 8, 1 << 16))
"""Where content begins, by how many bytes its length needs."""


def refusal(status: Status) -> bytes:
    """An answer without content."""
    return _Answer(status=status.value).to_bytes()


def range_answer(content: bytes) -> bytes:
    """The answer to a request for a range."""
    return b"".join((_head(len(content)), content))


def layout_answer(layout: Layout) -> bytes:
    """The answer to a request for a layout."""
    return _Answer(status=Status.HERE.value, size=layout.size, leaves=b"".join(layout.leaves)).to_bytes()


def range_from(message: bytes) -> memoryview:
    """The bytes of a range as they were received; MalformedMessage, with what was said instead, when there are none."""
    for start in _CONTENT_BEGINS:
        if len(message) >= start and message[:start] == _head(len(message) - start):
            return memoryview(message)[start:]
    answer = _handed_out(message)
    if answer.content is None:
        raise MalformedMessage("answered without content")
    return memoryview(answer.content)


def layout_from(message: bytes, limit: int) -> Layout:
    """A layout as it was received, of a file of at most `limit` bytes; MalformedMessage when it is none."""
    answer = _handed_out(message)
    if answer.size is None or answer.leaves is None:
        raise MalformedMessage("answered without a layout")
    if answer.size > limit:
        raise MalformedMessage(f"says it has {answer.size} bytes, more than the {limit} that are allowed")
    if len(answer.leaves) != DIGEST_BYTES * leaves_in(answer.size):
        raise MalformedMessage("sent a layout that does not fit its size")
    starts = range(0, len(answer.leaves), DIGEST_BYTES)
    return Layout(answer.size, tuple(answer.leaves[start : start + DIGEST_BYTES] for start in starts))


def _handed_out(message: bytes) -> _Answer:
    try:
        answer = _Answer.from_bytes(message)
        status = Status(answer.status)
    except ValueError:
        raise MalformedMessage("answered nonsense") from None
    if status is not Status.HERE:
        raise MalformedMessage(_SAID[status])
    return answer
