"""Serving peers, most of which do not mean well."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import cbor2
import pytest
from tests.unit.content.conftest import BIG, ME, SMALL, everybody

from scatter.content.cids import Cid
from scatter.content.messages import (
    MAX_RANGE_BYTES,
    Request,
    Status,
    layout_answer,
    range_answer,
    refusal,
)
from scatter.content.serving import ContentServer
from scatter.content.store import FileContentStore
from scatter.content.unixfs import cid_of, layout_of
from scatter.ports import PeerKey, RequestHandler


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
