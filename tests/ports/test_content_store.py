"""What every `ContentStore` does. A further implementation is added to `STORES`."""

import asyncio
import hashlib
import random
from collections.abc import Callable
from pathlib import Path

import pytest

from scatter.content.memory import ContentPool, MemoryContentStore
from scatter.content.store import FileContentStore
from scatter.ports import ContentMissing, ContentStore

STORES: dict[str, Callable[[Path], ContentStore]] = {
    "file": FileContentStore,
    "memory": lambda _: MemoryContentStore(ContentPool()),
}

KIBIBYTE = 1 << 10
ABSENT = "bafkreigy5tcgloscldzhi2iadhemu2v7dj2u5wme7vgim2jlmnxindpsfi"


@pytest.fixture(params=sorted(STORES))
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ContentStore:
    return STORES[request.param](tmp_path / "content")


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
