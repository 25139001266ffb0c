"""What is particular to content in files: crashes and damage."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from scatter.content.store import FileContentStore
from scatter.ports import ContentMissing


def files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


async def test_damaged_content_is_missing_and_can_be_put_again(tmp_path: Path) -> None:
    store = FileContentStore(tmp_path)
    content = bytes(1_000_000)
    cid = await store.put(content)
    (path,) = files(tmp_path)
    path.write_bytes(b"x" + content[1:])
    with pytest.raises(ContentMissing, match="damaged"):
        await store.get(cid)
    assert not await store.has(cid)
    assert await store.put(content) == cid
    assert await store.get(cid) == content


async def test_truncated_content_is_written_again(tmp_path: Path) -> None:
    store = FileContentStore(tmp_path)
    cid = await store.put(b"whole")
    (path,) = files(tmp_path)
    path.write_bytes(b"")
    await store.put(b"whole")
    assert await store.get(cid) == b"whole"


async def test_content_is_bounded(tmp_path: Path) -> None:
    store = FileContentStore(tmp_path, max_bytes=10)
    await store.put(bytes(10))
    with pytest.raises(ValueError, match="larger than 10"):
        await store.put(bytes(11))
    assert len(files(tmp_path)) == 1


async def test_a_writer_that_is_killed_leaves_no_content(tmp_path: Path) -> None:
    program = (
        "import asyncio, os, pathlib, stat\n"
        "os.fsync = lambda file: stat.S_ISREG(os.fstat(file).st_mode) and os.kill(os.getpid(), 9)\n"
        "from scatter.content.store import FileContentStore\n"
        f"asyncio.run(FileContentStore(pathlib.Path({str(tmp_path)!r})).put(bytes(1_000_000)))\n"
    )
    ended = subprocess.run([sys.executable, "-c", program], check=False)  # noqa: ASYNC221
    assert ended.returncode == -9
    (partial,) = files(tmp_path)
    assert partial.parent.name == "partial"
    store = FileContentStore(tmp_path)
    cid = await store.put(bytes(1_000_000))
    assert await store.get(cid) == bytes(1_000_000)
    assert partial.exists(), "it is young: another store may be writing it"
    an_hour_ago = time.time() - 4000
    os.utime(partial, (an_hour_ago, an_hour_ago))
    FileContentStore(tmp_path)
    assert not partial.exists()


async def test_a_failed_write_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = FileContentStore(tmp_path)

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        await store.put(bytes(1000))
    assert files(tmp_path) == []


async def test_another_store_of_the_same_place_sees_it(tmp_path: Path) -> None:
    cid = await FileContentStore(tmp_path / "content").put(b"here")
    assert await FileContentStore(tmp_path / "content").get(cid) == b"here"


async def test_what_is_here_is_listed_by_cid(tmp_path: Path) -> None:
    store = FileContentStore(tmp_path)
    assert await store.listed() == []
    cids = sorted([await store.put(bytes(size)) for size in (3, 300_000)])
    (tmp_path / "zz").mkdir()
    (tmp_path / "zz" / "a stranger's file").write_bytes(b"x")
    listed = await store.listed()
    assert [one.cid for one in listed] == cids
    assert {one.size for one in listed} == {3, 300_000}
    assert all(one.since > 1_600_000_000 for one in listed)
