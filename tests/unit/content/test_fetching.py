"""Fetching from peers, most of which do not mean well."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import cbor2
import pytest
from tests.unit.content.conftest import BIG, CONTENTS, ME, SMALL, everybody

from scatter.content.fetching import ContentFetcher, ContentUnavailable
from scatter.content.messages import (
    PROTOCOL,
    Request,
    Status,
    layout_answer,
    range_answer,
    range_from,
    refusal,
)
from scatter.content.serving import ContentServer
from scatter.content.store import FileContentStore
from scatter.content.unixfs import cid_of, layout_of
from scatter.p2p.in_process import InProcessNetwork
from scatter.ports import PeerKey, PeerUnreachable, RequestHandler

GIBIBYTE = 1 << 30


class Peers:
    """A network with peers of the test's making; `asked` says who was asked how often, `disconnected` who was thrown out and why."""

    peer: PeerKey = ME

    def __init__(self) -> None:
        self.handlers: dict[PeerKey, RequestHandler] = {}
        self.asked: dict[PeerKey, int] = {}
        self.disconnected: list[tuple[PeerKey, str]] = []

    def serve(self, protocol: str, handler: RequestHandler) -> None:
        assert protocol == PROTOCOL
        self.handlers[ME] = handler

    def add(self, handler: RequestHandler) -> PeerKey:
        key = bytes([len(self.handlers) + 1]) * 32
        self.handlers[key] = handler
        return key

    async def request(self, peer: PeerKey, protocol: str, payload: bytes, timeout: float = 30.0) -> bytes:
        assert protocol == PROTOCOL
        self.asked[peer] = self.asked.get(peer, 0) + 1
        if peer not in self.handlers:
            raise PeerUnreachable("is not reachable")
        return await self.handlers[peer](ME, payload)

    async def disconnect(self, peer: PeerKey, offence: str) -> None:
        self.disconnected.append((peer, offence))


@pytest.fixture
def peers() -> Peers:
    return Peers()


@pytest.fixture
def mine(tmp_path: Path) -> FileContentStore:
    return FileContentStore(tmp_path / "mine")


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
async def test_from_an_honest_peer(
    peers: Peers, mine: FileContentStore, honest: RequestHandler, content: bytes
) -> None:
    cid = str(cid_of(content))
    peer = peers.add(honest)
    fetcher = ContentFetcher(mine, peers)
    await fetcher.fetch(cid, [peer], GIBIBYTE)
    assert await mine.get(cid) == content
    asked = dict(peers.asked)
    await fetcher.fetch(cid, [peer], GIBIBYTE)
    assert peers.asked == asked, "what is here is not asked for"


Bend = Callable[[Request, bytes], bytes]


def bent(honest: RequestHandler, bend: Bend) -> RequestHandler:
    async def handler(peer: PeerKey, message: bytes) -> bytes:
        return bend(Request.from_bytes(message), await honest(peer, message))

    return handler


def wrong_layout(request: Request, said: bytes) -> bytes:
    return layout_answer(layout_of(BIG[::-1])) if is_layout(request) else said


def is_layout(request: Request) -> bool:
    return request.offset is None


def in_ranges(change: Callable[[bytes], bytes]) -> Bend:
    """Change what is handed out of a file, and say all else as it is."""

    def bend(request: Request, said: bytes) -> bytes:
        return said if is_layout(request) or b"content" not in said else range_answer(change(bytes(range_from(said))))

    return bend


