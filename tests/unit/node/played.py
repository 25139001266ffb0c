"""A job with its people, to be brought to the state that a test is about."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass

from tests.unit.node.jobcode import deal_data, tiny_job
from tests.unit.node.world import Held, World, enrol

from scatter.jobs.folder import JobPackage
from scatter.localnet.clock import DevelopmentClock
from scatter.node.behaviour import Behaviour
from scatter.node.node import Node
from scatter.node.parts import Parts
from scatter.node.posting import post_job
from scatter.protocol.ids import Address, JobId
from scatter.protocol.states import Role, State
from scatter.protocol.view import JobView

LONGEST_SECONDS = 120


@dataclass
class Played:
    """A posted job and everybody's parts. Which of the validators and challengers sit where is known once they are drawn."""

    world: World
    package: JobPackage
    requestor: Parts
    trainers: list[Parts]
    validators: list[Parts]
    challengers: list[Parts]
    job_id: JobId

    @property
    def everybody(self) -> list[Parts]:
        return [self.requestor, *self.trainers, *self.validators, *self.challengers]

    @property
    def job(self) -> JobView:
        return self.world.job(self.job_id)

    @property
    def members(self) -> list[Parts]:
        return self._those(self.job.members)

    @property
    def auditors(self) -> list[Parts]:
        return self._those(self.job.auditors)

    @property
    def jurors(self) -> list[Parts]:
        return self._those(self.job.jurors)

    def _those(self, accounts: Collection[Address]) -> list[Parts]:
        parts = {parts.identity.address: parts for parts in self.everybody}
        return [parts[account] for account in accounts]

    def change(self, old: Parts, new: Parts) -> None:
        """Let a validator or challenger go on as another."""
        for group in (self.validators, self.challengers):
            group[:] = [new if parts is old else parts for parts in group]

    async def until(self, state: State, round_: int = 0, held: Held = lambda parts, duty: False) -> JobView:
        """Bring the job to a state (in a round at least), everybody doing what is owed but for what is held back."""
        return await self.until_true(lambda view: view.state is state and view.round >= round_, held)

    async def until_true(self, condition: Callable[[JobView], bool], held: Held = lambda parts, duty: False) -> JobView:
        return await self.world.drive(self.everybody, self.job_id, condition, held)

    async def by_themselves(self, workers: int = 2) -> None:
        """Let everybody work, as nodes do, until all is claimed."""
        world = self.world
        nodes = [Node(parts, await world.tasks(parts), workers) for parts in self.everybody]
        clock = DevelopmentClock(world.ledger)

        async def all_idle() -> bool:
            return all([await node.idle() for node in nodes])

        clock.watch(world.view, all_idle)
        ticking = asyncio.create_task(clock.run())
        for node in nodes:
            await node.start()
        async with asyncio.timeout(LONGEST_SECONDS):
            await world.view.until(lambda view: _all_claimed(view.jobs[self.job_id]))
        for node in nodes:
            await node.stop()
        ticking.cancel()
        await asyncio.gather(ticking, return_exceptions=True)


def _all_claimed(job: JobView) -> bool:
    return job.ended and job.claimed >= set(job.participants)


async def posted(
    world: World,
    *,
    rounds: int = 1,
    trainers: int = 1,
    validators: int = 1,
    auditors: int = 0,
    others: int = 0,
    behaviours: dict[int, Behaviour] | None = None,
    requestors: Behaviour | None = None,
) -> Played:
    """Everybody enrolled, and the job posted: a committee of `validators`, and, where there are so many `others` that are
    validators too, a jury of them. `behaviours` are the trainers', `requestors` the requestor's."""
    jury = min(3, others)
    package = tiny_job(
        world.folder / "job", rounds=rounds, trainers=trainers, committee=validators, auditors=auditors, jury=jury
    )
    requestor = await world.node("requestor", Role.REQUESTOR, behaviour=requestors or Behaviour())
    training = []
    for number in range(trainers):
        deal_data(world.folder / f"trainer-{number}" / "data", number)
        behaviour = (behaviours or {}).get(number, Behaviour())
        training.append(await world.node(f"trainer-{number}", Role.TRAINER, behaviour=behaviour))
    scoring = [await world.node(f"validator-{number}", Role.VALIDATOR) for number in range(validators + others)]
    auditing = [await world.node(f"challenger-{number}", Role.CHALLENGER) for number in range(auditors)]
    await enrol([requestor, *training, *scoring, *auditing])
    job = await post_job(requestor, package)
    return Played(world, package, requestor, training, scoring, auditing, job)
