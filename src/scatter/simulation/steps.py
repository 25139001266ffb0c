"""The steps of a scenario, one function for each kind."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any

from scatter.node.behaviour import Behaviour
from scatter.node.parts import PROTOCOL, TOKEN
from scatter.node.posting import post_job
from scatter.ports import Call
from scatter.protocol.duties import Artefact, Duty, DutyKind, artefact_key
from scatter.protocol.ids import JobId, Round, Timestamp, job_id, topic_of
from scatter.protocol.states import Role, State
from scatter.protocol.view import JobView
from scatter.simulation.blocks import BY_STEP, Switch
from scatter.simulation.draws import drawn
from scatter.simulation.errors import ScenarioFailed
from scatter.simulation.founding import serve
from scatter.simulation.scenario import Scenario
from scatter.simulation.step_kinds import (
    CLAIMED,
    ENDED,
    AddTopic,
    AdvanceTime,
    ChangeBehaviour,
    DeployProtocol,
    InitializeRoles,
    Repeat,
    StartNode,
    StartTraining,
    Step,
    StopNode,
    TrainerJoins,
    TransferInitialSupply,
    Wait,
)
from scatter.simulation.values import Reference
from scatter.simulation.workloads import Workload
from scatter.simulation.world import World

DEFAULT_ID = "job"


@dataclass(slots=True)
class Progress:
    """How far a scenario has come: what a checkpoint has to know besides the world."""

    done: int = 0
    """Steps that are behind us, with repeated ones counted each time."""
    began: int = 0
    """The chain's time when the step at hand began; 0 between steps."""
    jobs: list[JobId] = field(default_factory=list)
    """The jobs that were posted, in order."""
    results: dict[str, JobId] = field(default_factory=dict)
    """What `$id` means now."""
    joining: dict[JobId, tuple[str, ...]] = field(default_factory=dict)
    """Trainers that a step let join a job."""
    behaviours: dict[str, tuple[str, Mapping[str, Any]]] = field(default_factory=dict)
    """Nodes that a step gave another behaviour, with its options."""
    switches: dict[str, Switch] = field(default_factory=dict)
    """What was done last to nodes that were ever stopped."""


def flattened(steps: Sequence[Step]) -> Iterator[Step]:
    """All steps in order, repeated ones as often as they are repeated."""
    for step in steps:
        if isinstance(step, Repeat):
            for _ in range(step.times):
                yield from flattened(step.steps)
        else:
            yield step


@dataclass(slots=True)
class Stage:
    """Where steps are played: the world, and what the scenario says of it."""

    scenario: Scenario
    workload: Workload
    world: World
    progress: Progress
    found: Callable[[], Awaitable[None]]
    """Deploy the contracts and make the nodes."""
    ready: Callable[[], Awaitable[None]]
    """Everybody has a role: the first job may come."""
    behaviour: Callable[[str, str, Mapping[str, Any]], Behaviour]
    """(node, behaviour, options) → the behaviour."""

    async def play(self, step: Step) -> None:
        """Do one step. ScenarioFailed when it cannot be done."""
        if not self.progress.began:
            self.progress.began = self.world.now
        await _PLAYS[type(step)](self, step)
        self.progress.done += 1
        self.progress.began = 0

    def may(self, name: str, duty: Duty) -> bool:
        """Whether a node may do a duty now: trainers that join by a step wait for it, and some stake nothing."""
        group = next(group for group in self.scenario.nodes if name in group.names)
        if duty.kind is DutyKind.DEPOSIT:
            return group.staked
        if duty.kind is DutyKind.JOIN:
            return group.joins == "by-itself" or name in self.progress.joining.get(duty.job, ())
        return True

    @property
    def roles_are_taken(self) -> bool:
        """Whether nodes are at work, each in its role."""
        behind = islice(flattened(self.scenario.steps), self.progress.done)
        return any(isinstance(step, InitializeRoles) for step in behind)

    def job(self, reference: Reference) -> JobView:
        """The job that a reference means now."""
        return self.world.network.jobs[self.progress.results[reference.id]]


async def _deploy(stage: Stage, _: DeployProtocol) -> None:
    await stage.found()


async def _transfer(stage: Stage, _: TransferInitialSupply) -> None:
    world = stage.world
    tokens = {name: group.tokens for group in stage.scenario.nodes for name in group.names}
    await world.perform_all(
        (
            world.operator,
            world.operator.send(f"tokens/{name}", Call(TOKEN, "transfer", (each.address, tokens[name]))),
        )
        for name, each in world.inhabitants.items()
    )


async def _initialize(stage: Stage, _: InitializeRoles) -> None:
    world = stage.world
    for each in world.inhabitants.values():
        each.at_work = True
    waiting = {group_name for group in stage.scenario.nodes if group.staked for group_name in group.names}

    def enrolled() -> bool:
        nodes = world.network.nodes
        return all(
            each.address in nodes and (name not in waiting or nodes[each.address].stake > 0)
            for name, each in world.inhabitants.items()
        )

    await world.until(enrolled)
    await stage.ready()


