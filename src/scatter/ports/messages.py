"""How messages between peers are written: each is one CBOR map (RFC 8949) with the fields of a schema, and nothing else.

Only what messages need is read: no tags, no indefinite lengths, no key twice, no bytes after the map.
"""

from io import BytesIO
from typing import Any, NoReturn, Self

import cbor2
from pydantic import BaseModel, ConfigDict, ValidationError

_DEPTH = 4
_DECODED_TAGS = (*range(6), 25, 28, 29, 30, 35, 36, 37, 52, 54, 100, 256, 258, 260, 261, 1004, 43000, 55799)
"""Tags that the library turns into numbers, dates, patterns and more, unless it is told otherwise."""


class MalformedMessage(ValueError):
    """A peer said something that is not of this protocol."""


class Message(BaseModel):
    """A message; its fields are its schema. Fields that are None are left out."""

    model_config = ConfigDict(strict=True, frozen=True, extra="forbid", hide_input_in_errors=True)

    def to_bytes(self) -> bytes:
        """As it is sent: the deterministic encoding (RFC 8949, 4.2.1)."""
        fields = {name: value for name, value in self if value is not None}
        return cbor2.dumps(fields, canonical=True)

    @classmethod
    def from_bytes(cls, message: bytes) -> Self:
        """As it was received; MalformedMessage, with the reason, when it is another one or none."""
        try:
            return cls(**_map(message))
        except ValidationError as error:
            first = error.errors(include_input=False, include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"]) or "the message"
            raise MalformedMessage(f"{where}: {first['msg']}") from None


def _map(message: bytes) -> dict[str, Any]:
    source = BytesIO(message)
    try:
        decoded = cbor2.CBORDecoder(
            source,
            tag_hook=_refuse,
            semantic_decoders=dict.fromkeys(_DECODED_TAGS, _refuse),
            max_depth=_DEPTH,
            allow_indefinite=False,
            allow_duplicate_keys=False,
            strict_hashable_types=True,
        ).decode()
    except (cbor2.CBORDecodeError, ValueError) as error:
        raise MalformedMessage(f"no CBOR: {error}") from None
    if source.tell() != len(message):
        raise MalformedMessage("bytes after the message")
    if not isinstance(decoded, dict) or not all(isinstance(key, str) for key in decoded):
        raise MalformedMessage("no map of fields by name")
    return decoded


def _refuse(*_: object) -> NoReturn:
    raise ValueError("a tag, of which messages have none")
