"""Streams over one connection: libp2p's yamux, with the bounds that it leaves to others.

yamux 0.8.1 as it is takes any number of bytes that nobody reads, writes for ever to a peer that takes nothing, and sends half
a frame when a task is cancelled while it writes, which ends the connection for all of its streams. Here a frame is written
whole or the connection is closed, what is unread has a bound, and a stream that is reset wakes those who read from it.
"""

import logging
from collections.abc import Mapping
from weakref import WeakSet

import trio
from libp2p.abc import IMuxedConn, ISecureConn
from libp2p.custom_types import TMuxerOptions, TProtocol
from libp2p.io.exceptions import ConnectionClosedError
from libp2p.peer.id import ID
from libp2p.stream_muxer.muxer_multistream import MuxerMultistream
from libp2p.stream_muxer.yamux.yamux import PROTOCOL_ID, Yamux, YamuxStream

from scatter.p2p.settings import PeerLimits

_CLOSING_SECONDS = 1.0

_log = logging.getLogger(__name__)


class UnreadBytes:
    """What arrived on all connections of a peer and was not read yet."""

    def __init__(self, limits: PeerLimits) -> None:
        self._limits = limits
        self._connections: WeakSet[BoundedYamux] = WeakSet()

    def add(self, connection: "BoundedYamux") -> None:
        """Count a connection from now on."""
        self._connections.add(connection)

    def excess(self, connection: "BoundedYamux", arriving: int) -> "BoundedYamux | None":
        """The connection that has to go when so many bytes more arrive on one of them, or None."""
        if connection.unread + arriving > self._limits.unread_bytes_per_connection:
            return connection
        if arriving + sum(other.unread for other in self._connections) <= self._limits.unread_bytes:
            return None
        return max(self._connections, key=lambda other: other.unread)


class BoundedYamux(Yamux):
    """A connection whose buffers are bounded and whose frames are written whole."""

    def __init__(self, connection: ISecureConn, peer: ID, unread: UnreadBytes, limits: PeerLimits) -> None:
        super().__init__(connection, peer, is_initiator=connection.is_initiator, on_close=_nothing)
        self._unread = unread
        self._limits = limits
        self.stream_events = _EventsOf(self.streams)
        unread.add(self)

    @property
    def unread(self) -> int:
        """Bytes that arrived and were not read yet."""
        return sum(map(len, self.stream_buffers.values()))

    async def drop(self, reason: str) -> None:
        """Close the connection at once, whatever is under way on it, and say why in the log."""
        if self.event_shutting_down.is_set():
            return
        _log.warning("disconnected %s, which %s", self.peer_id, reason)
        await self.hang_up()

    async def hang_up(self) -> None:
        """Close the connection at once."""
        self.event_shutting_down.set()
        # Not `close`: that would first send a farewell, which waits behind a frame that nobody takes. The task that reads
        # wakes up when the socket is closed, and cleans up.
        with trio.CancelScope(shield=True, deadline=trio.current_time() + _CLOSING_SECONDS):
            await self.secured_conn.close()

    def _finalize_stream_locked(self, stream: YamuxStream, *, fully_closed: bool) -> None:
        event = self.stream_events.get(stream.stream_id)
        super()._finalize_stream_locked(stream, fully_closed=fully_closed)
        if fully_closed and event is not None:
            event.set()  # yamux forgets to wake a task that reads what this side has reset

    async def _write_frame(self, data: bytes) -> None:
        with trio.CancelScope(shield=True, deadline=trio.current_time() + self._limits.stall_seconds) as scope:
            await super()._write_frame(data)
        if scope.cancelled_caught:
            await self.drop(f"took no byte for {self._limits.stall_seconds:g} s")
            raise ConnectionClosedError("the peer takes nothing", transport="tcp")

    async def _read_data_body(self, length: int) -> bytes:
        victim = self._unread.excess(self, length)
        if victim is not None:
            await victim.drop(f"sent {victim.unread + length * (victim is self)} bytes that nobody had asked for")
        if victim is self:
            # The one error that makes yamux close a connection instead of the stream.
            raise trio.TooSlowError
        return await super()._read_data_body(length)


class _EventsOf(dict[int, trio.Event]):
    """What readers of streams wait for. yamux would put one there again for each stream that is gone."""

    def __init__(self, streams: Mapping[int, YamuxStream]) -> None:
        super().__init__()
        self._streams = streams

    def __setitem__(self, stream: int, event: trio.Event) -> None:
        if stream in self._streams:
            super().__setitem__(stream, event)


class BoundedMuxer(MuxerMultistream):
    """Makes bounded connections; the library's own makes its own class, whatever class it is given."""

    def __init__(self, limits: PeerLimits) -> None:
        options: TMuxerOptions = {TProtocol(PROTOCOL_ID): Yamux}
        super().__init__(options)
        self._limits = limits
        self._unread = UnreadBytes(limits)

    async def new_conn(self, conn: ISecureConn, peer_id: ID) -> IMuxedConn:
        """A connection, once both sides agreed on yamux."""
        protocol, _ = await self._selector.select(conn, conn.is_initiator, self.negotiate_timeout)
        connection = BoundedYamux(conn, peer_id, self._unread, self._limits)
        return self._annotate_connection(connection, conn, protocol)


async def _nothing() -> None:
    """Replaced by whoever holds the connection."""
