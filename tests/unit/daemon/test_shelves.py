"""Where `node.toml` says that content is."""

from pathlib import Path

import pytest
from tests.ports.kubo import FakeKubo

from scatter.content.kubo import KuboUnavailable
from scatter.content.unixfs import LEAF_BYTES
from scatter.daemon.settings import StorageTable
from scatter.daemon.shelves import opened_shelf


async def test_in_the_folder(tmp_path: Path) -> None:
    async with opened_shelf(tmp_path, StorageTable()) as shelf:
        cid = await shelf.put(bytes(LEAF_BYTES + 1))
    assert [path.name for path in (tmp_path / "content").glob("??/*")] == [cid]


async def test_in_an_ipfs_node(tmp_path: Path) -> None:
    async with FakeKubo().running() as kubo, opened_shelf(tmp_path, StorageTable(kubo=kubo.url)) as shelf:
        cid = await shelf.put(bytes(LEAF_BYTES + 1))
        assert set(kubo.blocks) == {cid}
    assert list((tmp_path / "content").glob("??/*")) == []


async def test_an_ipfs_node_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(KuboUnavailable, match="no Kubo answers"):
        async with opened_shelf(tmp_path, StorageTable(kubo="http://127.0.0.1:1")):
            raise AssertionError
