"""Asking and answering over streams: one stream for each request."""

import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import cast

import trio
from libp2p.abc import INetConn, INetStream
from libp2p.custom_types import TProtocol
from libp2p.exceptions import BaseLibp2pError
from libp2p.network.exceptions import SwarmException
from libp2p.network.stream.net_stream import NetStream
from libp2p.peer.id import ID
from libp2p.protocol_muxer.exceptions import MultiselectClientError
from libp2p.stream_muxer.yamux.yamux import YamuxStream

from scatter.p2p.bounded_yamux import BoundedYamux
from scatter.p2p.host import Host
from scatter.p2p.identity import multihash_of, peer_key
from scatter.p2p.manners import disconnect
from scatter.p2p.routing import Routing
from scatter.p2p.settings import PeerLimits
from scatter.p2p.streams import (
    BrokenStream,
    Offence,
    open_window,
    read_answer,
    read_end,
    read_request,
    reset,
    write_answer,
    write_message,
)
from scatter.p2p.turns import Pace, Turns
from scatter.ports import PeerKey, PeerUnreachable
from scatter.ports.peers import MAX_ANSWER_BYTES

SLOWEST_BYTES_PER_SECOND = 128 << 10
"""A peer that takes an answer slower than this, after the first seconds, gets none."""
_REQUESTS_TO_ONE_PEER = 16
_ATTEMPTS = 2
_LOOKING_SECONDS = 0.25

Answerer = Callable[[PeerKey, bytes], Awaitable[bytes | None]]
"""(who asks, request) → answer, or None for no answer."""

_log = logging.getLogger(__name__)


class Asking:
    """Sends requests to other peers."""

    def __init__(self, host: Host, routing: Routing) -> None:
        self._host = host
        self._routing = routing
        self._places: dict[PeerKey, trio.CapacityLimiter] = {}

    async def ask(self, peer: PeerKey, protocol: str, payload: bytes, timeout: float) -> bytes:
        """The answer; PeerUnreachable, with the reason, when there is none in `timeout` seconds."""
        exchange = _Exchange(peer, protocol, payload)
        self._host.nursery.start_soon(self._carry_out, exchange)
        with trio.move_on_after(timeout):
            await exchange.done.wait()
        if not exchange.done.is_set():
            exchange.given_up = True
            if exchange.stream is not None:
                self._host.nursery.start_soon(reset, exchange.stream)
            raise PeerUnreachable(f"did not answer within {timeout:g} s")
        if exchange.answer is None:
            raise PeerUnreachable(exchange.reason)
        return exchange.answer

    async def _carry_out(self, exchange: "_Exchange") -> None:
        """In a task of its own, which goes on when nobody waits any more: libp2p must not be cancelled in its streams."""
        places = self._places.setdefault(exchange.peer, trio.CapacityLimiter(_REQUESTS_TO_ONE_PEER))
        try:
            async with places:
                if not exchange.given_up:
                    exchange.answer = await self._converse(exchange)
                    exchange.reason = "could not answer"
        except (BrokenStream, PeerUnreachable) as error:
            exchange.reason = str(error)
        except Exception as error:
            _log.debug("a request to %s broke: %r", exchange.peer.hex()[:8], error)
            exchange.reason = "broke off"
        finally:
            if not places.statistics().tasks_waiting and not places.borrowed_tokens:
                self._places.pop(exchange.peer, None)
            exchange.done.set()

    async def _converse(self, exchange: "_Exchange") -> bytes | None:
        stream = await self._open(ID(multihash_of(exchange.peer)), exchange.protocol)
        exchange.stream = stream
        try:
            if exchange.given_up:
                raise PeerUnreachable("was too slow")
            await open_window(stream)
            await write_message(stream, exchange.payload)
            answer = await read_answer(stream)
            await read_end(stream)
            await stream.close()
        except BaseException:
            with trio.CancelScope(shield=True):
                await reset(stream)
            raise
        return answer

    async def _open(self, peer: ID, protocol: str) -> INetStream:
        if peer == self._host.basic.get_id():
            raise PeerUnreachable("is this node itself")
        for _ in range(_ATTEMPTS):
            connection = await self._connect(peer)
            try:
                return await self._host.basic.new_stream(peer, [TProtocol(protocol)])
            except BaseLibp2pError as error:
                if _is_refusal(error):
                    raise PeerUnreachable(f"does not speak {protocol}") from error
                # A connection of a peer that has gone looks alive until somebody uses it.
                if isinstance(connection.muxed_conn, BoundedYamux):
                    await connection.muxed_conn.hang_up()
                    await connection.close()
        raise PeerUnreachable("broke off")

    async def _connect(self, peer: ID) -> INetConn:
        """A connection to a peer, over known addresses or those that others know."""
        swarm = self._host.swarm
        try:
            return (await swarm.dial_peer(peer))[0]
        except SwarmException:
            if not await self._routing.find_again(peer):
                raise PeerUnreachable("is not reachable") from None
        try:
            return (await swarm.dial_peer(peer))[0]
        except SwarmException:
            raise PeerUnreachable("is not reachable") from None


