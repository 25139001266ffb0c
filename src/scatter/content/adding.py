"""Adding a file to a store, a piece at a time, whatever its size."""

import asyncio
from pathlib import Path

from scatter.content.cids import Cid
from scatter.content.unixfs import LEAF_BYTES, Layout, cid_of_layout, leaf_digests
from scatter.content.verifying import PIECE_BYTES
from scatter.ports import ContentStore


class FileChanged(ValueError):
    """A file changed while it was added; nothing was added."""


async def add_file(store: ContentStore, file: Path) -> tuple[str, int]:
    """Have a file's bytes in the store: their CID and how many there are. The file is read twice, never whole. OSError when it
    cannot be read, ValueError when it is larger than the store takes, FileChanged."""
    layout = await asyncio.to_thread(_layout, file)
    cid = cid_of_layout(layout)
    if layout.size <= LEAF_BYTES:
        if await store.put(await asyncio.to_thread(file.read_bytes)) != str(cid):
            raise FileChanged(f"{file} changed while it was added")
    elif not await store.has(str(cid)):
        await _copy(store, file, layout, cid)
    return str(cid), layout.size


async def _copy(store: ContentStore, file: Path, layout: Layout, cid: Cid) -> None:
    incoming = await store.receive(str(cid), layout.size)
    try:
        with await asyncio.to_thread(file.open, "rb") as opened:
            for offset in range(0, layout.size, PIECE_BYTES):
                piece = await asyncio.to_thread(opened.read, PIECE_BYTES)
                first = offset // LEAF_BYTES
                known = layout.leaves[first : first + PIECE_BYTES // LEAF_BYTES]
                if await asyncio.to_thread(leaf_digests, piece) != list(known):
                    raise FileChanged(f"{file} changed while it was added")
                await incoming.write(offset, piece)
        await incoming.finish()
    finally:
        await incoming.leave()


def _layout(file: Path) -> Layout:
    leaves: list[bytes] = []
    size = 0
    with file.open("rb") as opened:
        while (piece := opened.read(PIECE_BYTES)) or not leaves:
            leaves += leaf_digests(piece)
            size += len(piece)
    return Layout(size, tuple(leaves))
