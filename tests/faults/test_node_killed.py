"""Nodes die between any two steps and come back on their folders: the job settles as if nothing had happened.

A dead node's ports refuse everything, so that whatever its tasks still try leaves no trace; then another node object takes
over its database and content. Database, queue, content, encryption and peers are real; the chain is the model chain.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from random import Random

import pytest
from tests.unit.node.jobcode import deal_data, tiny_job
from tests.unit.node.world import World, Wrapped, everything_kept

from scatter.content.fetching import ContentFetcher
from scatter.jobs.folder import JobPackage
from scatter.localnet import clock as clock_module
from scatter.localnet.clock import DevelopmentClock
from scatter.node import worker as worker_module
from scatter.node.node import Node
from scatter.node.parts import Parts
from scatter.node.posting import post_job
from scatter.node.running import Runner
from scatter.node.tasks import Tasks
from scatter.protocol.ids import JobId
from scatter.protocol.states import Role, State

DEATHS = 10
ONCE = ("post", "publish-keys", "publish-update", "reveal", "commit", "open", "post-aggregate")
"""Transactions whose arguments come from artefacts: whenever they are asked for, they are the same."""


class Killed(Exception):
    """The process is dead."""


@dataclass
class Life:
    """From a start to a death at some step."""

    steps: int
    dead: asyncio.Event = field(default_factory=asyncio.Event)
    last: str = ""

    async def __call__(self, where: str) -> None:
        self.steps -= 1
        if self.steps <= 0:
            self.last = self.last or where
            self.dead.set()
            raise Killed(self.last)


@dataclass
class Mortal:
    """A node that dies some times, and then lives on."""

    world: World
    name: str
    role: Role
    random: Random
    left: int = DEATHS
    node: Node | None = None
    life: Life = field(default_factory=lambda: Life(0))
    kept: Mapping[str, bytes | None] = field(default_factory=dict)
    deaths: list[str] = field(default_factory=list)

    async def parts(self) -> Parts:
        """Parts of a new process on the same folder."""
        self.life = Life(self.random.randrange(1, 120) if self.left else 10**9)
        self.left -= bool(self.left)
        parts = await self.world.node(self.name, self.role, step=self.life)
        content = Wrapped(parts.content, self.life)
        return replace(
            parts,
            content=content,
            fetcher=ContentFetcher(content, parts.network, timeout=2.0),
            artefacts=Wrapped(parts.artefacts, self.life),
            runner=Runner(Wrapped(parts.runner.sandbox, self.life), parts.runner.workspace),
        )

    async def live(self) -> None:
        """Live, die, come back."""
        while True:
            parts = await self.parts()
            queue = Wrapped((await self.world.tasks(parts)).queue, self.life)
            node = Node(parts, Tasks(queue, time.time))
            try:
                with suppress(Killed):
                    await node.start()
                    self.node = node
                await self.life.dead.wait()
            finally:
                self.node = None
                await node.stop()
            await self.bury()

    async def bury(self) -> None:
        """What was kept is kept for ever."""
        self.deaths.append(self.life.last)
        intact = await self.world.node(self.name, self.role)
        now = await everything_kept(intact.artefacts)
        assert {key: now[key] for key in self.kept} == self.kept, f"{self.name} changed what it had kept"
        self.kept = now

    async def idle(self) -> bool:
        """A node that is not there is about to do something."""
        if self.node is None:
            return False
        with suppress(Killed):
            return await self.node.idle()
        return False


async def post_mortally(world: World, requestor: Mortal, package: JobPackage) -> JobId:
    """Post the job, however often the process dies over it."""
    while True:
        process = Mortal(world, requestor.name, requestor.role, requestor.random, left=1)
        with suppress(Killed):
            return await post_job(await process.parts(), package)


@pytest.fixture(autouse=True)
def hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker_module, "FIRST_RETRY_SECONDS", 0.01)
    monkeypatch.setattr(worker_module, "POLL_SECONDS", 0.02)
    monkeypatch.setattr(clock_module, "TICK_SECONDS", 0.01)


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    made = World(tmp_path)
    for name in ("requestor", "trainer", "validator", "challenger"):
        await made.database(name)
    await made.view.start()
    yield made
    await made.close()


@pytest.mark.parametrize("seed", range(6))
async def test_a_job_settles_whoever_dies_and_when(world: World, seed: int) -> None:
    random = Random(seed)  # noqa: S311
    package = tiny_job(world.folder / "job", rounds=2, auditors=1)
    deal_data(world.folder / "trainer" / "data", 1)
    mortals = [
        Mortal(world, "requestor", Role.REQUESTOR, random),
        Mortal(world, "trainer", Role.TRAINER, random),
        Mortal(world, "validator", Role.VALIDATOR, random),
        Mortal(world, "challenger", Role.CHALLENGER, random),
    ]

    async def all_idle() -> bool:
        return all([await mortal.idle() for mortal in mortals])

    clock = DevelopmentClock(world.ledger)
    clock.watch(world.view, all_idle)
    async with asyncio.timeout(60), asyncio.TaskGroup() as group:
        running = [group.create_task(mortal.live()) for mortal in mortals]
        running.append(group.create_task(clock.run()))
        await world.view.until(
            lambda view: len(view.nodes) == 4 and sum(node.stake > 0 for node in view.nodes.values()) == 2
        )
        job = await post_mortally(world, mortals[0], package)
        await world.view.until(lambda view: view.jobs[job].claimed >= set(view.jobs[job].participants))
        for task in running:
            task.cancel()
    await check(world, job, mortals)


async def check(world: World, job: JobId, mortals: list[Mortal]) -> None:
    view = world.job(job)
    assert view.state is State.SETTLED
    assert len(view.rounds) == 2
    for made in view.rounds.values():
        assert made.closed
        assert made.settled is not None
        assert made.settled.accepted == (0,)
        assert set(made.scored) == {0, 1}
        assert not made.settled.left_out | made.settled.deviating
    assert "StakeSlashed" not in {event.name for event in world.ledger.model.events}
    assert len(world.ledger.sent) == len(set(world.ledger.sent)), "a key was sent twice"
    for (_, key), calls in world.ledger.asked.items():
        if key.rstrip("/").rsplit("/", 1)[-1] in ONCE:
            assert all(call == calls[0] for call in calls), f"{key} changed its mind"
    assert not [report for report in world.reports if "Already" in report.error]
    assert sum(len(mortal.deaths) for mortal in mortals) > DEATHS, "they hardly died"
