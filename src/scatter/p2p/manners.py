"""What becomes of peers that open streams and do not say on them what belongs there."""

import logging

from libp2p.abc import INetStream

from scatter.p2p.bounded_yamux import BoundedYamux
from scatter.p2p.settings import PeerLimits
from scatter.p2p.streams import reset
from scatter.p2p.turns import Pace

_MINUTE_SECONDS = 60.0

_log = logging.getLogger(__name__)


class Manners:
    """A broken stream ends, and no more: networks break. A peer that breaks one after the other is disconnected."""

    def __init__(self, limits: PeerLimits) -> None:
        self._most = limits.broken_streams
        self._pace = Pace(limits.broken_streams / _MINUTE_SECONDS, limits.broken_streams)

    async def broke(self, stream: INetStream, reason: str) -> None:
        """End a stream on which the peer that opened it did not say all that it should, and count that."""
        connection = stream.muxed_conn
        _log.info("%s %s", connection.peer_id, reason)
        await reset(stream)
        if self._pace.exceeded(connection.peer_id.to_bytes()):
            await disconnect(stream, f"left more than {self._most} streams unfinished within a minute")


async def disconnect(stream: INetStream, offence: str) -> None:
    """End the connection of a stream because of what the peer did."""
    connection = stream.muxed_conn
    if isinstance(connection, BoundedYamux):
        await connection.drop(offence)
