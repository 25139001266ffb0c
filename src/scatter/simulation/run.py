"""One run of a scenario: from its file to its result, going on where an earlier run of the same was interrupted."""

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol

from scatter import __version__
from scatter.behaviours.persona import Conspiracy, Persona
from scatter.behaviours.registry import create
from scatter.chain.deployment import PROTOCOL, TOKEN, Deployment
from scatter.content.memory import ContentPool, MemoryContentStore
from scatter.learning.models import Model, write_model
from scatter.localnet.ground import OPERATOR
from scatter.localnet.measuring import final_metric, final_model
from scatter.node.behaviour import Behaviour
from scatter.node.failures import GiveUp
from scatter.node.reports import Report
from scatter.node.running import JobCodeFailed
from scatter.ports import BlockRef, Call, ContentMissing, Receipt
from scatter.protocol.ids import Address, JobId, Round
from scatter.protocol.states import Role
from scatter.simulation.blocks import BY_HAND, BlockRecord, Created, Switch
from scatter.simulation.errors import ScenarioFailed
from scatter.simulation.expectations import evaluate
from scatter.simulation.founding import Founder, Newcomer, actor_of, deploy_contracts, empty_world
from scatter.simulation.interventions import START, Hand, NoHand
from scatter.simulation.keeping import FOLDER, Keeper, Kept, block_from_json, block_to_json, run_id
from scatter.simulation.pace import FullSpeed, Pace
from scatter.simulation.past import past_blocks
from scatter.simulation.recording.beginning import Beginning
from scatter.simulation.recording.recorded import Recorded
from scatter.simulation.recording.recorder import Recorder
from scatter.simulation.recording.schema import SUBFOLDER
from scatter.simulation.result import Balance, SimulationResult
from scatter.simulation.scenario import NodeGroup, Scenario
from scatter.simulation.step_kinds import Step
from scatter.simulation.steps import Progress, Stage, flattened, switch, take_places
from scatter.simulation.tally import Measured, Tally, result_of
from scatter.simulation.verdict_tables import write_tables
from scatter.simulation.workloads import Owner, Workload
from scatter.simulation.world import World
from scatter.storage.memory import MemoryArtefacts

RESULT_FILE = "result.json"
MODELS = "models"
"""Where the last global model of each job lies in the output folder, by the job's name."""


class Watcher(Protocol):
    """Somebody who looks on."""

    def begin(self, steps: int, resumed: bool) -> None:
        """A run with so many steps begins, or goes on."""
        ...

    def step(self, number: int, step: Step) -> None:
        """A step begins; numbers count from 1."""
        ...

    def block(self, record: BlockRecord) -> None:
        """A block was mined."""
        ...

    def report(self, report: Report) -> None:
        """What a node did."""
        ...


@dataclass(frozen=True, slots=True)
class _Books:
    """Who keeps account of a world that has been founded: its contracts, and from which block on."""

    deployment: Deployment
    beginning: BlockRef
    tally: Tally
    recorder: Recorder

    def see(self, record: BlockRecord) -> None:
        """Write a block down."""
        self.tally.see(record)
        self.recorder.add(record)


