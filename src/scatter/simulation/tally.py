"""What is counted while a simulation runs, and the result that is made of it."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from scatter.localnet.outcome import challenge_results
from scatter.protocol.ids import Address, JobId
from scatter.protocol.pay import trainer_pay
from scatter.protocol.rates import Rates
from scatter.protocol.view import JobView, NetworkView
from scatter.simulation.blocks import Actor, BlockRecord
from scatter.simulation.bounds import crossings
from scatter.simulation.losses import Cast, Claim, Grounds, Loss, losses, put_up
from scatter.simulation.result import Balance, JobResult, NodeResult, SimulationResult
from scatter.simulation.scenario import HONEST, Scenario


@dataclass(slots=True)
class Tally:
    """Follows blocks, from the first one on. `actors` are all nodes, in the order of the scenario."""

    actors: Sequence[Actor]
    network: NetworkView = field(default_factory=NetworkView)
    claims: dict[JobId, dict[Address, Claim]] = field(default_factory=lambda: defaultdict(dict))
    behaviours: dict[Address, set[str]] = field(default_factory=lambda: defaultdict(set))
    stakes: dict[Address, list[int]] = field(default_factory=lambda: defaultdict(list))
    stopped: set[Address] = field(default_factory=set)
    paid_out: list[JobId] = field(default_factory=list)
    challenge_pool: int = 0
    max_tx_gas: int = 0

    def see(self, record: BlockRecord) -> None:
        """Count one block."""
        self.network = record.network
        for account, behaviour in record.behaviours.items():
            self.behaviours[account].add(behaviour)
        self.stopped.update(record.switches)
        for call in record.calls:
            self.max_tx_gas = max(self.max_tx_gas, call.gas)
        for event in record.events:
            values = event.values
            if event.name == "Claimed":
                self.claims[values["job"]][values["account"]] = Claim(values["paid"], values["penalty"])
                self.challenge_pool += values["to_challenge_pool"]
            elif event.name == "JurorFeesReserved":
                self.challenge_pool -= values["fee"] * values["jurors"].bit_count()
        for job in record.network.jobs.values():
            if job.id not in self.paid_out and job.ended and job.claimed >= set(job.participants):
                self.paid_out.append(job.id)
                for actor in self.actors:
                    node = record.network.nodes.get(actor.address)
                    self.stakes[actor.address].append(node.stake if node is not None else 0)


@dataclass(frozen=True, slots=True)
class Measured:
    """What the runner measures itself: balances of all nodes by name, before the first job and in the end; the supply likewise,
    both in base units; the metric of final models, 0..1, by job; and how many seconds it all took."""

    before: Mapping[str, Balance]
    after: Mapping[str, Balance]
    supply_before: int
    supply_after: int
    final_metrics: Mapping[JobId, float]
    seconds: float


def result_of(scenario: Scenario, tally: Tally, measured: Measured) -> SimulationResult:
    """The result of a simulation that is over."""
    rates, jobs = scenario.chain.rates, tally.network.jobs.values()
    names = {actor.address: actor.name for actor in tally.actors}
    honest = {actor.address for actor in tally.actors if _behaviours(actor, tally) == {HONEST}}
    cast = Cast(names, honest, tally.stopped)
    nodes = tuple(_node(actor, tally, measured) for actor in tally.actors)
    ended = [job for job in jobs if job.ended]
    lost = [loss for job in ended for loss in losses(job, tally.claims.get(job.id, {}), cast, rates)]
    lost += _beyond_jobs(nodes, tally, jobs, rates)
    return SimulationResult(
        scenario=scenario.name,
        seed=scenario.seed,
        seconds=measured.seconds,
        nodes=nodes,
        jobs=tuple(_job(job, names, rates, measured.final_metrics.get(job.id)) for job in jobs),
        supply_before=measured.supply_before,
        supply_after=measured.supply_after,
        challenge_pool=tally.challenge_pool,
        max_tx_gas=tally.max_tx_gas,
        losses=tuple(lost),
        crossings=tuple(crossing for job in ended for crossing in crossings(job, honest, names)),
    )


def _behaviours(actor: Actor, tally: Tally) -> set[str]:
    return {actor.behaviour} | tally.behaviours.get(actor.address, set())


def _node(actor: Actor, tally: Tally, measured: Measured) -> NodeResult:
    penalties = (claims[actor.address].penalty for claims in tally.claims.values() if actor.address in claims)
    return NodeResult(
        name=actor.name,
        group=actor.group,
        role=actor.role.name.lower(),
        behaviour=actor.behaviour,
        behaviours=frozenset(_behaviours(actor, tally)),
        before=measured.before[actor.name],
        after=measured.after[actor.name],
        stakes=tuple(tally.stakes.get(actor.address, ())),
        penalties=sum(penalties),
    )


def _job(job: JobView, names: Mapping[Address, str], rates: Rates, final_metric: float | None) -> JobResult:
    settled = [result for _, made in sorted(job.rounds.items()) if (result := job.judged(made)) is not None]
    return JobResult(
        name=job.name,
        requestor=names[job.requestor],
        state=job.state.name.lower(),
        reason=job.reason.name.lower(),
        metrics=tuple(result.metric for result in settled),
        final_metric=final_metric,
        shares={
            names[trainer]: sum(trainer_pay(result, slot, job.terms, rates) for result in settled) if job.ended else 0
            for slot, trainer in enumerate(job.trainers)
        },
        challenges=challenge_results(job, names),
    )


def _beyond_jobs(nodes: Sequence[NodeResult], tally: Tally, jobs: Collection[JobView], rates: Rates) -> Iterator[Loss]:
    """What honest nodes lost that no job's claims come to: nothing, unless the money is wrong somewhere."""
    for node, actor in zip(nodes, tally.actors, strict=True):
        expected = 0
        for job in jobs:
            claim = tally.claims.get(job.id, {}).get(actor.address, Claim(0, 0))
            expected += claim.paid - put_up(job, actor.address, rates)
            # A trainer's penalty is taken from its slot stake, so it is in what the claim paid.
            expected -= 0 if actor.address in job.trainers else claim.penalty
        if node.honest and node.gain < expected:
            cause = "fell by more than all its jobs come to"
            yield Loss(None, node.name, expected - node.gain, False, cause, Grounds.UNEXPLAINED)
