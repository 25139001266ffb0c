"""A network of nodes that are processes of their own, each with its database, over libp2p on loopback and a development chain.

Nodes are started with `scatter node run`, as an operator starts one, and are asked over their API. One that ends stays away:
the others go on without it, as they would without anybody else's.
"""

import asyncio
import os
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from scatter.chain.launching import dying_with_parent
from scatter.client.errors import ApiUnreachable
from scatter.client.node_client import NodeClient
from scatter.daemon.errors import AlreadyRunning
from scatter.daemon.lock import running_api
from scatter.daemon.token import read_token
from scatter.jobs.folder import JobPackage
from scatter.localnet.cast import REQUESTOR, Player
from scatter.localnet.errors import ProcessEnded
from scatter.localnet.ground import Ground, accounts_of, beside, on_ground
from scatter.localnet.homes import IDENTITY, LOOPBACK, TOKEN, Neighbourhood
from scatter.localnet.network import LocalNetwork, Running
from scatter.localnet.settings import JOB_FILE
from scatter.node.reports import Progress, Report
from scatter.node.tasks import duty_of
from scatter.p2p.identity_file import create_identity
from scatter.protocol.ids import Address

START_SECONDS = 120.0
"""Longest that nodes may take to start and to meet: many begin at once on few cores."""
STOP_SECONDS = 15.0
LOOK_SECONDS = 0.2
ACQUAINTANCES = 3
"""So many others each node is connected to before the network counts as met."""
BOOTSTRAP = "bootstrap"
LOG = "log.txt"

Note = Callable[[str], None]


@dataclass(slots=True)
class NodeProcess:
    """A node as its keeper sees it: whether it is idle, as of which block."""

    name: str
    home: Path
    process: Process
    idle: bool = False
    block: int = -1
    met: asyncio.Event = field(default_factory=asyncio.Event)
    may_end: bool = False
    ended: asyncio.Event = field(default_factory=asyncio.Event)

    def last_words(self) -> str:
        """The last line of its log."""
        lines = (self.home / LOG).read_text(errors="replace").strip().splitlines()
        return lines[-1] if lines else "it said nothing"


@dataclass(frozen=True, slots=True)
class RunningProcesses:
    """Nodes at work, each in its process."""

    ground: Ground
    network: LocalNetwork
    processes: Mapping[str, NodeProcess]
    accounts: Mapping[str, Address]

    async def post(self, package: JobPackage) -> None:
        """Let the requestor post a job, and wait until the view shows it."""
        del package  # the requestor reads the same archive that it was loaded from
        home = self.processes[REQUESTOR].home
        async with _client(home) as client:
            await client.ask("POST", "/jobs", body=self.network.folder / JOB_FILE)

    async def all_idle(self) -> bool:
        """Whether every node that is there has seen the newest block and waits for the next, or for the clock."""
        head = self.ground.miner.head.number
        there = [process for process in self.processes.values() if not process.ended.is_set()]
        return all(process.idle and process.block >= head for process in there)

    @asynccontextmanager
    async def afterwards(self) -> AsyncIterator[Running]:
        """Everything that nodes have, once the job is over: they end, and their folders are opened here."""
        for process in self.processes.values():
            process.may_end = True
        await _end([process.process for process in self.processes.values()])
        async with AsyncExitStack() as stack:
            yield await self.network.stage(stack, self.ground)


@dataclass(frozen=True, slots=True)
class ProcessNetwork:
    """The same network, with each of its nodes in a process."""

    network: LocalNetwork
    note: Note

    @asynccontextmanager
    async def run(self) -> AsyncIterator[RunningProcesses]:
        """Start everything, or take it up again where it was killed; end everything on leaving. ProcessEnded when a node does not
        start, or when the requestor's ends; what ends the chain or its clock ends the block with the same error."""
        network = self.network
        async with AsyncExitStack() as stack:
            ground = await stack.enter_async_context(on_ground(network.folder, network.seed))
            accounts = accounts_of([player.name for player in network.players], network.seed)
            await ground.hand_out(accounts, network.tokens)
            started: list[Process] = []
            stack.push_async_callback(_end, started)
            bootstrap = await _start_bootstrap(started, network.folder)
            around = Neighbourhood(network.folder, network.seed, ground.miner.url, bootstrap)
            processes = {player.name: await _start(started, around, player) for player in network.players}
            self.note(f"{len(processes)} nodes start, each in a process of its own")
            await stack.enter_async_context(beside(self._keep(processes.values())))
            await _until_met(processes)
            self.note("the peers have met")
            running = RunningProcesses(ground, network, processes, accounts)
            ground.clock.watch(ground.view, running.all_idle)
            yield running

    async def _keep(self, processes: Collection[NodeProcess]) -> None:
        """Follow all nodes. ProcessEnded when the requestor's ends, or one that had not met the others yet."""
        acquaintances = min(ACQUAINTANCES, len(processes) - 1)
        async with asyncio.TaskGroup() as group:
            for process in processes:
                group.create_task(self._wait(process))
                group.create_task(self._follow(process, acquaintances))

    async def _wait(self, process: NodeProcess) -> None:
        code = await process.process.wait()
        process.ended.set()
        if process.may_end:
            return
        if process.name == REQUESTOR or not process.met.is_set():
            raise ProcessEnded(f"the node {process.name} ended with code {code}: {process.last_words()}")
        self.note(f"{process.name} ended with code {code}; the others go on without it")

    async def _follow(self, process: NodeProcess, acquaintances: int) -> None:
        while not process.ended.is_set():
            with suppress(ApiUnreachable):
                async with _client(process.home) as client:
                    await _acquainted(client, 0 if process.met.is_set() else acquaintances)
                    process.met.set()
                    async for event in client.events():
                        if event.name == "state":
                            process.idle, process.block = event.data["idle"], event.data["block"]
                        else:
                            self.network.reporter(_report(event.data))
            await asyncio.sleep(LOOK_SECONDS)


