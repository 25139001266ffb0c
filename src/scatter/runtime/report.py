"""Reading what the supervisor of a sandbox writes. It may have been taken over by the job: every line and length is bounded."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pydantic_core import from_json

MAX_HEADER = 64 << 10
"""Longest line in bytes; also the limit to give to the stream."""

_CHUNK = 1 << 20


class BrokenReport(Exception):
    """The supervisor's report stops short or makes no sense."""


@dataclass(frozen=True, slots=True)
class Report:
    """How the job's command ended, and its outputs; `refused` says why they were not handed out."""

    exit_code: int
    refused: str | None
    outputs: dict[str, bytes]


async def read_started(stream: asyncio.StreamReader) -> bool:
    """Whether the supervisor started at all."""
    return await _line(stream) == b"started\n"


async def read_report(stream: asyncio.StreamReader, names: Sequence[str], limit: int) -> Report:
    """The report at the end of a run, with at most `limit` bytes of the outputs that were asked for. BrokenReport when it is
    none."""
    try:
        header = from_json(await _line(stream))
        exit_code, refused, files = _checked(header, names, limit)
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise BrokenReport("the sandbox ended without a report") from error
    outputs = {}
    for name, size in files:
        outputs[name] = await _exactly(stream, size)
    return Report(exit_code, refused, outputs)


def _checked(header: Any, names: Sequence[str], limit: int) -> tuple[int, str | None, list[tuple[str, int]]]:
    exit_code, refused = header["exit_code"], header["refused"]
    files = [(name, size) for name, size in header["files"]]
    if not isinstance(exit_code, int) or not isinstance(refused, str | None):
        raise TypeError("a report has an exit code and perhaps a refusal")
    if not all(isinstance(name, str) and isinstance(size, int) and size >= 0 for name, size in files):
        raise TypeError("a report names files and their sizes")
    given = [name for name, _ in files]
    if len(set(given)) < len(given) or not set(given) <= set(names):
        raise ValueError("a report names outputs that nobody asked for")
    if sum(size for _, size in files) > limit:
        raise ValueError("a report announces more than it may")
    return exit_code, refused, files


async def _line(stream: asyncio.StreamReader) -> bytes:
    """The next line, empty at the end; ValueError when it is too long."""
    return await stream.readline()


async def _exactly(stream: asyncio.StreamReader, size: int) -> bytes:
    chunks = []
    while size > 0:
        chunk = await stream.read(min(size, _CHUNK))
        if not chunk:
            raise BrokenReport("the sandbox ended in the middle of its report")
        chunks.append(chunk)
        size -= len(chunk)
    return b"".join(chunks)
