"""Content in Kubo: what is there and what is not, and what happens when Kubo fails."""

import random
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.ports.kubo import FakeKubo

from scatter.content.cids import Cid
from scatter.content.kubo import KuboContentStore, KuboUnavailable
from scatter.content.store import FileContentStore
from scatter.content.unixfs import LEAF_BYTES, cid_of
from scatter.content.verifying import verified_layout
from scatter.ports import ContentMissing

LARGE = random.Random(1).randbytes(LEAF_BYTES + 1)  # noqa: S311
CID = str(cid_of(LARGE))


@dataclass
class Beside:
    """A store, its folder, and Kubo beside it."""

    kubo: FakeKubo
    local: FileContentStore
    store: KuboContentStore


@pytest.fixture
async def beside(tmp_path: Path) -> AsyncIterator[Beside]:
    local = FileContentStore(tmp_path)
    async with FakeKubo().running() as kubo, KuboContentStore.opened(local, kubo.url) as store:
        yield Beside(kubo, local, store)


async def test_files_are_in_kubo_and_single_blocks_are_not(beside: Beside) -> None:
    before = int(time.time())
    small = await beside.store.put(b"sealed keys, say")
    assert await beside.store.put(LARGE) == CID
    assert set(beside.kubo.blocks) == {CID}
    assert [one.cid for one in await beside.local.listed()] == [small]
    kept = {one.cid: one for one in await beside.store.listed()}
    assert set(kept) == {small, CID}
    assert kept[CID].size == len(LARGE)
    assert before <= kept[CID].since <= time.time()


async def test_another_node_after_this_one_finds_it(beside: Beside, tmp_path: Path) -> None:
    await beside.store.put(LARGE)
    async with KuboContentStore.opened(FileContentStore(tmp_path), beside.kubo.url + "/") as again:
        assert await again.get(CID) == LARGE
        assert await again.put(LARGE) == CID
        assert len(beside.kubo.files) == 1


async def test_what_is_its_owners_is_not_here(beside: Beside) -> None:
    beside.kubo.blocks[CID] = LARGE
    beside.kubo.files["/photos/mine"] = CID
    assert not await beside.store.has(CID)
    with pytest.raises(ContentMissing):
        await beside.store.read(CID, 0, 1)
    await beside.store.put(LARGE)
    await beside.store.drop(CID)
    assert beside.kubo.files == {"/photos/mine": CID}


async def test_what_others_put_into_its_folder_is_no_content(beside: Beside) -> None:
    beside.kubo.files["/scatter/notes/1"] = beside.kubo.files[f"/scatter/{CID}/later"] = CID
    beside.kubo.blocks[CID] = LARGE
    assert [(one.cid, one.since) for one in await beside.store.listed()] == [(CID, 0.0)]


@pytest.mark.parametrize("lost", [None, LARGE[:-1], b"\0" + LARGE[1:]])
async def test_what_kubo_lost_is_missing_and_can_be_put_again(beside: Beside, lost: bytes | None) -> None:
    await beside.store.put(LARGE)
    if lost is None:
        entry = beside.kubo._entry
        beside.kubo._entry = lambda path, name: {**entry(path, name), "Size": len(LARGE)}  # type: ignore[method-assign]
        del beside.kubo.blocks[CID]
    else:
        beside.kubo.blocks[CID] = lost
    with pytest.raises(ContentMissing):
        await verified_layout(beside.store, Cid.parse(CID))
    with pytest.raises(ContentMissing):
        await beside.store.get(CID)
    await beside.store.drop(CID)
    await beside.store.put(LARGE)
    assert await beside.store.get(CID) == LARGE


@pytest.mark.parametrize("command", ["add", "files/cp"])
async def test_what_kubo_refuses_stays_in_the_folder(beside: Beside, command: str) -> None:
    beside.kubo.refuses.add(command)
    with pytest.raises(KuboUnavailable, match=f"refuses {command}: 500"):
        await beside.store.put(LARGE)
    assert await beside.store.get(CID) == LARGE
    beside.kubo.refuses.clear()
    await beside.store.put(LARGE)
    assert await beside.local.listed() == []
    assert await beside.store.get(CID) == LARGE


async def test_kubo_that_makes_other_cids_gets_nothing(beside: Beside) -> None:
    cid_in_kubo = "bafkreigy5tcgloscldzhi2iadhemu2v7dj2u5wme7vgim2jlmnxindpsfi"
    beside.kubo._add = other(cid_in_kubo)  # type: ignore[method-assign]
    with pytest.raises(KuboUnavailable, match=f"made {cid_in_kubo} of the content that is {CID}"):
        await beside.store.put(LARGE)
    assert beside.kubo.files == {}


def other(cid: str):  # type: ignore[no-untyped-def]
    from aiohttp import web

    async def add(request: web.Request) -> web.Response:
        await request.read()
        return web.json_response({"Hash": cid})

    return add


async def test_nobody_is_there(tmp_path: Path) -> None:
    with pytest.raises(KuboUnavailable, match="no Kubo answers at"):
        async with KuboContentStore.opened(FileContentStore(tmp_path), "http://127.0.0.1:1"):
            raise AssertionError


async def test_somebody_else_is_there(tmp_path: Path) -> None:
    kubo = FakeKubo()
    async with kubo.running():
        with pytest.raises(KuboUnavailable, match="refuses version: 404"):
            async with KuboContentStore.opened(FileContentStore(tmp_path), f"{kubo.url}/elsewhere"):
                raise AssertionError
