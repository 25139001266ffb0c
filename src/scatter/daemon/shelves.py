"""Where a node's content is: in its folder, or most of it in an IPFS node beside it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from scatter.content.store import FileContentStore
from scatter.daemon.settings import StorageTable
from scatter.ports import ContentShelf


@asynccontextmanager
async def opened_shelf(folder: Path, storage: StorageTable) -> AsyncIterator[ContentShelf]:
    """The content of the node in a folder, until the block ends. KuboUnavailable when its IPFS node does not answer."""
    local = await asyncio.to_thread(FileContentStore, folder / storage.content)
    if storage.kubo is None:
        yield local
        return
    from scatter.content.kubo import KuboContentStore

    async with KuboContentStore.opened(local, storage.kubo) as store:
        yield store