async def _acquainted(client: NodeClient, others: int) -> None:
    """Wait until a node is connected to so many others."""
    while True:
        connected = await client.everything("/peers")
        if sum(one["source"] != BOOTSTRAP for one in connected) >= others:
            return
        await asyncio.sleep(LOOK_SECONDS)


def _report(data: Mapping[str, Any]) -> Report:
    return Report(data["node"], duty_of(data), Progress(data["progress"]), data["seconds"], data["error"])


@asynccontextmanager
async def _client(home: Path) -> AsyncIterator[NodeClient]:
    """A client of the node that runs in a folder; ApiUnreachable while none does."""
    try:
        url = running_api(home)
    except AlreadyRunning as error:
        raise ApiUnreachable(str(error)) from error
    if url is None:
        raise ApiUnreachable(f"no node runs in {home}")
    async with NodeClient(url, read_token(home / TOKEN)) as client:
        yield client


async def _until_met(processes: Mapping[str, NodeProcess]) -> None:
    try:
        async with asyncio.timeout(START_SECONDS):
            await asyncio.gather(*(process.met.wait() for process in processes.values()))
    except TimeoutError:
        late = next(process for process in processes.values() if not process.met.is_set())
        raise ProcessEnded(
            f"the node {late.name} did not meet others in {START_SECONDS:g} s: {late.last_words()}"
        ) from None


async def _start_bootstrap(started: list[Process], folder: Path) -> str:
    """Start the peer that others ask first; its multiaddr. It may end: by then others have met."""
    home = folder / "nodes" / BOOTSTRAP
    home.mkdir(parents=True, exist_ok=True)
    if not (home / IDENTITY).exists():
        create_identity(home / IDENTITY)
    command = ["bootstrap", "--identity", str(home / IDENTITY), "--listen", LOOPBACK]
    process = await _launch(started, home, command, PIPE)
    assert process.stdout is not None  # noqa: S101 — it is a pipe
    async with asyncio.timeout(START_SECONDS):
        address = (await process.stdout.readline()).decode().strip()
    if not address:
        raise ProcessEnded(f"the bootstrap peer did not start; see {home / LOG}")
    return address


async def _start(started: list[Process], around: Neighbourhood, player: Player) -> NodeProcess:
    home = await asyncio.to_thread(around.furnish, player)
    return NodeProcess(player.name, home, await _launch(started, home, ["node", "run", str(home)], DEVNULL))


async def _launch(started: list[Process], home: Path, command: list[str], stdout: int) -> Process:
    with (home / LOG).open("ab") as log:
        process = await asyncio.create_subprocess_exec(
            *dying_with_parent([sys.executable, "-m", "scatter", *command]),
            stdin=DEVNULL,
            stdout=stdout,
            stderr=log,
            env={**os.environ, "NO_COLOR": "1"},
            start_new_session=True,
        )
    started.append(process)
    return process


async def _end(processes: Sequence[Process]) -> None:
    """SIGTERM to all, and SIGKILL to those whom that does not help."""
    left = [process for process in processes if process.returncode is None]
    for process in left:
        with suppress(ProcessLookupError):
            process.terminate()
    try:
        async with asyncio.timeout(STOP_SECONDS):
            await asyncio.gather(*(process.wait() for process in left))
    except TimeoutError:
        for process in left:
            with suppress(ProcessLookupError):
                process.kill()
        await asyncio.gather(*(process.wait() for process in left))
