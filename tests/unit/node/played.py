"""A job with its people, to be brought to the state that a test is about."""

from collections.abc import Callable
from dataclasses import dataclass

from tests.unit.node.jobcode import deal_data, tiny_job
from tests.unit.node.world import Held, World, enrol

from scatter.jobs.folder import JobPackage
from scatter.node.behaviour import Behaviour
from scatter.node.parts import Parts
from scatter.node.posting import post_job
from scatter.protocol.ids import JobId
from scatter.protocol.states import Role, State
from scatter.protocol.view import JobView


@dataclass
class Played:
    """A posted job and everybody's parts."""

    world: World
    package: JobPackage
    requestor: Parts
    trainers: list[Parts]
    validators: list[Parts]
    job_id: JobId

    @property
    def everybody(self) -> list[Parts]:
        return [self.requestor, *self.trainers, *self.validators]

    @property
    def job(self) -> JobView:
        return self.world.job(self.job_id)

    async def until(self, state: State, round_: int = 0, held: Held = lambda parts, duty: False) -> JobView:
        """Bring the job to a state (in a round at least), everybody doing what is owed but for what is held back."""
        return await self.until_true(lambda view: view.state is state and view.round >= round_, held)

    async def until_true(self, condition: Callable[[JobView], bool], held: Held = lambda parts, duty: False) -> JobView:
        return await self.world.drive(self.everybody, self.job_id, condition, held)


async def posted(
    world: World,
    *,
    rounds: int = 1,
    trainers: int = 1,
    validators: int = 1,
    behaviours: dict[int, Behaviour] | None = None,
) -> Played:
    """Everybody enrolled, and the job posted."""
    package = tiny_job(world.folder / "job", rounds=rounds, trainers=trainers, committee=validators)
    requestor = await world.node("requestor", Role.REQUESTOR)
    training = []
    for number in range(trainers):
        deal_data(world.folder / f"trainer-{number}" / "data", number)
        behaviour = (behaviours or {}).get(number, Behaviour())
        training.append(await world.node(f"trainer-{number}", Role.TRAINER, behaviour=behaviour))
    scoring = [await world.node(f"validator-{number}", Role.VALIDATOR) for number in range(validators)]
    await enrol([requestor, *training, *scoring])
    job = await post_job(requestor, package)
    return Played(world, package, requestor, training, scoring, job)
