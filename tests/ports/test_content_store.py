"""What every `ContentStore` does. A further implementation is added to `STORES`."""

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.ports.kubo import FakeKubo

from scatter.content.kubo import KuboContentStore
from scatter.content.memory import ContentPool, MemoryContentStore
from scatter.content.store import FileContentStore
from scatter.content.unixfs import cid_of
from scatter.ports import ContentMissing, ContentStore


@asynccontextmanager
async def in_a_folder(folder: Path) -> AsyncIterator[ContentStore]:
    yield FileContentStore(folder)


@asynccontextmanager
async def in_memory(folder: Path) -> AsyncIterator[ContentStore]:
    yield MemoryContentStore(ContentPool())


@asynccontextmanager
async def in_kubo(folder: Path) -> AsyncIterator[ContentStore]:
    async with FakeKubo().running() as kubo, KuboContentStore.opened(FileContentStore(folder), kubo.url) as store:
        yield store


STORES = {"file": in_a_folder, "memory": in_memory, "kubo": in_kubo}

KIBIBYTE = 1 << 10
ABSENT = "bafkreigy5tcgloscldzhi2iadhemu2v7dj2u5wme7vgim2jlmnxindpsfi"


@pytest.fixture(params=sorted(STORES))
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ContentStore]:
    async with STORES[request.param](tmp_path / "content") as made:
        yield made


@pytest.fixture
def content() -> bytes:
    return random.Random(7).randbytes(700 * KIBIBYTE + 1)  # noqa: S311


@pytest.mark.parametrize("size", [0, 1, 256 * KIBIBYTE, 256 * KIBIBYTE + 1, 3 << 20])
async def test_what_is_put_comes_back(store: ContentStore, size: int) -> None:
    content = random.Random(size).randbytes(size)  # noqa: S311
    cid = await store.put(content)
    assert cid.startswith("bafkrei" if size <= 256 * KIBIBYTE else "bafybei")
    assert await store.has(cid)
    assert await store.size(cid) == size
    assert await store.get(cid) == content


async def test_a_block_is_named_by_its_digest(store: ContentStore) -> None:
    cid = await store.put(b"{}")
    assert cid == "bafkreicecnx2gvntm6fbcrvnc336qze6st5u7qq7457igegamd3bzkx7ri"
    assert hashlib.sha256(b"{}").hexdigest()[:8] == "44136fa3"


async def test_the_same_content_is_kept_once(store: ContentStore, content: bytes) -> None:
    cids = await asyncio.gather(*(store.put(content) for _ in range(10)))
    assert len(set(cids)) == 1
    assert await store.get(cids[0]) == content


async def test_ranges(store: ContentStore, content: bytes) -> None:
    cid = await store.put(content)
    assert await store.read(cid, 0, 10) == content[:10]
    assert await store.read(cid, 262_140, 10) == content[262_140:262_150]
    assert await store.read(cid, len(content) - 5, 100) == content[-5:]
    assert await store.read(cid, len(content), 1) == b""
    assert await store.read(cid, 1 << 64, 1) == b""
    assert await store.read(cid, 0, 0) == b""


@pytest.mark.parametrize("size", [0, 5, 700 * KIBIBYTE + 1, (4 << 20) + 7])
async def test_what_comes_in_pieces(store: ContentStore, size: int) -> None:
    content = random.Random(size).randbytes(size)  # noqa: S311
    cid, pieces = str(cid_of(content)), range(0, size, 1 << 20)
    incoming = await store.receive(cid, size)
    for offset in reversed(pieces):
        await incoming.write(offset, content[offset : offset + (1 << 20)])
        assert await incoming.read(offset, 1 << 20) == content[offset : offset + (1 << 20)]
    assert not await store.has(cid)
    await incoming.finish()
    await incoming.leave()
    assert await store.get(cid) == content


@pytest.mark.parametrize("size", [5, 700 * KIBIBYTE + 1])
async def test_what_is_dropped_is_gone(store: ContentStore, size: int) -> None:
    cid = await store.put(bytes(size))
    await store.drop(cid)
    assert not await store.has(cid)
    await store.drop(cid)
    assert await store.put(bytes(size)) == cid
    assert await store.get(cid) == bytes(size)


@pytest.mark.parametrize(("offset", "length"), [(-1, 1), (0, -1)])
async def test_impossible_ranges(store: ContentStore, offset: int, length: int) -> None:
    cid = await store.put(b"x")
    with pytest.raises(ValueError, match="range"):
        await store.read(cid, offset, length)


async def test_what_is_not_here_is_missing(store: ContentStore) -> None:
    assert not await store.has(ABSENT)
    for ask in (store.get(ABSENT), store.size(ABSENT), store.read(ABSENT, 0, 1)):
        with pytest.raises(ContentMissing, match=ABSENT):
            await ask


@pytest.mark.parametrize(
    "text", ["", "../../etc/passwd", ABSENT.upper(), ABSENT + "a", ABSENT[:-1] + "j", "Qm" + "a" * 44]
)
async def test_a_text_that_is_no_cid(store: ContentStore, text: str) -> None:
    for ask in (store.get(text), store.has(text), store.size(text), store.read(text, 0, 1)):
        with pytest.raises(ValueError, match="not a CID"):
            await ask
