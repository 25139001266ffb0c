"""What both sides of a transfer are tested with: some contents, and a peer that has them all."""

import random
from pathlib import Path

import pytest

from scatter.content.messages import MAX_RANGE_BYTES
from scatter.content.serving import ContentServer
from scatter.content.store import FileContentStore
from scatter.ports import PeerKey, RequestHandler

ME = bytes(32)
SMALL = b"small content"
BIG = random.Random(1).randbytes(2 * MAX_RANGE_BYTES + 300_000)  # noqa: S311
CONTENTS = {"small": SMALL, "big": BIG, "empty": b"", "exactly two ranges": BIG[: 2 * MAX_RANGE_BYTES]}


async def everybody(peer: PeerKey, cid: str) -> bool:
    return True


@pytest.fixture
async def honest(tmp_path: Path) -> RequestHandler:
    store = FileContentStore(tmp_path / "theirs")
    for content in CONTENTS.values():
        await store.put(content)
    return ContentServer(store, everybody).answer
