"""Requests over libp2p for what is not the asker's: keys that others may have, what others asked before, content that is another."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from tests.faults.peers import LOOPBACK
from tests.unit.node.played import Played, posted
from tests.unit.node.world import World, members_wait

from scatter.content.fetching import ContentFetcher
from scatter.content.messages import MAX_RANGE_BYTES, Request, range_answer, range_from
from scatter.content.messages import PROTOCOL as CONTENT
from scatter.content.serving import ContentServer
from scatter.content.store import FileContentStore
from scatter.node import key_exchange
from scatter.node.key_exchange import PROTOCOL as KEYS
from scatter.node.key_exchange import KeyRequest, ask_for_key, serve_keys
from scatter.node.models import job_key
from scatter.node.parts import Parts
from scatter.p2p.addresses import host_of, multiaddr
from scatter.p2p.identity import PeerIdentity
from scatter.p2p.libp2p_network import Libp2pNetwork
from scatter.p2p.settings import PeerSettings
from scatter.ports import PeerKey, PeerUnreachable
from scatter.protocol.ids import Round
from scatter.protocol.states import ChallengeKind, State
from scatter.protocol.verdicts import Item
from scatter.protocol.view import ItemView


@asynccontextmanager
async def networks(count: int) -> AsyncIterator[list[Libp2pNetwork]]:
    """Peers of which the first is known to all others."""
    settings = PeerSettings(listen=(LOOPBACK,))
    async with AsyncExitStack() as stack:
        made = [
            await stack.enter_async_context(Libp2pNetwork.running(PeerIdentity.random(), settings))
            for _ in range(count)
        ]
        for network in made[1:]:
            await network.meet((await made[0].addresses())[0])
        yield made


def over(network: Libp2pNetwork, parts: Parts, played: Played) -> Parts:
    """A node whose peer is that one; the registry says so."""
    moved, view = replace(parts, network=network), played.world.view
    mine = view.network.nodes[parts.identity.address]
    nodes = {**view.network.nodes, mine.address: replace(mine, peer_key=network.peer)}
    view.network = replace(view.network, nodes=nodes)
    return moved


class Recorder:
    """Passes on what one peer says to another, and keeps it."""

    def __init__(self, target: str) -> None:
        self.said = bytearray()
        address = multiaddr(target.partition("/p2p/")[0])
        self._host, self._port = host_of(address), int(address.value_for_protocol("tcp"))

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[str]:
        """The multiaddr where it listens, without a peer's id."""
        server = await asyncio.start_server(self._pass_on, "127.0.0.1", 0)
        async with server:
            yield f"/ip4/127.0.0.1/tcp/{server.sockets[0].getsockname()[1]}"

    async def replay(self) -> bytes:
        """Say it all again, at once; what is answered until the other side hangs up or is silent."""
        reader, writer = await asyncio.open_connection(self._host, self._port)
        writer.write(bytes(self.said))
        answered = b""
        with suppress(TimeoutError, ConnectionError):
            while piece := await asyncio.wait_for(reader.read(1 << 16), 3.0):
                answered += piece
        writer.close()
        return answered

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, out = await asyncio.open_connection(self._host, self._port)

        async def back() -> None:
            while piece := await there.read(1 << 16):
                writer.write(piece)

        returning = asyncio.create_task(back())
        with suppress(ConnectionError):
            while piece := await reader.read(1 << 16):
                self.said += piece
                out.write(piece)
        returning.cancel()
        out.close()
        writer.close()


@pytest.fixture
async def played(tmp_path: Path) -> AsyncIterator[Played]:
    """A job whose key its requestor has given out."""
    world = World(tmp_path)
    await world.view.start()
    made = await posted(world, trainers=2, others=3)
    await made.until(State.COMMITTING, held=members_wait)
    yield made
    await world.close()


def juror_of(played: Played) -> Parts:
    """A validator without another part, whom the chain shows as drawn."""
    juror = next(parts for parts in played.validators if parts not in played.members)
    view, items = played.world.view, {Item(ChallengeKind.SCORES, Round(1)): ItemView()}
    job = replace(played.job, jurors=(juror.identity.address,), items=items)
    view.network = replace(view.network, jobs={job.id: job})
    return juror


async def test_keys_are_for_the_peer_of_who_may_have_them(
    played: Played, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same words from another peer get nothing, nor does a recording of the whole conversation."""
    caplog.set_level(logging.INFO)
    request = KeyRequest(played.job_id)
    async with networks(3) as (holding, asking, foreign):
        serve_keys(over(holding, played.requestor, played))
        heard: list[PeerKey] = []
        answer = key_exchange._answer

        async def counted(parts: Parts, peer: PeerKey, request: KeyRequest) -> bytes:
            heard.append(peer)
            return await answer(parts, peer, request)

        monkeypatch.setattr(key_exchange, "_answer", counted)
        juror = over(asking, juror_of(played), played)
        recorder = Recorder((await holding.addresses())[0])
        await asking.stop()
        async with recorder.listening() as where:
            (holders_id,) = {address.partition("/p2p/")[2] for address in await holding.addresses()}
            await asking.start()
            await asking.meet(f"{where}/p2p/{holders_id}")
            key = await ask_for_key(juror, played.job, request, [holding.peer])
        assert key == await job_key(played.requestor, played.job_id)
        said = bytes(recorder.said)
        assert len(said) > 500
        assert request.to_bytes() not in said
        with pytest.raises(PeerUnreachable, match="could not answer"):
            await foreign.request(holding.peer, KEYS, request.to_bytes())
        (line,) = [line for line in caplog.messages if "may not have it" in line]
        assert foreign.peer.hex()[:8] in line
        assert heard == [asking.peer, foreign.peer]
        await recorder.replay()
        # The connection closes before the holder, in its own thread, says why.
        async with asyncio.timeout(20):
            while "a connection from 127.0.0.1 came to nothing" not in caplog.text:  # noqa: ASYNC110 — a log has no event
                await asyncio.sleep(0.02)
        assert heard == [asking.peer, foreign.peer], "what is replayed is no request"
        assert await ask_for_key(juror, played.job, request, [holding.peer]) == key, "others are served all the while"


async def test_who_sends_wrong_blocks_is_disconnected(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    content = bytes(range(256)) * (MAX_RANGE_BYTES // 128)
    store, mine = FileContentStore(tmp_path / "theirs"), FileContentStore(tmp_path / "mine")
    cid = await store.put(content)
    honest = ContentServer(store, everybody).answer

    async def lie(peer: PeerKey, message: bytes) -> bytes:
        said = await honest(peer, message)
        return said if Request.from_bytes(message).offset is None else range_answer(bytes(len(range_from(said))))

    async with networks(3) as (me, liar, friend):
        liar.serve(CONTENT, lie)
        friend.serve(CONTENT, honest)
        await ContentFetcher(mine, me).fetch(cid, [liar.peer, friend.peer], len(content))
        assert await mine.get(cid) == content
        (liars_id,) = {address.partition("/p2p/")[2] for address in await liar.addresses()}
        assert f"disconnected {liars_id}, which sent bytes that are not this content's: {cid}" in caplog.text


async def everybody(peer: PeerKey, cid: str) -> bool:
    return True