LIES: dict[str, Bend] = {
    "nothing": lambda request, said: b"",
    "nonsense": lambda request, said: b"\xffnonsense",
    "missing": lambda request, said: refusal(Status.MISSING),
    "refused": lambda request, said: refusal(Status.REFUSED),
    "not understood": lambda request, said: refusal(Status.MALFORMED),
    "nothing in it": lambda request, said: refusal(Status.HERE),
    "short": lambda request, said: said[:-1],
    "long": lambda request, said: said + b"x",
    "changed at the beginning": lambda request, said: said[:1] + bytes([said[1] ^ 1]) + said[2:],
    "changed ranges": in_ranges(lambda content: content[:-1] + bytes([content[-1] ^ 1])),
    "short ranges": in_ranges(lambda content: content[:-1]),
    "long ranges": in_ranges(lambda content: content + b"x"),
    "ranges for layouts": lambda request, said: range_answer(SMALL[::-1]),
    "another layout": wrong_layout,
    "a huge size": lambda request, said: cbor2.dumps({"status": "here", "size": 1 << 62, "leaves": bytes(32)}),
    "zeros": lambda request, said: bytes(len(said)),
}


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("content", [SMALL, BIG], ids=["small", "big"])
async def test_a_liar_is_passed_over(
    peers: Peers, mine: FileContentStore, honest: RequestHandler, content: bytes, lie: str
) -> None:
    cid = str(cid_of(content))
    if content == SMALL and lie in ("another layout",):
        content, cid = BIG, str(cid_of(BIG))
    liar, good = peers.add(bent(honest, LIES[lie])), peers.add(honest)
    fetcher = ContentFetcher(mine, peers)
    with pytest.raises(ContentUnavailable, match=liar.hex()[:8]):
        await fetcher.fetch(cid, [liar], GIBIBYTE)
    assert not await mine.has(cid)
    await fetcher.fetch(cid, [liar, good], GIBIBYTE)
    assert await mine.get(cid) == content


async def test_the_error_says_what_everybody_did(peers: Peers, mine: FileContentStore, honest: RequestHandler) -> None:
    kinds = [peers.add(bent(honest, LIES[lie])) for lie in ("missing", "refused", "changed ranges", "nonsense")]
    absent = b"\x99" * 32
    with pytest.raises(ContentUnavailable) as caught:
        await ContentFetcher(mine, peers).fetch(str(cid_of(BIG)), [*kinds, absent, kinds[0]], GIBIBYTE)
    text = str(caught.value)
    for reason in (
        "01010101 does not have it",
        "02020202 refuses to hand it out",
        "03030303 sent bytes that are not this content's",
        "04040404 answered nonsense",
        "99999999 is not reachable",
    ):
        assert reason in text
    assert peers.asked[kinds[0]] == 1, "nobody is asked twice"
    assert peers.disconnected == [(kinds[2], f"sent bytes that are not this content's: {cid_of(BIG)}")]


async def test_nobody_to_ask(peers: Peers, mine: FileContentStore) -> None:
    with pytest.raises(ContentUnavailable, match="nobody to ask"):
        await ContentFetcher(mine, peers).fetch(str(cid_of(SMALL)), [ME], GIBIBYTE)
    assert peers.asked == {}


def breaking_off(honest: RequestHandler, after: int) -> RequestHandler:
    """A peer that goes away after some answers."""
    answered = 0

    async def handler(peer: PeerKey, message: bytes) -> bytes:
        nonlocal answered
        if answered == after:
            raise PeerUnreachable("went away")
        answered += 1
        return await honest(peer, message)

    return handler


async def test_the_next_peer_goes_on_where_one_stopped(
    peers: Peers, mine: FileContentStore, honest: RequestHandler
) -> None:
    first, second = peers.add(breaking_off(honest, 2)), peers.add(honest)
    await ContentFetcher(mine, peers).fetch(str(cid_of(BIG)), [first, second], GIBIBYTE)
    assert await mine.get(str(cid_of(BIG))) == BIG
    assert peers.asked[second] == 2, "the first handed out a layout and a piece"


async def test_several_peers_are_asked_at_once(peers: Peers, mine: FileContentStore, honest: RequestHandler) -> None:
    at_once, most = 0, 0

    async def slow(peer: PeerKey, message: bytes) -> bytes:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        await asyncio.sleep(0.02)
        at_once -= 1
        return await honest(peer, message)

    slow_ones = [peers.add(slow) for _ in range(3)]
    await ContentFetcher(mine, peers).fetch(str(cid_of(BIG)), slow_ones, GIBIBYTE)
    assert most == 3
    assert sum(peers.asked.values()) == 4, "nothing is asked for twice"


