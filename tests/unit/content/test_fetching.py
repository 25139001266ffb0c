"""Fetching from peers, most of which do not mean well."""

import asyncio
import random
import struct
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from scatter.content.cids import Cid
from scatter.content.fetching import ContentFetcher, ContentUnavailable
from scatter.content.messages import MAX_RANGE_BYTES, PROTOCOL, Kind, Request, Status, answer, layout_body
from scatter.content.serving import ContentServer
from scatter.content.store import FileContentStore
from scatter.content.unixfs import cid_of, layout_of
from scatter.p2p.in_process import InProcessNetwork
from scatter.ports import PeerKey, PeerUnreachable, RequestHandler

GIBIBYTE = 1 << 30
ME = bytes(32)
SMALL = b"small content"
BIG = random.Random(1).randbytes(2 * MAX_RANGE_BYTES + 300_000)  # noqa: S311
CONTENTS = {"small": SMALL, "big": BIG, "empty": b"", "exactly two ranges": BIG[: 2 * MAX_RANGE_BYTES]}


class Peers:
    """A network with peers of the test's making; `asked` says who was asked how often."""

    peer: PeerKey = ME

    def __init__(self) -> None:
        self.handlers: dict[PeerKey, RequestHandler] = {}
        self.asked: dict[PeerKey, int] = {}

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


async def everybody(peer: PeerKey, cid: str) -> bool:
    return True


@pytest.fixture
def peers() -> Peers:
    return Peers()


@pytest.fixture
def mine(tmp_path: Path) -> FileContentStore:
    return FileContentStore(tmp_path / "mine")


@pytest.fixture
async def honest(tmp_path: Path) -> RequestHandler:
    store = FileContentStore(tmp_path / "theirs")
    for content in CONTENTS.values():
        await store.put(content)
    return ContentServer(store, everybody).answer


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
async def test_from_an_honest_peer(
    peers: Peers, mine: FileContentStore, honest: RequestHandler, content: bytes
) -> None:
    cid = str(cid_of(content))
    peer = peers.add(honest)
    fetcher = ContentFetcher(mine, peers)
    assert await fetcher.fetch(cid, [peer], GIBIBYTE) == content
    assert await mine.get(cid) == content
    asked = dict(peers.asked)
    assert await fetcher.fetch(cid, [peer], GIBIBYTE) == content
    assert peers.asked == asked, "what is here is not asked for"


Bend = Callable[[Request, bytes], bytes]


def bent(honest: RequestHandler, bend: Bend) -> RequestHandler:
    async def handler(peer: PeerKey, message: bytes) -> bytes:
        return bend(Request.from_bytes(message), await honest(peer, message))

    return handler


def wrong_layout(request: Request, said: bytes) -> bytes:
    return answer(Status.HERE, layout_body(layout_of(BIG[::-1]))) if request.kind is Kind.LAYOUT else said


