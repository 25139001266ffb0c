"""Streams: one message each way, bounded in size and time. docs/wire-protocol.md says how they look."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import cast

import trio
from libp2p.abc import INetStream
from libp2p.exceptions import BaseLibp2pError
from libp2p.network.stream.exceptions import StreamEOF, StreamReset
from libp2p.network.stream.net_stream import NetStream
from libp2p.stream_muxer.exceptions import MuxedStreamEOF
from libp2p.stream_muxer.yamux.yamux import YamuxStream

from scatter.ports.peers import MAX_ANSWER_BYTES, MAX_REQUEST_BYTES

_WRITE_BYTES = 65535 - 16 - 12
"""One packet of Noise with one frame of yamux: 64 KiB would go in two packets, the second with 17 bytes."""
_MAX_LENGTH_DIGITS = 4
"""Bytes of the length before a message: 28 bits, more than any message has."""

ANSWERED, NOT_ANSWERED = b"\0", b"\1"

_log = logging.getLogger(__name__)


class BrokenStream(ConnectionError):
    """A stream ended before it said all, or said what is not of the protocol; the message says which."""


class Offence(BrokenStream):
    """What no peer does by mistake: it sends too long a message, more than one, a length that is none; or asks and takes nothing."""


class Watchdog:
    """Resets streams that take too long.

    The tasks that wait for those streams are not cancelled: libp2p keeps its books right only when a task in the middle of a
    stream's business sees the stream end.
    """

    def __init__(self, nursery: trio.Nursery) -> None:
        self._nursery = nursery

    @contextmanager
    def over(self, stream: INetStream, seconds: float) -> Iterator["Watch"]:
        """Reset the stream when the block takes longer."""
        watch = Watch()
        self._nursery.start_soon(_reset_later, watch, stream, seconds)
        try:
            yield watch
        finally:
            watch.scope.cancel()


@dataclass(slots=True)
class Watch:
    """The time that a stream has; `over` when it took longer."""

    scope: trio.CancelScope = field(default_factory=trio.CancelScope)
    over: bool = False


async def _reset_later(watch: Watch, stream: INetStream, seconds: float) -> None:
    with watch.scope:
        await trio.sleep(seconds)
        watch.over = True
        await reset(stream)


async def reset(stream: INetStream) -> None:
    """End a stream in both directions, whatever state it is in."""
    try:
        await stream.reset()
    except Exception as error:  # the library raises what its parts happen to raise; the stream is over either way
        _log.debug("a stream was gone before it was reset: %r", error)


async def write_message(stream: INetStream, message: bytes) -> None:
    """Send one message and say that there will be no other."""
    await _write(stream, _length(len(message)), message)


async def write_answer(stream: INetStream, answer: bytes | None) -> None:
    """Send an answer, or that there is none, and say that there will be no other."""
    if answer is None:
        await write_message(stream, NOT_ANSWERED)
    else:
        await _write(stream, _length(len(ANSWERED) + len(answer)) + ANSWERED, answer)


async def _write(stream: INetStream, head: bytes, message: bytes) -> None:
    # Apart: a message may have megabytes, and is not copied once more for the sake of a few bytes.
    rest = memoryview(message)
    try:
        await stream.write(head)
        for start in range(0, len(rest), _WRITE_BYTES):
            # The library joins it to a header, which copies it once; bytes of our own would be a second copy.
            await stream.write(rest[start : start + _WRITE_BYTES])  # type: ignore[arg-type]
    except StreamReset as error:
        if "window update" in str(error.__cause__):  # the library waits for five seconds
            raise Offence("took nothing more of what it had asked for") from error
        raise BrokenStream("broke off") from error
    await cast(NetStream, stream).close_write()


async def read_request(stream: INetStream) -> bytes:
    """The request that a stream brings; Offence or BrokenStream when it is none."""
    return await _read_exactly(stream, await _read_length(stream, MAX_REQUEST_BYTES))


async def open_window(stream: INetStream) -> None:
    """Let the other side send the longest answer without waiting for leave: yamux begins with 256 KiB, and a peer that has
    used them up looks only every 10 ms whether it may go on. What nobody reads has a bound of its own (`UnreadBytes`)."""
    muxed, longest = _muxed(stream), _MAX_LENGTH_DIGITS + len(ANSWERED) + MAX_ANSWER_BYTES
    async with muxed.window_lock:
        more = longest - muxed.recv_window
        muxed.recv_window = muxed.target_recv_window = longest
    await muxed.send_window_update(more)


async def read_answer(stream: INetStream) -> bytes | None:
    """The answer that a stream brings, None when the peer does not give one; Offence or BrokenStream when it is
    neither."""
    length = await _read_length(stream, len(ANSWERED) + MAX_ANSWER_BYTES)
    kind = await _read_exactly(stream, min(length, len(ANSWERED)))
    message = await _read_exactly(stream, length - len(kind))
    if kind == ANSWERED:
        return message
    if kind == NOT_ANSWERED:
        return None
    raise BrokenStream("answered nonsense")


async def read_end(stream: INetStream) -> None:
    """Wait until the other side has said all; Offence when there is more."""
    if await _read_some(stream, 1):
        raise Offence("sent more than one message")


async def _read_exactly(stream: INetStream, length: int) -> bytes:
    read = BytesIO()  # hands its bytes out without a copy
    while (left := length - read.tell()) > 0:
        piece = await _read_unseen(stream, left)
        if not piece:
            raise BrokenStream(f"broke off after {read.tell()} of {length} bytes")
        read.write(piece)
    return read.getvalue()


async def _read_unseen(stream: INetStream, most: int) -> bytes:
    """At least one byte, or none at the end; the other side is not told that it may send as many more, as it would be after
    every read of the library's own: it says one message, for which the window is open already."""
    muxed = _muxed(stream)
    try:
        return await muxed.conn.read_stream(muxed.stream_id, most)
    except MuxedStreamEOF:
        return b""
    except BaseLibp2pError as error:
        raise BrokenStream("broke off") from error


async def _read_length(stream: INetStream, limit: int) -> int:
    length = 0
    for position in range(_MAX_LENGTH_DIGITS):
        digit = await _read_some(stream, 1)
        if not digit:
            raise BrokenStream("broke off before it said anything")
        length |= (digit[0] & 0x7F) << 7 * position
        if digit[0] < 0x80:
            if length > limit:
                raise Offence(f"sent a message with more than {limit} bytes")
            return length
    raise Offence("sent a length that is none")


async def _read_some(stream: INetStream, most: int) -> bytes:
    """At least one byte, or none at the end."""
    try:
        return await stream.read(most)
    except StreamEOF:
        return b""
    except BaseLibp2pError as error:
        raise BrokenStream("broke off") from error


def _muxed(stream: INetStream) -> YamuxStream:
    return cast(YamuxStream, cast(NetStream, stream).muxed_stream)


def _length(value: int) -> bytes:
    """An unsigned varint: https://github.com/multiformats/unsigned-varint."""
    digits = bytearray()
    while value > 0x7F:
        digits.append(value & 0x7F | 0x80)
        value >>= 7
    digits.append(value)
    return bytes(digits)