@dataclass(slots=True)
class Run:
    """A scenario being run. `beside`: the folder that its paths start from; `out`: where results go; `keep_every`: wall-clock
    seconds between two checkpoints; `pace`: how fast it goes; `hand`: who may stop and start nodes meanwhile."""

    scenario: Scenario
    beside: Path
    out: Path
    watcher: Watcher
    keep_every: float
    pace: Pace = field(default_factory=FullSpeed)
    hand: Hand = field(default_factory=NoHand)
    created: list[Created] = field(default_factory=list, init=False)
    """The contracts that this process created, before the first block that is recorded."""
    _workload: Workload = field(init=False)
    _keeper: Keeper = field(init=False)
    _world: World = field(init=False)
    _stage: Stage = field(init=False)
    _pool: ContentPool = field(init=False)
    _books: _Books | None = None
    _conspiracies: dict[str, Conspiracy] = field(default_factory=dict)
    _nodes: Mapping[str, tuple[MemoryArtefacts, MemoryContentStore]] = field(default_factory=dict)
    _before: dict[str, Balance] = field(default_factory=dict)
    _supply: int = 0
    _seconds: float = 0.0
    _began: float = 0.0
    _kept_at: float = 0.0

    @property
    def recorded(self) -> Recorded | None:
        """What was recorded so far; None before there are contracts. It grows with each block, before the watcher sees it."""
        return None if self._books is None else self._books.recorder.recorded

    async def run(self, *, fresh: bool = False) -> tuple[SimulationResult, list[dict[str, Any]]]:
        """Run it to its end; the result, and what came of the expectations. Everything is in the folder then.

        Raises WorkloadError, ScenarioFailed, Stuck and CheckpointUnusable.
        """
        self._began = self._kept_at = time.monotonic()
        self._workload = Workload.load(self.scenario.workload, self.beside, self.scenario.seed)
        self.out.mkdir(parents=True, exist_ok=True)
        self._keeper = Keeper(self.out / FOLDER, run_id(__version__, self.scenario, self._workload.package.code.files))
        if fresh:
            self._keeper.forget()
        kept = self._keeper.find()
        self._pool = ContentPool() if kept is None else self._keeper.pool()
        self._nodes = {} if kept is None else self._keeper.nodes(self._pool)
        async with empty_world(
            self.scenario.seed, self.scenario.chain.block_seconds, None if kept is None else kept.chain
        ) as world:
            self._world = world
            self._set_stage(Progress() if kept is None else kept.progress)
            if kept is not None:
                await self._take_up(kept)
            await self._play(resumed=kept is not None)
            result = await self._result()
        outcomes = evaluate(self.scenario.expect, result)
        self._write(result, outcomes)
        self._keeper.forget()
        return result, outcomes

    def _set_stage(self, progress: Progress) -> None:
        self._stage = Stage(
            self.scenario, self._workload, self._world, progress, self._found, self._ready, self._behaviour
        )

    async def _play(self, *, resumed: bool) -> None:
        steps = list(flattened(self.scenario.steps))
        self.watcher.begin(len(steps), resumed)
        self._world.quiet, self._world.before_block = self._keep_sometimes, self._before_block
        progress = self._stage.progress
        for number, step in enumerate(steps[progress.done :], start=progress.done + 1):
            await self.pace.between_steps(number - 1)
            self.watcher.step(number, step)
            await self._stage.play(step)
            await self._keep_sometimes()

    async def _before_block(self) -> None:
        """Let time pass, then do what is done by hand before the next block."""
        await self.pace.before_block()
        block, ready = self._world.chain.now.number + 1, self._stage.roles_are_taken
        written = [each for each in self.scenario.interventions if each.before_block == block]
        if written and not ready:
            raise ScenarioFailed(f"nodes cannot be stopped before block {block}: roles are not taken yet")
        for each in (*written, *(await self.hand.due(block) if ready else ())):
            switch(self._stage, each.nodes, Switch(each.do == START, BY_HAND))

    async def _found(self) -> None:
        """Deploy the contracts and make all nodes."""
        deployment = await deploy_contracts(
            self._world, self.scenario.chain.parameters, self.scenario.seed, self._see_created
        )
        await self._settle(deployment)
        self._begin_recording(deployment, self._world.chain.now)

    def _see_created(self, contract: str, where: Address, receipt: Receipt) -> None:
        self.created.append(Created(contract, where, receipt.transaction, receipt.block, receipt.gas_used))

    async def _settle(self, deployment: Deployment) -> None:
        """Make the nodes, with what they have."""
        workspace = self.out / FOLDER / "workspace"
        workspace.mkdir(parents=True, exist_ok=True)
        founder = Founder(self._world, deployment, self.scenario.seed, self._pool, workspace, self.watcher.report)
        groups = [(group, name) for group in self.scenario.nodes for name in group.names]
        data = await asyncio.to_thread(self._deal, [(g, n) for g, n in groups if g.role is Role.TRAINER])
        personas = {name: self._persona(group, name) for group, name in groups}
        for group, name in groups:
            artefacts, content = self._nodes.get(name, (MemoryArtefacts(), MemoryContentStore(self._pool)))
            newcomer = Newcomer(
                actor_of(self.scenario.seed, name, group.group, group.role, group.behaviour),
                data.get(name, {}),
                self._workload.machine(name),
                create(group.behaviour, group.options, personas[name]),
                partial(self._stage.may, name),
            )
            await founder.settle(newcomer, artefacts, content)

    def _begin_recording(self, deployment: Deployment, first: BlockRef) -> None:
        actors = [each.actor for each in self._world.inhabitants.values()]
        beginning = Beginning(
            first,
            deployment.addresses[PROTOCOL],
            {self._world.operator.address: self.scenario.chain.supply},
            {self._world.operator.address: OPERATOR},
            self.scenario.chain.rates,
        )
        self._books = _Books(deployment, first, Tally(actors), Recorder(actors, self.out / SUBFOLDER, beginning))
        self._world.watchers.append(self._see)

    def _see(self, record: BlockRecord) -> None:
        self._keeper.seen(record)
        self._tell(record)

    def _tell(self, record: BlockRecord) -> None:
        self._founded.see(record)
        self.watcher.block(record)

    @property
    def _founded(self) -> _Books:
        """ScenarioFailed when no step has deployed the contracts."""
        if self._books is None:
            raise ScenarioFailed("nothing happened: no step of the scenario deployed the contracts")
        return self._books

    async def _ready(self) -> None:
        """Everybody has its role: from here on gains are counted."""
        self._before, self._supply = await self._balances(), await self._total()

    def _deal(self, trainers: Sequence[tuple[NodeGroup, str]]) -> dict[str, dict[str, Path]]:
        """Write each trainer's data to its folder; folders by dataset, by trainer."""
        folders = {}
        owners = [Owner(name, group.behaviour, group.data_share, group.quality) for group, name in trainers]
        for name, examples in self._workload.data(owners).items():
            place = self.out / FOLDER / "data" / name
            place.mkdir(parents=True, exist_ok=True)
            for file, content in examples.to_files().items():
                (place / file).write_bytes(content)
            folders[name] = {self._workload.package.definition.dataset: place}
        return folders

    def _persona(self, group: NodeGroup, name: str) -> Persona:
        gang = f"gang {group.conspiracy}" if group.conspiracy else f"node {name}"
        conspiracy = self._conspiracies.setdefault(gang, Conspiracy())
        account = actor_of(self.scenario.seed, name, group.group, group.role, group.behaviour).address
        return Persona(name, account, group.role, self.scenario.seed, conspiracy)

    def _behaviour(self, name: str, behaviour: str, options: Mapping[str, Any]) -> Behaviour:
        group = next(group for group in self.scenario.nodes if name in group.names)
        return create(behaviour, options, self._persona(group, name))

    async def _balances(self) -> dict[str, Balance]:
        """What each node has, by name."""
        stakes = self._world.network.nodes
        tokens = await asyncio.gather(
            *(self._world.chain.read(Call(TOKEN, "balanceOf", (e.address,))) for e in self._world.inhabitants.values())
        )
        return {
            name: Balance(int(held), stakes[each.address].stake if each.address in stakes else 0)
            for (name, each), held in zip(self._world.inhabitants.items(), tokens, strict=True)
        }

    async def _total(self) -> int:
        return int(await self._world.chain.read(Call(TOKEN, "totalSupply", ())))

    async def _keep_sometimes(self) -> None:
        if time.monotonic() - self._kept_at < self.keep_every:
            return
        await self._keeper.keep(
            self._world,
            self._pool,
            self._stage.progress,
            None if self._books is None else self._books.deployment,
            {name: conspiracy.memory for name, conspiracy in self._conspiracies.items()},
            {
                "before": {name: [held.tokens, held.stake] for name, held in self._before.items()},
                "supply": self._supply,
                "seconds": self._seconds + time.monotonic() - self._began,
                "beginning": None if self._books is None else block_to_json(self._books.beginning),
            },
        )
        self._kept_at = time.monotonic()

    async def _take_up(self, kept: Kept) -> None:
        """Bring the world to where the run was kept, and tell all who watch what happened until then."""
        self._before = {name: Balance(*held) for name, held in kept.more["before"].items()}
        self._supply, self._seconds = int(kept.more["supply"]), float(kept.more["seconds"])
        if kept.deployment is None:
            return
        await self._world.chain.know(kept.deployment.bindings(), kept.deployment.block)
        await self._world.view.reached(self._world.chain.now.number)
        first = block_from_json(kept.more["beginning"])
        await self._settle(kept.deployment)
        self._begin_recording(kept.deployment, first)
        for name, memory in kept.memories.items():
            self._conspiracies[name].memory.update(memory)
        async for record in past_blocks(self._world.chain, first.number, self._keeper.remembered()):
            self._tell(record)
        take_places(self._stage)

    async def _result(self) -> SimulationResult:
        books = self._founded
        metrics = await self._final_metrics()
        for job, metric in metrics.items():
            books.recorder.final_metric(job, metric)
        after = await self._balances()
        measured = Measured(
            before=self._before or after,
            after=after,
            supply_before=self._supply,
            supply_after=await self._total(),
            final_metrics=metrics,
            seconds=round(self._seconds + time.monotonic() - self._began, 2),
        )
        return result_of(self.scenario, books.tally, measured)

    async def _final_metrics(self) -> dict[JobId, float]:
        """What the last models of jobs score, where there is a model and its requestor can read it."""
        nodes = {each.address: each.turns.parts for each in self._world.inhabitants.values()}
        metrics = {}
        for job in self._world.network.jobs.values():
            if not job.ended or job.starting_model(Round(job.terms.rounds + 1))[1] is None:
                continue
            requestor = nodes[job.requestor]
            try:
                model = await final_model(requestor, job)
                self._keep_model(job.name, model)
                metrics[job.id] = await final_metric(requestor, job, model, self._workload.package.evaluation)
            except (GiveUp, ContentMissing, JobCodeFailed, LookupError):
                continue
        return metrics

    def _keep_model(self, job: str, model: Model) -> None:
        place = self.out / MODELS
        place.mkdir(exist_ok=True)
        (place / f"{job}.safetensors").write_bytes(write_model(model))

    def _write(self, result: SimulationResult, outcomes: list[dict[str, Any]]) -> None:
        self._founded.recorder.write()
        write_tables(self.out, self.scenario.expect, outcomes, result)
        (self.out / RESULT_FILE).write_text(json.dumps(result.to_json(outcomes), indent=2) + "\n")
