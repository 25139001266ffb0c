"""What a job costs in gas: one whole honest job of real nodes, from posting to the last claim.

Deployment, registration, tickets and approvals are left out, and so are the tokens that a requestor may have of its job
(`Identity.mint_jobs`): nobody waits for them. There are as many staked nodes as the job has seats, so no jury could be drawn:
the job is posted with minJury 0.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal, Self

from scatter.chain.deployment import PROTOCOL, TOKEN
from scatter.chain.parameters import ChainParameters
from scatter.content.memory import ContentPool, MemoryContentStore
from scatter.node.behaviour import Behaviour
from scatter.node.doing.calls import opened_words
from scatter.node.posting import post_job
from scatter.ports import Call
from scatter.protocol.duties import Duty, DutyKind
from scatter.protocol.ids import SCT, JobId
from scatter.protocol.states import Role, State
from scatter.protocol.terms import MAX_AUDITORS, MAX_MEMBERS, MAX_ROUNDS, MAX_TRAINERS
from scatter.simulation.blocks import BlockRecord, SentCall
from scatter.simulation.errors import ScenarioFailed
from scatter.simulation.founding import Founder, Newcomer, actor_of, deploy_contracts, empty_world
from scatter.simulation.scenario import WorkloadSettings
from scatter.simulation.step_kinds import AddTopic
from scatter.simulation.workloads import Owner, Workload
from scatter.simulation.world import Inhabitant, World
from scatter.storage.memory import MemoryArtefacts

SEED = 1
BLOCK_SECONDS = 12
TOKENS = 200_000 * SCT
ROUND_POOL = 1_000 * SCT
"""So much that each of 31 members earns the least pay of a seat."""
_REQUESTOR = "requestor"

Claims = Literal["single", "paged"]
"""Everybody claims its own part, or whoever comes first claims for a page of accounts, which is what nodes do."""


@dataclass(frozen=True, slots=True)
class Size:
    """How large a job is. `challengers` are those that audit it."""

    trainers: int
    validators: int
    challengers: int
    rounds: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """From "trainers/validators/challengers/rounds". ValueError says what is wrong with it."""
        least, most = (1, 1, 0, 1), (MAX_TRAINERS, MAX_MEMBERS, MAX_AUDITORS, MAX_ROUNDS)
        try:
            numbers = tuple(map(int, text.split("/")))
        except ValueError:
            numbers = ()
        if len(numbers) != len(most) or not all(a <= n <= b for a, n, b in zip(least, numbers, most, strict=True)):
            bounds = ", ".join(f"{a} to {b}" for a, b in zip(least, most, strict=True))
            raise ValueError(f"{text!r} is no size: trainers/validators/challengers/rounds, {bounds}")
        return cls(*numbers)

    def __str__(self) -> str:
        return f"{self.trainers}/{self.validators}/{self.challengers}/{self.rounds}"

    @property
    def nodes(self) -> Mapping[str, Role]:
        """All nodes by name."""
        groups = {Role.TRAINER: self.trainers, Role.VALIDATOR: self.validators, Role.CHALLENGER: self.challengers}
        names = {f"{role.name.lower()}-{n}": role for role, count in groups.items() for n in range(1, count + 1)}
        return {_REQUESTOR: Role.REQUESTOR, **names}


@dataclass(frozen=True, slots=True)
class JobGas:
    """The transactions of a job in the order in which they were mined, each with its sender's role."""

    size: Size
    calls: tuple[tuple[Role, SentCall], ...]

    @property
    def total(self) -> int:
        """Gas of all transactions."""
        return sum(call.gas for _, call in self.calls)

    @property
    def largest(self) -> SentCall:
        """The dearest transaction."""
        return max((call for _, call in self.calls), key=lambda call: call.gas)

    def of(self, role: Role, nodes: int) -> int:
        """Mean gas of what each of so many nodes of a role sent."""
        return round(sum(call.gas for sender, call in self.calls if sender is role) / nodes)

    def by_function(self) -> dict[str, list[int]]:
        """Gas of each call of each function of the protocol, in order."""
        found: dict[str, list[int]] = {}
        for _, call in self.calls:
            found.setdefault(call.function, []).append(call.gas)
        return found

    def to_json(self) -> dict[str, int]:
        """Totals, as one line of `make gas`."""
        return {
            "trainers": self.size.trainers,
            "validators": self.size.validators,
            "challengers": self.size.challengers,
            "rounds": self.size.rounds,
            "transactions": len(self.calls),
            "gas_total": self.total,
            "gas_per_trainer": self.of(Role.TRAINER, self.size.trainers),
            "gas_per_validator": self.of(Role.VALIDATOR, self.size.validators),
            "max_tx_gas": self.largest.gas,
        }


