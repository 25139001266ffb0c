"""Fetching from peers, most of which do not mean well."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from pathlib import Path

import cbor2
import pytest

from scatter.content.cids import Cid
from scatter.content.fetching import ContentFetcher, ContentUnavailable
from scatter.content.messages import (
    MAX_RANGE_BYTES,
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
        return said if is_layout(request) or b"content" not in said else range_answer(change(range_from(said)))

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


# ── serving ────────────────────────────────────────────────────────────────────────────────────────────────────────
def asking(**fields: object) -> bytes:
    return cbor2.dumps({"cid": bytes(cid_of(SMALL)), **fields})


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"x" * 49,
        Request.for_layout(cid_of(SMALL)).to_bytes() + b"x",
        asking(offset=0),
        asking(length=1),
        asking(offset=1, length=1),
        asking(offset=-262_144, length=1),
        asking(offset=1 << 70, length=1),
        asking(offset=0, length=MAX_RANGE_BYTES + 1),
        asking(offset=0.0, length=1),
        asking(offset=False, length=1),
        asking(offset="0", length=1),
        asking(other=1),
        asking(cid=bytes(Cid(0x71, bytes(32)))),
        asking(cid=str(cid_of(SMALL))),
        asking(cid=b""),
        cbor2.dumps({1: b"", "cid": bytes(cid_of(SMALL))}),
        cbor2.dumps([bytes(cid_of(SMALL))]),
        cbor2.dumps(bytes(cid_of(SMALL))),
        cbor2.dumps(cbor2.CBORTag(55799, {"cid": bytes(cid_of(SMALL))})),
        cbor2.dumps({"cid": cbor2.CBORTag(35, "(a+)+$")}),
        b"\xa1\x63cid" * 2,
        b"\xbf" + asking()[1:] + b"\xff",
        b"\xa2" + 2 * asking()[1:],
        b"\x81" * 10_000,
        b"\x5b" + b"\xff" * 8,
    ],
)
async def test_malformed_requests_are_told_so(honest: Callable[..., Awaitable[bytes]], message: bytes) -> None:
    assert await honest(ME, message) == refusal(Status.MALFORMED)


async def test_ranges_and_layouts_are_served(honest: RequestHandler) -> None:
    asked = Request.for_range(cid_of(BIG), 2 * MAX_RANGE_BYTES, MAX_RANGE_BYTES)
    assert await honest(ME, asked.to_bytes()) == range_answer(BIG[2 * MAX_RANGE_BYTES :])
    far = Request.for_range(cid_of(BIG), 1 << 62, 1)
    assert await honest(ME, far.to_bytes()) == range_answer(b"")
    layout = await honest(ME, Request.for_layout(cid_of(BIG)).to_bytes())
    assert layout == layout_answer(layout_of(BIG))
    absent = Request.for_layout(cid_of(b"absent"))
    assert await honest(ME, absent.to_bytes()) == refusal(Status.MISSING)


def test_messages_look_as_the_documentation_says() -> None:
    """Other implementations are written from docs/wire-protocol.md."""
    cid = cid_of(SMALL)
    assert Request.for_layout(cid).to_bytes() == b"\xa1\x63cid\x58\x24" + bytes(cid)
    asked = Request.for_range(cid, 262_144, 5).to_bytes()
    assert asked == b"\xa3\x63cid\x58\x24" + bytes(cid) + b"\x66length\x05\x66offset\x1a\x00\x04\x00\x00"
    assert refusal(Status.MISSING) == b"\xa1\x66status\x67missing"
    assert range_answer(b"ab") == b"\xa2\x66status\x64here\x67content\x42ab"
    assert layout_answer(layout_of(SMALL)) == (
        b"\xa3\x64size\x0d\x66leaves\x58\x20" + cid.digest + b"\x66status\x64here"
    )


async def test_who_may_not_have_it_does_not_learn_whether_it_is_here(tmp_path: Path) -> None:
    store = FileContentStore(tmp_path)
    secret = Cid.parse(await store.put(b"sealed keys"))
    asked: list[tuple[PeerKey, str]] = []

    async def friends(peer: PeerKey, cid: str) -> bool:
        asked.append((peer, cid))
        return peer == b"f" * 32

    server = ContentServer(store, friends)
    for cid in (secret, cid_of(b"absent")):
        for request in (Request.for_layout(cid), Request.for_range(cid, 0, 1)):
            assert await server.answer(ME, request.to_bytes()) == refusal(Status.REFUSED)
    given = await server.answer(b"f" * 32, Request.for_range(secret, 0, 100).to_bytes())
    assert given == range_answer(b"sealed keys")
    assert asked[0] == (ME, str(secret))


async def test_a_layout_is_computed_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FileContentStore(tmp_path)
    cid = Cid.parse(await store.put(BIG))
    server = ContentServer(store, everybody)
    message = Request.for_layout(cid).to_bytes()
    answers = await asyncio.gather(*(server.answer(ME, message) for _ in range(5)))
    assert len(set(answers)) == 1
    broken = "scatter.content.serving.verified_layout"
    monkeypatch.setattr(broken, lambda store, cid: 1 / 0)
    assert await server.answer(ME, message) == answers[0]
    for number in range(70):
        monkeypatch.undo()
        other = Cid.parse(await store.put(bytes([number]) * 10))
        await server.answer(ME, Request.for_layout(other).to_bytes())
    monkeypatch.setattr(broken, lambda store, cid: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        await server.answer(ME, message)


async def test_a_file_that_rotted_is_not_handed_out(tmp_path: Path) -> None:
    store = FileContentStore(tmp_path)
    cid = Cid.parse(await store.put(BIG))
    with (tmp_path / str(cid)[-2:] / str(cid)).open("r+b") as file:
        file.write(b"rotten")
    server = ContentServer(store, everybody)
    assert await server.answer(ME, Request.for_layout(cid).to_bytes()) == refusal(Status.MISSING)
    assert not await store.has(str(cid))