LIES: dict[str, Bend] = {
    "nothing": lambda request, said: b"",
    "nonsense": lambda request, said: b"\xffnonsense",
    "missing": lambda request, said: answer(Status.MISSING),
    "refused": lambda request, said: answer(Status.REFUSED),
    "not understood": lambda request, said: answer(Status.MALFORMED),
    "nothing in it": lambda request, said: answer(Status.HERE),
    "short": lambda request, said: said[:-1],
    "long": lambda request, said: said + b"x",
    "changed at the end": lambda request, said: said[:-1] + bytes([said[-1] ^ 1]),
    "changed at the beginning": lambda request, said: said[:1] + bytes([said[1] ^ 1]) + said[2:],
    "changed ranges": lambda request, said: said if request.kind is Kind.LAYOUT else said[:-1] + bytes([said[-1] ^ 1]),
    "short ranges": lambda request, said: said if request.kind is Kind.LAYOUT else said[:-1],
    "another layout": wrong_layout,
    "a huge size": lambda request, said: answer(Status.HERE, struct.pack(">Q", 1 << 62) + said[9:]),
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
    assert await fetcher.fetch(cid, [liar, good], GIBIBYTE) == content
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


async def test_nobody_to_ask(peers: Peers, mine: FileContentStore) -> None:
    with pytest.raises(ContentUnavailable, match="nobody to ask"):
        await ContentFetcher(mine, peers).fetch(str(cid_of(SMALL)), [ME], GIBIBYTE)
    assert peers.asked == {}


async def test_the_next_peer_goes_on_where_one_stopped(
    peers: Peers, mine: FileContentStore, honest: RequestHandler
) -> None:
    async def stops(peer: PeerKey, message: bytes) -> bytes:
        request = Request.from_bytes(message)
        if request.offset >= MAX_RANGE_BYTES:
            raise PeerUnreachable("went away")
        return await honest(peer, message)

    first, second = peers.add(stops), peers.add(honest)
    assert await ContentFetcher(mine, peers).fetch(str(cid_of(BIG)), [first, second], GIBIBYTE) == BIG
    assert peers.asked == {first: 3, second: 2}


@pytest.mark.parametrize("content", [SMALL, BIG], ids=["small", "big"])
async def test_more_than_the_limit_is_not_taken(
    peers: Peers, mine: FileContentStore, honest: RequestHandler, content: bytes
) -> None:
    cid, peer = str(cid_of(content)), peers.add(honest)
    fetcher = ContentFetcher(mine, peers)
    with pytest.raises(ContentUnavailable, match="more than the"):
        await fetcher.fetch(cid, [peer], len(content) - 1)
    assert await fetcher.fetch(cid, [peer], len(content)) == content
    with pytest.raises(ContentUnavailable, match="more than the"):
        await fetcher.fetch(cid, [peer], len(content) - 1)


async def test_the_same_content_is_fetched_once_at_a_time(
    peers: Peers, mine: FileContentStore, honest: RequestHandler
) -> None:
    fetcher, peer = ContentFetcher(mine, peers), peers.add(honest)
    fetched = await asyncio.gather(*(fetcher.fetch(str(cid_of(BIG)), [peer], GIBIBYTE) for _ in range(5)))
    assert fetched == [BIG] * 5
    assert peers.asked == {peer: 4}


async def test_between_peers_of_one_process(mine: FileContentStore, honest: RequestHandler, tmp_path: Path) -> None:
    network = InProcessNetwork()
    reader, holder = (network.join(bytes([number]) * 32) for number in (1, 2))
    ContentServer(FileContentStore(tmp_path / "theirs"), everybody).serve_on(holder)
    assert await ContentFetcher(mine, reader).fetch(str(cid_of(BIG)), [holder.peer], GIBIBYTE) == BIG


async def test_a_text_that_is_no_cid(peers: Peers, mine: FileContentStore) -> None:
    with pytest.raises(ValueError, match="CID"):
        await ContentFetcher(mine, peers).fetch("../../etc/passwd", [], GIBIBYTE)


# ── serving ────────────────────────────────────────────────────────────────────────────────────────────────────────
@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"x" * 49,
        Request(Kind.LAYOUT, cid_of(SMALL)).to_bytes() + b"x",
        b"\x02" + Request(Kind.LAYOUT, cid_of(SMALL)).to_bytes()[1:],
        Request(Kind.LAYOUT, cid_of(SMALL), 0, 1).to_bytes(),
        Request(Kind.RANGE, cid_of(SMALL), 1, 1).to_bytes(),
        Request(Kind.RANGE, cid_of(SMALL), 0, MAX_RANGE_BYTES + 1).to_bytes(),
        Request(Kind.RANGE, Cid(0x71, bytes(32))).to_bytes(),
    ],
)
async def test_malformed_requests_are_told_so(honest: Callable[..., Awaitable[bytes]], message: bytes) -> None:
    assert await honest(ME, message) == answer(Status.MALFORMED)


async def test_ranges_and_layouts_are_served(honest: RequestHandler) -> None:
    asked = Request(Kind.RANGE, cid_of(BIG), 2 * MAX_RANGE_BYTES, MAX_RANGE_BYTES)
    assert await honest(ME, asked.to_bytes()) == answer(Status.HERE, BIG[2 * MAX_RANGE_BYTES :])
    far = Request(Kind.RANGE, cid_of(BIG), 1 << 62, 1)
    assert await honest(ME, far.to_bytes()) == answer(Status.HERE)
    layout = await honest(ME, Request(Kind.LAYOUT, cid_of(BIG)).to_bytes())
    assert layout == answer(Status.HERE, layout_body(layout_of(BIG)))
    absent = Request(Kind.LAYOUT, cid_of(b"absent"))
    assert await honest(ME, absent.to_bytes()) == answer(Status.MISSING)


async def test_who_may_not_have_it_does_not_learn_whether_it_is_here(tmp_path: Path) -> None:
    store = FileContentStore(tmp_path)
    secret = Cid.parse(await store.put(b"sealed keys"))
    asked: list[tuple[PeerKey, str]] = []

    async def friends(peer: PeerKey, cid: str) -> bool:
        asked.append((peer, cid))
        return peer == b"f" * 32

    server = ContentServer(store, friends)
    for cid in (secret, cid_of(b"absent")):
        for kind in Kind:
            assert await server.answer(ME, Request(kind, cid).to_bytes()) == answer(Status.REFUSED)
    given = await server.answer(b"f" * 32, Request(Kind.RANGE, secret, 0, 100).to_bytes())
    assert given == answer(Status.HERE, b"sealed keys")
    assert asked[0] == (ME, str(secret))


async def test_a_layout_is_computed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FileContentStore(tmp_path)
    cid = Cid.parse(await store.put(BIG))
    server = ContentServer(store, everybody)
    message = Request(Kind.LAYOUT, cid).to_bytes()
    answers = await asyncio.gather(*(server.answer(ME, message) for _ in range(5)))
    assert len(set(answers)) == 1
    monkeypatch.setattr("scatter.content.serving.layout_of", lambda content: 1 / 0)
    assert await server.answer(ME, message) == answers[0]
    for number in range(70):
        monkeypatch.undo()
        other = Cid.parse(await store.put(bytes([number]) * 10))
        await server.answer(ME, Request(Kind.LAYOUT, other).to_bytes())
    monkeypatch.setattr("scatter.content.serving.layout_of", lambda content: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        await server.answer(ME, message)