@pytest.mark.parametrize("anew", [False, True], ids=["the same store", "after a restart"])
async def test_a_later_attempt_goes_on_where_one_stopped(
    peers: Peers, mine: FileContentStore, honest: RequestHandler, tmp_path: Path, anew: bool
) -> None:
    cid = str(cid_of(BIG))
    for asked in (2, 2, 1):
        peer = peers.add(breaking_off(honest, asked))
        store = FileContentStore(tmp_path / "mine") if anew else mine
        with pytest.raises(ContentUnavailable, match="went away"):
            await ContentFetcher(store, peers).fetch(cid, [peer], GIBIBYTE)
        assert not await store.has(cid)
    last = peers.add(honest)
    await ContentFetcher(mine, peers).fetch(cid, [last], GIBIBYTE)
    assert await mine.get(cid) == BIG
    assert peers.asked[last] == 2, "a layout and the one piece that was missing"


async def test_what_rotted_meanwhile_is_fetched_again(
    peers: Peers, mine: FileContentStore, honest: RequestHandler, tmp_path: Path
) -> None:
    cid = str(cid_of(BIG))
    with pytest.raises(ContentUnavailable):
        await ContentFetcher(mine, peers).fetch(cid, [peers.add(breaking_off(honest, 3))], GIBIBYTE)
    partial = tmp_path / "mine" / "partial" / cid
    with partial.open("r+b") as file:
        file.write(b"rotten")
    last = peers.add(honest)
    await ContentFetcher(mine, peers).fetch(cid, [last], GIBIBYTE)
    assert await mine.get(cid) == BIG
    assert peers.asked[last] == 3


async def test_whoever_says_to_have_it_is_asked_last(
    peers: Peers, mine: FileContentStore, honest: RequestHandler
) -> None:
    without, liar, good = (
        peers.add(bent(honest, LIES["missing"])),
        peers.add(bent(honest, LIES["zeros"])),
        peers.add(honest),
    )

    class Routing:
        asked = 0

        async def provide(self, cid: str) -> None:
            raise AssertionError

        async def providers(self, cid: str) -> list[PeerKey]:
            assert peers.asked == {without: 1}
            self.asked += 1
            return [ME, without, liar, liar, good]

    routing = Routing()
    await ContentFetcher(mine, peers, routing=routing).fetch(str(cid_of(SMALL)), [without], GIBIBYTE)
    assert await mine.get(str(cid_of(SMALL))) == SMALL
    assert peers.asked == {without: 1, liar: 1, good: 1}
    assert routing.asked == 1


@pytest.mark.parametrize("content", [SMALL, BIG], ids=["small", "big"])
async def test_more_than_the_limit_is_not_taken(
    peers: Peers, mine: FileContentStore, honest: RequestHandler, content: bytes
) -> None:
    cid, peer = str(cid_of(content)), peers.add(honest)
    fetcher = ContentFetcher(mine, peers)
    with pytest.raises(ContentUnavailable, match="more than the"):
        await fetcher.fetch(cid, [peer], len(content) - 1)
    await fetcher.fetch(cid, [peer], len(content))
    with pytest.raises(ContentUnavailable, match="more than the"):
        await fetcher.fetch(cid, [peer], len(content) - 1)


async def test_the_same_content_is_fetched_once_at_a_time(
    peers: Peers, mine: FileContentStore, honest: RequestHandler
) -> None:
    fetcher, peer = ContentFetcher(mine, peers), peers.add(honest)
    await asyncio.gather(*(fetcher.fetch(str(cid_of(BIG)), [peer], GIBIBYTE) for _ in range(5)))
    assert await mine.get(str(cid_of(BIG))) == BIG
    assert peers.asked == {peer: 4}


async def test_between_peers_of_one_process(mine: FileContentStore, honest: RequestHandler, tmp_path: Path) -> None:
    network = InProcessNetwork()
    reader, holder = (network.join(bytes([number]) * 32) for number in (1, 2))
    ContentServer(FileContentStore(tmp_path / "theirs"), everybody).serve_on(holder)
    await ContentFetcher(mine, reader).fetch(str(cid_of(BIG)), [holder.peer], GIBIBYTE)
    assert await mine.get(str(cid_of(BIG))) == BIG


async def test_a_text_that_is_no_cid(peers: Peers, mine: FileContentStore) -> None:
    with pytest.raises(ValueError, match="CID"):
        await ContentFetcher(mine, peers).fetch("../../etc/passwd", [], GIBIBYTE)
