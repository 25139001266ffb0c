"""Adding a file a piece at a time."""

import random
from pathlib import Path

import pytest

from scatter.content import adding
from scatter.content.adding import FileChanged, add_file
from scatter.content.store import FileContentStore
from scatter.content.unixfs import cid_of

LEAF = 256 << 10


@pytest.mark.parametrize("size", [0, 1, LEAF, LEAF + 1, 16 * LEAF, 16 * LEAF + 1, 175 * LEAF])
async def test_the_cid_is_that_of_the_bytes(tmp_path: Path, size: int) -> None:
    content = random.Random(size).randbytes(size)  # noqa: S311
    (tmp_path / "file").write_bytes(content)
    store = FileContentStore(tmp_path / "content")
    for _ in range(2):
        assert await add_file(store, tmp_path / "file") == (str(cid_of(content)), size)
    assert await store.get(str(cid_of(content))) == content


async def test_a_file_that_changes_meanwhile_is_not_added(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FileContentStore(tmp_path / "content")
    for size in (10, 3 * LEAF):
        (tmp_path / "file").write_bytes(bytes(size))
        seen = adding._layout(tmp_path / "file")
        monkeypatch.setattr(adding, "_layout", lambda _, seen=seen: seen)
        (tmp_path / "file").write_bytes(b"\1" + bytes(size - 1))
        with pytest.raises(FileChanged):
            await add_file(store, tmp_path / "file")
        assert not await store.has(str(cid_of(bytes(size))))
        monkeypatch.undo()


async def test_a_file_beyond_the_stores_bound(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(bytes(3 * LEAF))
    with pytest.raises(ValueError, match="larger than"):
        await add_file(FileContentStore(tmp_path / "content", max_bytes=LEAF), tmp_path / "file")