async def _add_topic(stage: Stage, step: AddTopic) -> None:
    progress, number = stage.progress, len(stage.progress.jobs) + 1
    requestor = step.requestor or stage.scenario.nodes_of(Role.REQUESTOR)[0]
    label = step.id or DEFAULT_ID
    name = f"{label}-{number}"
    asked = {"reward": step.reward, "slot_stake": step.slot_stake}
    amounts = {
        key: drawn(amount, stage.scenario.seed, f"{key}/{number}")
        for key, amount in asked.items()
        if amount is not None
    }
    trainers = len(stage.scenario.nodes_of(Role.TRAINER))
    package = stage.workload.job(name, number, step, trainers, amounts)
    poster = stage.world.inhabitants[requestor]
    job = job_id(poster.address, topic_of(name))
    await stage.world.perform(poster.signer, post_job(poster.turns.parts, package))
    progress.jobs.append(job)
    progress.results[label] = job


async def _join(stage: Stage, step: TrainerJoins) -> None:
    """Done when all of them have joined, or cannot any more: they refused the job, found it full, or were stopped."""
    job, world = stage.job(step.job).id, stage.world
    trainers = stage.scenario.named(step.trainers or stage.scenario.nodes_of(Role.TRAINER))
    stage.progress.joining[job] = tuple(dict.fromkeys((*stage.progress.joining.get(job, ()), *trainers)))
    coming = [world.inhabitants[name] for name in trainers]

    def settled() -> bool:
        view = world.network.jobs[job]
        refused = artefact_key(Artefact.REFUSAL, job)
        return view.state is not State.OPEN or all(
            not each.at_work
            or view.slot_of(each.address) is not None
            or refused in each.artefacts.kept
            or each.turns.gave_up(job)
            for each in coming
        )

    await world.until(settled)


async def _start(stage: Stage, step: StartTraining) -> None:
    job, world = stage.job(step.job), stage.world
    if job.state is not State.OPEN:
        return
    requestor = next(each for each in world.inhabitants.values() if each.address == job.requestor)
    await world.perform(
        requestor.signer, requestor.signer.send(f"{job.id.hex()}/start", Call(PROTOCOL, "start", (job.id,)))
    )


async def _wait(stage: Stage, step: Wait) -> None:
    wanted, world = stage.job(step.job).id, stage.world
    deadline = Timestamp(stage.progress.began + step.within)
    if not await world.until(lambda: _reached(world.network.jobs[wanted], step), deadline):
        job = world.network.jobs[wanted]
        raise ScenarioFailed(
            f"job {job.name!r} is {job.state.name.lower()} in round {job.round}; it was not {step.state} within "
            f"{step.within} s of the chain's time{world.troubles()}"
        )


def _reached(job: JobView, step: Wait) -> bool:
    if step.state == ENDED:
        there = job.ended
    elif step.state == CLAIMED:
        there = job.ended and job.claimed >= set(job.participants)
    else:
        there = job.state.name.lower() == step.state
    return there and (step.round is None or job.round == Round(step.round))


async def _advance(stage: Stage, step: AdvanceTime) -> None:
    deadline = Timestamp(stage.progress.began + step.by)
    await stage.world.until(lambda: stage.world.now >= deadline, deadline)


async def _change(stage: Stage, step: ChangeBehaviour) -> None:
    for name in stage.scenario.named(step.nodes):
        stage.progress.behaviours[name] = (step.behaviour, step.options)
        behave(stage, name, step.behaviour, step.options)


def take_places(stage: Stage) -> None:
    """Bring nodes to where the steps that are behind us have put them, after a run was interrupted."""
    progress, world = stage.progress, stage.world
    begun = stage.roles_are_taken
    for name, each in world.inhabitants.items():
        each.switch = progress.switches.get(name)
        each.at_work = begun and (each.switch is None or each.switch.on)
        if begun and not each.at_work:
            world.peers.take_offline(each.turns.parts.network.peer)
    for name, (behaviour, options) in progress.behaviours.items():
        behave(stage, name, behaviour, options)


def behave(stage: Stage, name: str, behaviour: str, options: Mapping[str, Any]) -> None:
    """Give a node another behaviour."""
    each = stage.world.inhabitants[name]
    parts = replace(each.turns.parts, behaviour=stage.behaviour(name, behaviour, options))
    each.turns.behave(parts)
    serve(parts)
    each.actor = replace(each.actor, behaviour=behaviour)


async def _stop(stage: Stage, step: StopNode) -> None:
    switch(stage, step.nodes, Switch(False, BY_STEP))


async def _start_node(stage: Stage, step: StartNode) -> None:
    switch(stage, step.nodes, Switch(True, BY_STEP))


def switch(stage: Stage, names: Iterable[str], to: Switch) -> None:
    """Stop nodes, or let them go on; those that are there already are left alone."""
    for name in stage.scenario.named(names):
        each = stage.world.inhabitants[name]
        if each.at_work == to.on:
            continue
        each.at_work, each.switch = to.on, to
        stage.progress.switches[name] = to
        peer = each.turns.parts.network.peer
        if to.on:
            stage.world.peers.bring_back(peer)
        else:
            stage.world.peers.take_offline(peer)


_PLAYS: Mapping[type, Callable[[Stage, Any], Awaitable[None]]] = {
    DeployProtocol: _deploy,
    TransferInitialSupply: _transfer,
    InitializeRoles: _initialize,
    AddTopic: _add_topic,
    TrainerJoins: _join,
    StartTraining: _start,
    Wait: _wait,
    AdvanceTime: _advance,
    ChangeBehaviour: _change,
    StopNode: _stop,
    StartNode: _start_node,
}