def _is_refusal(error: BaseLibp2pError) -> bool:
    """Whether the other side said that it does not speak a protocol; otherwise it said nothing."""
    return isinstance(error.__cause__, MultiselectClientError) and "not supported" in str(error.__cause__)


@dataclass(slots=True)
class _Exchange:
    """One request and what came of it."""

    peer: PeerKey
    protocol: str
    payload: bytes
    stream: INetStream | None = None
    answer: bytes | None = None
    reason: str = "broke off"
    given_up: bool = False
    done: trio.Event = field(default_factory=trio.Event)


class Answering:
    """Answers the requests of other peers."""

    def __init__(self, host: Host, limits: PeerLimits) -> None:
        self._host = host
        self._limits = limits
        self._turns = Turns(limits.answers, limits.answers_per_peer)
        self._pace = Pace(limits.requests_per_second, limits.requests_at_once)

    def serve(self, protocol: str, answerer: Answerer) -> None:
        """Answer the requests of a protocol; a later answerer takes the place of an earlier one."""

        async def handle(stream: INetStream) -> None:
            peer = peer_key(stream.muxed_conn.peer_id.to_bytes())
            try:
                if peer is None:
                    raise BrokenStream("has another kind of key than Scatter's peers")
                await self._pace.wait(peer)
                request = await self._request(stream)
            except Offence as offence:
                return await disconnect(stream, str(offence))
            except BrokenStream as error:
                return await self._host.manners.broke(stream, f"asked nothing on {protocol}: it {error}")
            try:
                await self._answer(stream, peer, answerer, request)
            except Offence as offence:
                await disconnect(stream, str(offence))
            except BrokenStream as error:
                _log.info("%s on %s: %s", stream.muxed_conn.peer_id, protocol, error)
                await reset(stream)

        self._host.basic.set_stream_handler(TProtocol(protocol), handle)

    async def _request(self, stream: INetStream) -> bytes:
        with self._host.watchdog.over(stream, self._limits.request_seconds):
            request = await read_request(stream)
            await read_end(stream)
        return request

    async def _answer(self, stream: INetStream, peer: PeerKey, answerer: Answerer, request: bytes) -> None:
        async with self._turns.turn(peer):
            answer = await _while_open(stream, lambda: answerer(peer, request))
            if answer is not None and len(answer) > MAX_ANSWER_BYTES:
                _log.error("an answer of %d bytes is longer than peers take", len(answer))
                answer = None
            seconds = self._limits.request_seconds + len(answer or b"") / SLOWEST_BYTES_PER_SECOND
            with self._host.watchdog.over(stream, seconds):
                await write_answer(stream, answer)
        await stream.close()


async def _while_open(stream: INetStream, answer: Callable[[], Awaitable[bytes | None]]) -> bytes | None:
    """An answer, unless the one who asks gives up before it is there: nobody is kept busy with what nobody waits for."""
    async with trio.open_nursery() as nursery:
        nursery.start_soon(_cancel_when_closed, stream, nursery.cancel_scope)
        answered = await answer()
        nursery.cancel_scope.cancel()
        return answered
    raise BrokenStream("gave up waiting for an answer")


async def _cancel_when_closed(stream: INetStream, scope: trio.CancelScope) -> None:
    muxed = cast(YamuxStream, cast(NetStream, stream).muxed_stream)
    while not muxed.closed:  # noqa: ASYNC110 — the library tells nobody
        await trio.sleep(_LOOKING_SECONDS)
    scope.cancel()
