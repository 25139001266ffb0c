"""What `scatter content` does: asked of the node that runs in a folder, or done in the folder while none does."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from scatter.cli.asking import client_of
from scatter.cli.failures import BadOption, NotHere
from scatter.content.adding import FileChanged, add_file
from scatter.content.cids import Cid, InvalidCid
from scatter.content.store import MAX_BYTES
from scatter.content.verifying import PIECE_BYTES, verified_layout
from scatter.daemon.errors import NodeFolderUnusable
from scatter.daemon.lock import alone_in, running_api
from scatter.daemon.reading import read_settings
from scatter.daemon.settings import FILE, StorageTable
from scatter.daemon.shelves import opened_shelf
from scatter.node.housekeeping import PINNED
from scatter.ports import ContentMissing, ContentShelf
from scatter.storage.artefacts import SqlArtefacts
from scatter.storage.database import Database


async def add_content(folder: Path, file: Path, pin: bool) -> tuple[str, int]:
    """CID and size of a file's content, which is in the node's store from then on."""
    _require_readable(file)
    if running_api(folder) is not None:
        query = {"pin": "true" if pin else "false"}
        async with client_of(folder) as client:
            added = await client.ask("POST", "/content", body=file, query=query)
        return added["cid"], added["size"]
    async with _at_rest(folder) as (store, artefacts):
        try:
            cid, size = await add_file(store, file)
        except FileChanged as error:
            raise BadOption(str(error)) from error
        if pin:
            await artefacts.keep(PINNED + cid, b"")
        return cid, size


async def get_content(folder: Path, cid: str, target: Path) -> int:
    """Write content to a file, whole or not at all; its size."""
    _require_cid(cid)
    draft = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        with draft.open("xb") as file:
            async for piece in _pieces(folder, cid):
                file.write(piece)
        size = draft.stat().st_size
        draft.replace(target)
    except OSError as error:
        if isinstance(error, ConnectionError):
            raise
        raise BadOption(f"{target} cannot be written: {error.strerror}") from error
    finally:
        draft.unlink(missing_ok=True)
    return size


async def list_content(folder: Path) -> list[dict[str, Any]]:
    """All content, as the API lists it."""
    if running_api(folder) is not None:
        async with client_of(folder) as client:
            return await client.everything("/content")
    async with _at_rest(folder) as (store, artefacts):
        pinned = await artefacts.keys(PINNED)
        return [
            {"cid": one.cid, "size": one.size, "pinned": PINNED + one.cid in pinned} for one in await store.listed()
        ]


async def pin_content(folder: Path, cid: str, stays: bool) -> None:
    """Pin content, or unpin it."""
    _require_cid(cid)
    if running_api(folder) is not None:
        async with client_of(folder) as client:
            await client.ask("PUT" if stays else "DELETE", f"/content/{cid}/pin")
        return
    async with _at_rest(folder) as (store, artefacts):
        if not await store.has(cid):
            raise NotHere(f"{cid} is not in {folder}")
        if stays:
            await artefacts.keep(PINNED + cid, b"")
        else:
            await artefacts.forget(PINNED + cid)


async def collect_content(folder: Path, older_than: float) -> dict[str, Any]:
    """Let the node that runs in the folder drop what it does not need; what it dropped, as the API says it."""
    async with client_of(folder) as client:
        dropped: dict[str, Any] = await client.ask("POST", "/content/gc", wish={"older_than_seconds": older_than})
        return dropped


async def _pieces(folder: Path, cid: str) -> AsyncIterator[bytes]:
    if running_api(folder) is not None:
        async with client_of(folder) as client:
            await client.ask("PUT", f"/content/{cid}")
            async for piece in client.download(f"/content/{cid}"):
                yield piece
        return
    async with _at_rest(folder) as (store, _):
        try:
            size = (await verified_layout(store, Cid.parse(cid))).size
        except ContentMissing:
            raise NotHere(f"{cid} is not in {folder}, and no node runs there that could fetch it") from None
        for offset in range(0, size, PIECE_BYTES):
            yield await store.read(cid, offset, PIECE_BYTES)


@asynccontextmanager
async def _at_rest(folder: Path) -> AsyncIterator[tuple[ContentShelf, SqlArtefacts]]:
    """The content and artefacts of a node that does not run; of one to be, where there is none yet."""
    try:
        await asyncio.to_thread(folder.mkdir, 0o700, True, True)
    except OSError as error:
        raise NodeFolderUnusable(f"{folder} is no folder that a node can use: {error.strerror}") from error
    storage = StorageTable()
    if (folder / FILE).exists():
        storage = read_settings(folder, {}, os.environ).node.storage
    with alone_in(folder):
        async with (
            await Database.open(folder / storage.database) as database,
            opened_shelf(folder, storage) as shelf,
        ):
            yield shelf, SqlArtefacts(database)


def _require_readable(file: Path) -> None:
    try:
        with file.open("rb"):
            size = file.stat().st_size
    except OSError as error:
        raise BadOption(f"{file} cannot be read: {error.strerror}") from error
    if size > MAX_BYTES:
        raise BadOption(f"{file} has {size} bytes; content has at most {MAX_BYTES}")


def _require_cid(cid: str) -> None:
    try:
        Cid.parse(cid)
    except InvalidCid as error:
        raise BadOption(str(error)) from error