async def job_gas(size: Size, claims: Claims, folder: Path) -> JobGas:
    """Play one job of that size on a chain of its own; `folder` takes what its runs need. Equal sizes give equal gas.

    ScenarioFailed when the job did not go its honest way.
    """
    async with empty_world(SEED, BLOCK_SECONDS) as world:
        # Machines that agree to the last bit: seats earn their whole parts.
        workload = replace(Workload.load(WorkloadSettings(), folder, SEED), noise=0)
        nodes = await _found(world, workload, size, claims, folder)
        records: list[BlockRecord] = []
        world.watchers.append(records.append)
        job = await _play(world, workload, nodes, size)
        if claims == "single":
            await _claim_singly(world, list(nodes.values()), job)
        await world.until(lambda: world.network.jobs[job].claimed >= set(world.network.jobs[job].participants))
    roles = {each.address: each.actor.role for each in nodes.values()}
    sent = [call for record in records for call in record.calls if call.contract == PROTOCOL]
    if lost := [f"{call.function}: {call.error}" for call in sent if call.error is not None]:
        raise ScenarioFailed(f"a job of {size} has failed transactions: {lost[0]}")
    return JobGas(size, tuple((roles[call.sender], call) for call in sent))


async def _found(world: World, workload: Workload, size: Size, claims: Claims, folder: Path) -> dict[str, Inhabitant]:
    """The contracts, and all nodes of the job, registered and with their tickets."""
    deployment = await deploy_contracts(world, ChainParameters.development(), SEED)
    pool = ContentPool()
    founder = Founder(world, deployment, SEED, pool, folder, lambda report: None)
    data = _deal(workload, [name for name, role in size.nodes.items() if role is Role.TRAINER], folder)
    nodes = {}
    for name, role in size.nodes.items():
        actor = actor_of(SEED, name, name, role, "honest")
        newcomer = Newcomer(actor, data.get(name, {}), workload.machine(name), Behaviour(), partial(_may, claims))
        nodes[name] = await founder.settle(newcomer, MemoryArtefacts(), MemoryContentStore(pool))
        nodes[name].at_work = True
    await world.perform_all(
        (world.operator, world.operator.send(f"tokens/{each.address}", Call(TOKEN, "transfer", (each.address, TOKENS))))
        for each in nodes.values()
    )
    tickets = {each.address for each in nodes.values() if each.actor.role in (Role.VALIDATOR, Role.CHALLENGER)}
    await world.until(
        lambda: len(world.network.nodes) == len(nodes) and all(world.network.nodes[n].stake > 0 for n in tickets)
    )
    return nodes


def _deal(workload: Workload, trainers: Sequence[str], folder: Path) -> dict[str, dict[str, Path]]:
    folders = {}
    for name, examples in workload.data(map(Owner, trainers)).items():
        place = folder / name
        place.mkdir()
        for file, content in examples.to_files().items():
            (place / file).write_bytes(content)
        folders[name] = {workload.package.definition.dataset: place}
    return folders


def _may(claims: Claims, duty: Duty) -> bool:
    """What is left out of what nodes would do."""
    return duty.kind is not DutyKind.MINT_JOB and (claims == "paged" or duty.kind is not DutyKind.CLAIM)


async def _play(world: World, workload: Workload, nodes: Mapping[str, Inhabitant], size: Size) -> JobId:
    terms = AddTopic(rounds=size.rounds, committee=size.validators, auditors=size.challengers, min_jury=0)
    package = workload.job("gas", 1, terms, size.trainers, {"reward": ROUND_POOL * size.rounds})
    requestor = nodes[_REQUESTOR]
    job: JobId = await world.perform(requestor.signer, post_job(requestor.turns.parts, package))
    await world.until(lambda: world.network.jobs[job].ended)
    seen = world.network.jobs[job]
    settled = sum(made.closed and made.settled is not None for made in seen.rounds.values())
    if seen.state is not State.SETTLED or settled != size.rounds:
        raise ScenarioFailed(f"a job of {size} ended {seen.state.name} after {settled} rounds{world.troubles()}")
    return job


async def _claim_singly(world: World, nodes: Sequence[Inhabitant], job: JobId) -> None:
    seen = world.network.jobs[job]
    await world.perform_all(
        (
            each.signer,
            each.signer.send(
                "claim", Call(PROTOCOL, "claim", (job, [each.address], opened_words(seen, [each.address])))
            ),
        )
        for each in nodes
    )
