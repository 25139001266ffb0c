"""The queue of a node holds what the node owes: once, and no longer than it is owed."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest
from tests.unit.node.played import Played, posted
from tests.unit.node.world import World, Wrapped, eventually, members_wait

from scatter.node import owing as module
from scatter.node.behaviour import Behaviour, Scene
from scatter.node.doing import do
from scatter.node.parts import Parts
from scatter.node.reconciler import Reconciler
from scatter.node.tasks import Tasks
from scatter.ports import Task
from scatter.protocol.duties import Duty, DutyKind
from scatter.protocol.states import State
from scatter.protocol.view import JobView


@pytest.fixture
async def played(world: World) -> Played:
    return await posted(world)


@pytest.fixture
def trainer(played: Played) -> Parts:
    """Owes to fetch the training job."""
    return played.trainers[0]


@pytest.fixture
async def tasks(world: World, trainer: Parts) -> Tasks:
    return await world.tasks(trainer)


async def lease(tasks: Tasks) -> Task:
    task = await tasks.lease("w")
    assert task is not None
    return task


async def kinds(tasks: Tasks) -> list[str]:
    return [key.split("/")[2] for key in await tasks.unfinished()]


async def test_what_is_owed_is_queued_once(trainer: Parts, tasks: Tasks) -> None:
    reconciler = Reconciler(trainer, tasks)
    for _ in range(3):
        await reconciler.look()
    assert await kinds(tasks) == ["fetch"]
    assert [duty.kind for duty in reconciler.owed] == [DutyKind.FETCH]
    assert reconciler.work.is_set()


async def test_what_is_done_and_owed_again_is_queued_again(trainer: Parts, tasks: Tasks) -> None:
    reconciler = Reconciler(trainer, tasks)
    await reconciler.look()
    await tasks.complete(await lease(tasks))
    await reconciler.look()
    assert await kinds(tasks) == ["fetch"]


async def test_void_tasks_are_cancelled_but_not_what_runs(played: Played, trainer: Parts, tasks: Tasks) -> None:
    reconciler = Reconciler(trainer, tasks)
    await tasks.queue.add("void", "fetch", {}, now=0, priority=9)
    await tasks.queue.add("runs", "fetch", {}, now=0, priority=10)
    running = await lease(tasks)
    await reconciler.look()
    assert await kinds_or_keys(tasks) == {"runs": "leased", "fetch": "ready"}
    assert await tasks.queue.complete(running, now=tasks.clock())

    await played.world.pass_time(played.job_id, played.job.terms.durations.open + 1)
    await reconciler.look()
    assert await kinds_or_keys(tasks) == {}


async def kinds_or_keys(tasks: Tasks) -> dict[str, str]:
    unfinished = await tasks.unfinished()
    return {key.split("/")[2] if "/" in key else key: status for key, status in unfinished.items()}


async def test_tasks_of_a_dead_process_are_forgotten_at_the_start(trainer: Parts, tasks: Tasks) -> None:
    await tasks.queue.add("stale", "train", {"nonsense": True}, now=0)
    await tasks.queue.add("stale and leased", "train", {"nonsense": True}, now=0, priority=5)
    dead = await lease(tasks)
    reconciler = Reconciler(trainer, tasks)
    await reconciler.start()
    await eventually(lambda: bool(reconciler.owed) and not reconciler._active())
    assert await kinds(tasks) == ["fetch"]
    assert not await tasks.queue.complete(dead, now=tasks.clock())
    await reconciler.stop()


async def test_duties_that_were_given_up_are_not_queued_again(trainer: Parts, tasks: Tasks) -> None:
    reconciler = Reconciler(trainer, tasks)
    await reconciler.look()
    reconciler.given_up[reconciler.owed[0].key] = "hopeless"
    await reconciler.look()
    assert await kinds(tasks) == []
    await Reconciler(trainer, tasks).look()
    assert await kinds(tasks) == ["fetch"]


class Without(Behaviour):
    """Does nothing of one kind."""

    def __init__(self, kind: str) -> None:
        self.kind = kind

    def duties(self, owed: Sequence[Duty], scene: Scene) -> Sequence[Duty]:
        return [duty for duty in owed if duty.kind != self.kind]


async def test_a_bent_node_does_what_its_behaviour_says(trainer: Parts, tasks: Tasks) -> None:
    await Reconciler(replace(trainer, behaviour=Without("fetch")), tasks).look()
    assert await kinds(tasks) == []
    await Reconciler(replace(trainer, behaviour=Without("join")), tasks).look()
    assert await kinds(tasks) == ["fetch"]


async def test_the_first_duty_is_done_first(played: Played) -> None:
    await played.until(State.COMMITTING, held=members_wait)
    validator = played.validators[0]
    tasks = await played.world.tasks(validator)
    reconciler = Reconciler(validator, tasks)
    await reconciler.look()
    leased = [(await lease(tasks)).key for _ in reconciler.owed]
    assert len(leased) > 2
    assert leased == [duty.key for duty in reconciler.owed]


async def test_one_jobs_error_does_not_stop_the_other_jobs(
    played: Played, trainer: Parts, tasks: Tasks, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = replace(played.job, id=bytes([7]) * 32)
    jobs = {bad.id: bad, **played.world.view.network.jobs}
    played.world.view.network = replace(played.world.view.network, jobs=jobs)
    real = module.duties

    def duties(view: JobView, *others: Any) -> list[Duty]:
        if view.id == bad.id:
            raise ZeroDivisionError("rounds")
        return real(view, *others)

    monkeypatch.setattr(module, "duties", duties)
    reconciler = Reconciler(trainer, tasks)
    for _ in range(2):
        await reconciler.look()
    assert [duty.job for duty in reconciler.owed] == [played.job_id]


async def test_a_look_that_fails_is_repeated(trainer: Parts, tasks: Tasks, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scatter.node.reconciler.RETRY_SECONDS", 0.01)
    failures = [OSError("disk full"), RuntimeError("database is locked")]

    async def step(where: str) -> None:
        if where == "before keys" and failures:
            raise failures.pop()

    reconciler = Reconciler(replace(trainer, artefacts=Wrapped(trainer.artefacts, step)), tasks)
    await reconciler.start()
    await eventually(lambda: bool(reconciler.owed) and not reconciler._active())
    assert not failures
    await reconciler.stop()


async def test_a_stopped_node_hears_nothing_more(played: Played, trainer: Parts, tasks: Tasks) -> None:
    reconciler = Reconciler(trainer, tasks)
    await reconciler.start()
    await eventually(lambda: bool(reconciler.owed) and not reconciler._active())
    await reconciler.stop()
    reconciler.owed = ()
    await played.world.pass_time(played.job_id, 1)
    await asyncio.sleep(0.02)
    assert not reconciler.owed
    assert not reconciler._wake.is_set()
    await reconciler.stop()


async def test_a_task_that_ends_during_a_look_is_not_queued_again(trainer: Parts, tasks: Tasks) -> None:
    """The look may still see the holdings from before the task, but not that it is gone."""
    plain = Reconciler(trainer, tasks)
    await plain.look()
    task = await lease(tasks)

    async def step(where: str) -> None:
        if where == "after keys" and await tasks.unfinished():
            await do(trainer, plain.owed[0])
            await tasks.complete(task)

    await Reconciler(replace(trainer, artefacts=Wrapped(trainer.artefacts, step)), tasks).look()
    assert await kinds(tasks) == []
    await Reconciler(trainer, tasks).look()
    assert await kinds(tasks) == ["examine"]


async def test_idle_means_that_nothing_is_to_come(trainer: Parts, tasks: Tasks) -> None:
    gate, looking = asyncio.Event(), asyncio.Event()

    async def step(where: str) -> None:
        if where == "before keys":
            looking.set()
            await gate.wait()

    reconciler = Reconciler(replace(trainer, artefacts=Wrapped(trainer.artefacts, step)), tasks)
    await reconciler.start()
    assert not await reconciler.idle(), "a look is to come"
    await looking.wait()
    assert not await reconciler.idle(), "a look is under way"
    gate.set()
    await eventually(lambda: bool(reconciler.owed) and not reconciler._active())
    assert not await reconciler.idle(), "there is a task"

    task = await lease(tasks)
    assert not await reconciler.idle(), "a task is being done"
    with reconciler.busy():
        await tasks.drop(task, "hopeless")
        reconciler.given_up[task.key] = "hopeless"
        assert not await reconciler.idle(), "the worker has not said that it is done"
    await eventually(lambda: not reconciler._active())
    assert await reconciler.idle()
    await reconciler.stop()


async def test_nobody_waits_for_a_duty_that_keeps_failing(trainer: Parts, tasks: Tasks) -> None:
    reconciler = Reconciler(trainer, tasks)
    await reconciler.look()
    task = await lease(tasks)
    await tasks.retry(task, "no peer", 60)
    assert not await reconciler.idle()
    reconciler.struggling.add(task.key)
    assert await reconciler.idle()
    await reconciler.look()
    assert await reconciler.idle()
    assert await tasks.unfinished() == {task.key: "waiting"}


async def test_the_view_and_the_time_of_a_look_belong_together(played: Played, trainer: Parts, tasks: Tasks) -> None:
    """A look that began before a block does not judge the old view by the new time."""

    async def step(where: str) -> None:
        if where == "before keys":
            await played.world.pass_time(played.job_id, played.job.terms.durations.open + 1)
            await do(played.requestor, Duty(played.job_id, played.job.round, DutyKind.POKE, "open"))

    await Reconciler(replace(trainer, artefacts=Wrapped(trainer.artefacts, step)), tasks).look()
    assert played.job.state is State.CANCELLED
    assert await kinds(tasks) == [], "a job that ended under our hands is not joined"
