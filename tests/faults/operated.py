"""Nodes on hosts of their own, each started as an operator starts one, and watched over its API."""

import asyncio
import shutil
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.faults.hosts import MIDDLE, Network

from scatter.chain.deployment import DEVELOPMENT_CHAIN_ID
from scatter.chain.launching import dying_with_parent
from scatter.client.errors import ApiUnreachable
from scatter.client.node_client import NodeClient
from scatter.daemon.errors import AlreadyRunning
from scatter.daemon.lock import running_api
from scatter.daemon.token import read_token
from scatter.localnet.cast import Player
from scatter.localnet.ground import secret_of
from scatter.localnet.homes import TOKEN, Neighbourhood
from scatter.node.secrets import seeded_secrets
from scatter.p2p.identity import PeerIdentity

CHAIN_PORT = 8545
PATIENCE = 300.0
PIECE = 1 << 16


@dataclass
class OperatedNode:
    """A node's process, what it said that it did, and whether it is idle, as of which block."""

    name: str
    host: int
    home: Path
    process: Process
    did: list[tuple[str, int]] = field(default_factory=list)
    idle: bool = False
    block: int = -1
    _changed: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def api(self) -> AsyncIterator[NodeClient]:
        """Its API; ApiUnreachable while it does not run."""
        url = None
        with suppress(AlreadyRunning):
            url = running_api(self.home)
        if url is None:
            raise ApiUnreachable(f"the API of {self.name} is not there")
        async with NodeClient(url, read_token(self.home / TOKEN)) as client:
            yield client

    async def follow(self) -> None:
        """Hear what happens, until cancelled."""
        while True:
            with suppress(ApiUnreachable):
                async with self.api() as client:
                    async for event in client.events():
                        self._hear(event.name, event.data)
            await asyncio.sleep(0.2)

    def _hear(self, name: str, data: Mapping[str, Any]) -> None:
        if name == "state":
            self.idle, self.block = data["idle"], data["block"]
        elif data["progress"] == "done":
            self.did.append((data["kind"], data["round"]))
        self._changed.set()

    async def until(self, holds: Callable[["OperatedNode"], bool]) -> None:
        """Wait until something holds of it; its log when that takes too long."""
        try:
            async with asyncio.timeout(PATIENCE):
                while not holds(self):
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(f"{self.name} did {self.did}: {self.said()[-3000:]}") from None

    async def until_connected(self, others: int) -> None:
        """Wait until it is connected to so many others."""
        async with asyncio.timeout(PATIENCE):
            while True:
                with suppress(ApiUnreachable):
                    async with self.api() as client:
                        if len(await client.everything("/peers")) >= others:
                            return
                await asyncio.sleep(0.2)

    def said(self) -> str:
        """Its log."""
        return (self.home / "log.txt").read_text(errors="replace")


@dataclass(frozen=True)
class Village:
    """Hosts, and what their nodes are told: the chain's address, and that of the first node, which is all they know of others."""

    network: Network
    folder: Path
    seed: int

    @asynccontextmanager
    async def nodes(self, players: Mapping[int, Player]) -> AsyncIterator[list[OperatedNode]]:
        """Run nodes by host until the block ends. The first one is known to the others."""
        first = next(iter(players))
        secrets = seeded_secrets(secret_of(self.seed) + players[first].name.encode(), DEVELOPMENT_CHAIN_ID)
        known = f"{self.network.listen(first)}/p2p/{PeerIdentity.from_seed(secrets('peer')).peer_id}"
        chain = f"http://{self.network.address(MIDDLE)}:{CHAIN_PORT}"
        around = Neighbourhood(self.folder, self.seed, chain, known)
        async with AsyncExitStack() as stack:
            made = []
            for host, player in players.items():
                node = await self._start(host, player.name, around.furnish(player))
                stack.push_async_callback(_end, node.process)
                made.append(node)
            watching = [asyncio.create_task(node.follow()) for node in made]
            try:
                yield made
            finally:
                for task in watching:
                    task.cancel()
                await asyncio.gather(*watching, return_exceptions=True)

    async def _start(self, host: int, name: str, home: Path) -> OperatedNode:
        here = ["--set", f"peers.listen={self.network.listen(host)}", "--set", f"api.host={self.network.desk(host)}"]
        enter, *within = self.network.on(host)
        command = [_program(enter), *within, sys.executable, "-m", "scatter", "node", "run", str(home), *here]
        with (home / "log.txt").open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *dying_with_parent(command), stdin=DEVNULL, stdout=DEVNULL, stderr=log, start_new_session=True
            )
        return OperatedNode(name, host, home, process)


@asynccontextmanager
async def passed_on(address: str, url: str) -> AsyncIterator[None]:
    """Let all hosts reach a chain's server, which listens on the machine's own loopback only."""
    target, _, port = url.removeprefix("http://").partition(":")

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        there, back = await asyncio.open_connection(target, int(port))
        await asyncio.gather(_pump(reader, back), _pump(there, writer))

    server = await asyncio.start_server(meet, address, CHAIN_PORT)
    try:
        yield
    finally:
        server.close()


async def _pump(source: asyncio.StreamReader, target: asyncio.StreamWriter) -> None:
    with suppress(ConnectionError):
        while piece := await source.read(PIECE):
            target.write(piece)
            await target.drain()
    target.close()


async def _end(process: Process) -> None:
    if process.returncode is None:
        process.terminate()
    await asyncio.wait_for(process.wait(), PATIENCE)


def _program(name: str) -> str:
    path = shutil.which(name)
    assert path is not None
    return path
