"""Whether what a store has under a CID is the content that the CID names."""

import asyncio

from scatter.content.cids import Cid
from scatter.content.unixfs import Layout, cid_of_layout, leaf_digests, leaves_in
from scatter.ports import ContentMissing, ContentStore

PIECE_BYTES = 4 << 20
"""What is read at a time: 16 leaves."""


async def verified_layout(store: ContentStore, cid: Cid) -> Layout:
    """The layout of content, after all of it was read, a piece at a time. ContentMissing when it is not in the store; then,
    if it was damaged, it is there no more."""
    size = await store.size(str(cid))
    leaves: list[bytes] = []
    for offset in range(0, max(1, size), PIECE_BYTES):
        leaves += await asyncio.to_thread(leaf_digests, await store.read(str(cid), offset, PIECE_BYTES))
    if len(leaves) == leaves_in(size):
        layout = Layout(size, tuple(leaves))
        if cid_of_layout(layout) == cid:
            return layout
    await store.drop(str(cid))
    raise ContentMissing(f"{cid} is not here any more: it was damaged and has been removed")
