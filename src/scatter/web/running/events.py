"""What the process of a run writes down, as bytes: one event for each block, step, and for the end."""

import json
import zlib
from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from pydantic_core import from_json

MAX_EVENT_BYTES = 64 << 20
"""Of one event, unpacked."""

Columns: TypeAlias = Mapping[str, Sequence[Any]]
"""New rows of a table, by column."""


def block_mark(number: int) -> str:
    """Of a block."""
    return f"block/{number}"


def step_mark(number: int, phase: str) -> str:
    """Of a step that begins (`begin`), is over (`done`) or could not be done (`failed`)."""
    return f"step/{number}/{phase}"


END = "end"
"""The mark of what was measured after the last step."""


def pack(body: Mapping[str, Any]) -> bytes:
    """As bytes. Whole numbers stay exact, however large."""
    return zlib.compress(json.dumps(body, separators=(",", ":")).encode(), 1)


def unpack(data: bytes) -> dict[str, Any]:
    """From `pack`. ValueError for other bytes."""
    reader = zlib.decompressobj()
    try:
        text = reader.decompress(data, MAX_EVENT_BYTES)
    except zlib.error as error:
        raise ValueError("these bytes are no event") from error
    if reader.unconsumed_tail:
        raise ValueError(f"an event has more than {MAX_EVENT_BYTES} bytes")
    if not reader.eof:
        raise ValueError("these bytes are not the whole event")
    body = from_json(text)
    if not isinstance(body, dict):
        raise ValueError("these bytes are no event")
    return body
