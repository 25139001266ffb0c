"""A peer on js-libp2p that was written from docs/wire-protocol.md (peer.mjs, unixfs.mjs) and shares no code with the nodes."""

import asyncio
import json
import random
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from tests.faults.peers import LOOPBACK, peer

from scatter.content.memory import ContentPool, MemoryContentStore
from scatter.content.messages import MAX_RANGE_BYTES, PROTOCOL, Request
from scatter.content.serving import ContentServer
from scatter.content.unixfs import LEAF_BYTES, LINKS
from scatter.p2p.identity import PeerIdentity
from scatter.p2p.libp2p_network import Libp2pNetwork
from scatter.p2p.settings import PeerSettings
from scatter.ports import PeerKey

HERE = Path(__file__).parent
OLDEST_NODE = 22
PATIENCE = 60
BEYOND_ONE_PARENT = LINKS * LEAF_BYTES + 1
SIZES = (0, 5, LEAF_BYTES, LEAF_BYTES + 1, MAX_RANGE_BYTES, 2 * MAX_RANGE_BYTES + 54_321, BEYOND_ONE_PARENT)


def node() -> str | None:
    """A Node.js that is new enough: the wheel's beside this Python, or the system's."""
    for found in (shutil.which("node", path=str(Path(sys.executable).parent)), shutil.which("node")):
        if found is None:
            continue
        version = subprocess.run(
            [found, "--version"], capture_output=True, text=True, timeout=PATIENCE, check=True
        ).stdout
        if int(version.removeprefix("v").split(".")[0]) >= OLDEST_NODE:
            return found
    return None


NODE = node()
pytestmark = [
    pytest.mark.skipif(NODE is None, reason=f"there is no Node.js >= {OLDEST_NODE}: `make test` installs it"),
    pytest.mark.skipif(
        not (HERE / "node_modules" / "libp2p").is_dir(),
        reason="js-libp2p is not installed: `make test` does it with npm",
    ),
]


class JsPeer:
    """The running script. It says a line when it has met a node, and one when it has the file."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def says(self) -> Any:
        """The next line; what it complains of when there is none."""
        assert self._process.stdout is not None
        if line := await asyncio.wait_for(self._process.stdout.readline(), PATIENCE):
            return json.loads(line)
        assert self._process.stderr is not None
        return (await self._process.stderr.read()).decode().strip()

    async def ends(self) -> int:
        """Its exit code, once it is told that nobody needs it."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        return await asyncio.wait_for(self._process.wait(), PATIENCE)


@asynccontextmanager
async def js_peer(address: str, cid: str, file: Path) -> AsyncIterator[JsPeer]:
    """A peer that dials a multiaddr, and writes content to a file once all of it is verified."""
    assert NODE is not None
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(
        *(NODE, str(HERE / "peer.mjs"), address, cid, str(file)), stdin=pipe, stdout=pipe, stderr=pipe
    )
    try:
        yield JsPeer(process)
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def test_each_says_who_it_is(tmp_path: Path) -> None:
    async with peer(tmp_path / "node") as asked:
        cid = await asked.do("put", seed=1, size=5)
        async with js_peer(asked.addresses[0], cid, tmp_path / "file") as js:
            met = await js.says()
            assert met["node"] == asked.identity.peer_id
            assert {PROTOCOL, "/ipfs/id/1.0.0", "/ipfs/kad/1.0.0"} <= set(met["protocols"])
            assert await asked.do("connected") == [met["me"]]
            assert await js.says() == {"fetched": 5}
            assert await js.ends() == 0


@pytest.mark.parametrize("size", SIZES)
async def test_it_fetches_a_file_by_its_cid(size: int, tmp_path: Path) -> None:
    async with peer(tmp_path / "node") as asked:
        cid = await asked.do("put", seed=2, size=size)
        async with js_peer(asked.addresses[0], cid, tmp_path / "file") as js:
            await js.says()
            assert await js.says() == {"fetched": size}
            assert await js.ends() == 0
        assert (tmp_path / "file").read_bytes() == random.Random(2).randbytes(size)  # noqa: S311
        ranges = [offset for offset in asked.served if offset is not None]
        assert ranges == list(range(0, max(1, size), MAX_RANGE_BYTES))


async def test_what_is_not_there_is_missing(tmp_path: Path) -> None:
    elsewhere = await MemoryContentStore(ContentPool()).put(b"elsewhere")
    async with peer(tmp_path / "node") as asked, js_peer(asked.addresses[0], elsewhere, tmp_path / "file") as js:
        await js.says()
        assert await js.says() == "the content is missing"
        assert await js.ends() == 1


@pytest.mark.parametrize("size", [LEAF_BYTES, 3 * LEAF_BYTES])
async def test_it_keeps_nothing_of_a_file_with_a_wrong_block(size: int, tmp_path: Path) -> None:
    store = MemoryContentStore(ContentPool())
    cid = await store.put(random.Random(3).randbytes(size))  # noqa: S311
    honest = ContentServer(store, _everybody)

    async def lie(asking: PeerKey, message: bytes) -> bytes:
        answer = bytearray(await honest.answer(asking, message))
        if Request.from_bytes(message).offset is not None:
            answer[-1] ^= 1
        return bytes(answer)

    settings = PeerSettings(listen=(LOOPBACK,))
    async with Libp2pNetwork.running(PeerIdentity.random(), settings) as liar:
        liar.serve(PROTOCOL, lie)
        async with js_peer((await liar.addresses())[0], cid, tmp_path / "file") as js:
            await js.says()
            assert await js.says() == f"wrong block at {size - LEAF_BYTES}"
            assert await js.ends() == 1
    assert not (tmp_path / "file").exists()


async def _everybody(asking: PeerKey, cid: str) -> bool:
    return True
