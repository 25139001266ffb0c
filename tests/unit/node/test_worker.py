"""Tasks are done with a lease, a deadline and retries; nothing that goes wrong ends a worker."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest
from tests.unit.node.world import WallClock, World, Wrapped, eventually

from scatter.content.fetching import ContentUnavailable
from scatter.node import worker as module
from scatter.node.failures import FETCH_ATTEMPTS, GiveUp
from scatter.node.parts import Parts
from scatter.node.reconciler import Reconciler
from scatter.node.reports import Progress, Report
from scatter.node.tasks import LEASE_SECONDS, Tasks
from scatter.node.worker import MAX_ATTEMPTS, Doer, Worker
from scatter.ports import CallReverted, ChainUnavailable, Task, TaskQueue
from scatter.protocol.duties import Duty, DutyKind
from scatter.protocol.ids import JobId, Round, Timestamp
from scatter.protocol.states import Role

DUTY = Duty(JobId(bytes(32)), Round(1), DutyKind.TRAIN)


class Impatient:
    """A queue whose clock goes on to the moment of the next retry."""

    def __init__(self, queue: Any, clock: WallClock) -> None:
        self._queue, self._clock = queue, clock
        self.waits: list[float] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._queue, name)

    async def fail(self, task: Task, error: str, *, now: float, retry_at: float | None) -> bool:
        if retry_at is not None:
            self.waits.append(retry_at - now)
            self._clock.seconds = retry_at
        return bool(await self._queue.fail(task, error, now=now, retry_at=retry_at))


class Bench:
    """A node's parts with one worker on them, and a queue that the test fills."""

    def __init__(self, parts: Parts, queue: TaskQueue) -> None:
        self.said: list[Report] = []
        self.clock = WallClock()
        self.queue = Impatient(queue, self.clock)
        self.parts = replace(parts, reporter=self.said.append)
        self.tasks = Tasks(self.queue, self.clock)
        self.reconciler = Reconciler(self.parts, self.tasks)
        self.workers: list[Worker] = []

    async def add(self, duty: Duty = DUTY) -> None:
        await self.tasks.add(duty, 0)
        self.reconciler.work.set()

    def start(self, do: Doer) -> Worker:
        self.workers.append(Worker(self.parts, self.tasks, self.reconciler, do, 1))
        self.workers[-1].start()
        return self.workers[-1]

    async def until(self, progress: Progress, count: int = 1) -> Report:
        await eventually(lambda: [report.progress for report in self.said].count(progress) >= count)
        return [report for report in self.said if report.progress is progress][-1]

    def progress(self) -> list[str]:
        return [report.progress.value for report in self.said]


@pytest.fixture
async def bench(world: World, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bench]:
    monkeypatch.setattr(module, "POLL_SECONDS", 0.02)
    node = await world.node("node", Role.TRAINER)
    made = Bench(node, (await world.tasks(node)).queue)
    yield made
    for worker in made.workers:
        await worker.stop()


def failing(error: Callable[[], Exception], times: int = 10**9) -> Doer:
    left = [times]

    async def do(parts: Parts, duty: Duty) -> None:
        left[0] -= 1
        if left[0] >= 0:
            raise error()

    return do


async def test_a_task_is_done_and_the_reconciler_looks_again(bench: Bench) -> None:
    done: list[Duty] = []

    async def do(parts: Parts, duty: Duty) -> None:
        done.append(duty)

    bench.start(do)
    await bench.add()
    await bench.until(Progress.DONE)
    assert done == [DUTY]
    assert bench.progress() == ["started", "done"]
    assert not await bench.queue.unfinished()
    assert bench.reconciler._wake.is_set()


async def test_failed_tasks_wait_longer_each_time(bench: Bench) -> None:
    bench.start(failing(lambda: ValueError("not yet"), 3))
    await bench.add()
    await bench.until(Progress.DONE)
    assert bench.progress() == ["started", "retrying"] * 3 + ["started", "done"]
    assert bench.said[1].error == "not yet"
    assert bench.queue.waits == [1, 2, 4]


async def test_what_keeps_failing_is_given_up(bench: Bench) -> None:
    bench.start(failing(ZeroDivisionError))
    await bench.add()
    report = await bench.until(Progress.GIVEN_UP)
    assert bench.progress().count("started") == MAX_ATTEMPTS
    assert report.error == "ZeroDivisionError"
    assert bench.reconciler.given_up == {DUTY.key: "ZeroDivisionError"}
    assert not await bench.queue.unfinished()


@pytest.mark.parametrize(
    ("error", "attempts"),
    [
        (ChainUnavailable("no connection"), MAX_ATTEMPTS),
        (ContentUnavailable("nobody handed it out"), FETCH_ATTEMPTS),
        (ConnectionResetError("gone"), MAX_ATTEMPTS),
        (OSError(28, "No space left on device"), MAX_ATTEMPTS),
    ],
)
async def test_what_may_pass_is_tried_on_and_nobody_waits_for_it(bench: Bench, error: Exception, attempts: int) -> None:
    bench.start(failing(lambda: error, MAX_ATTEMPTS + 2))
    await bench.add()
    await bench.until(Progress.RETRYING, attempts)
    assert bench.reconciler.struggling == {DUTY.key}
    await bench.until(Progress.DONE)
    assert not bench.reconciler.given_up
    assert bench.queue.waits == [1, 2, 4, 8, 16, 32, 60, 60]


async def test_a_call_that_reverts_is_given_up_after_some_attempts(bench: Bench) -> None:
    bench.start(failing(lambda: CallReverted("join reverted: RoleBound()")))
    await bench.add()
    assert "RoleBound" in (await bench.until(Progress.GIVEN_UP)).error
    assert bench.progress().count("started") == MAX_ATTEMPTS


async def test_giving_up_is_final(bench: Bench) -> None:
    bench.start(failing(lambda: GiveUp("the bundle holds no key for me")))
    await bench.add()
    await bench.until(Progress.GIVEN_UP)
    assert bench.progress() == ["started", "given up"]
    assert bench.reconciler.given_up == {DUTY.key: "the bundle holds no key for me"}


async def stuck(parts: Parts, duty: Duty) -> None:
    await asyncio.Event().wait()


async def test_work_ends_at_its_deadline_and_may_be_owed_again(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HEARTBEAT_SECONDS", 0.01)
    bench.start(stuck)
    await bench.add(replace(DUTY, deadline=Timestamp(bench.parts.view.now.timestamp - 1)))
    assert (await bench.until(Progress.GIVEN_UP)).error == "its deadline passed"
    assert not bench.reconciler.given_up
    assert not await bench.queue.unfinished()


async def test_a_lease_is_prolonged_while_the_work_goes_on(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HEARTBEAT_SECONDS", 0.01)
    go = asyncio.Event()

    async def do(parts: Parts, duty: Duty) -> None:
        await go.wait()

    bench.start(do)
    await bench.add()
    await bench.until(Progress.STARTED)
    for _ in range(5):
        bench.clock.seconds += LEASE_SECONDS * 0.8
        await asyncio.sleep(0.05)
        other = await bench.queue.lease(worker="other", now=bench.clock(), seconds=30)
        assert other is None, "somebody else took the task"
    go.set()
    await bench.until(Progress.DONE)


async def test_work_whose_lease_is_lost_ends_quietly(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "HEARTBEAT_SECONDS", 0.01)
    ended: list[str] = []

    async def do(parts: Parts, duty: Duty) -> None:
        try:
            await stuck(parts, duty)
        finally:
            ended.append(duty.key)

    bench.start(do)
    await bench.add()
    await bench.until(Progress.STARTED)
    await bench.queue.cancel([DUTY.key], now=bench.clock())
    await eventually(lambda: bool(ended))
    assert not bench.reconciler.given_up
    await bench.add()
    await bench.until(Progress.STARTED, 2)


async def test_stopping_ends_the_work_and_keeps_the_task(bench: Bench) -> None:
    ended: list[str] = []

    async def do(parts: Parts, duty: Duty) -> None:
        try:
            await stuck(parts, duty)
        finally:
            await asyncio.sleep(0)
            ended.append(duty.key)

    worker = bench.start(do)
    await bench.add()
    await bench.until(Progress.STARTED)
    await worker.stop()
    assert ended == [DUTY.key]
    assert await bench.queue.unfinished() == {DUTY.key: "leased"}
    assert bench.progress() == ["started"]
    await worker.stop()


async def test_a_cancellation_from_below_is_a_failure_like_others(bench: Bench) -> None:
    """A connection that is closed cancels whoever waits for its next block."""
    bench.start(failing(asyncio.CancelledError, 1))  # type: ignore[arg-type]
    await bench.add()
    await bench.until(Progress.DONE)
    assert bench.progress() == ["started", "retrying", "started", "done"]


@pytest.mark.parametrize("method", ["lease", "complete", "fail"])
async def test_a_queue_that_fails_does_not_end_the_worker(bench: Bench, method: str) -> None:
    failures = [1]

    async def step(where: str) -> None:
        if where == f"before {method}" and failures:
            failures.pop()
            bench.clock.seconds += LEASE_SECONDS + 1
            raise OSError("disk full")

    bench.tasks = Tasks(Wrapped(bench.queue, step), bench.clock)
    bench.start(failing(lambda: ValueError("once"), 1))
    await bench.add()
    await bench.until(Progress.DONE)
    assert not failures


async def test_a_reporter_that_fails_changes_nothing(bench: Bench) -> None:
    told: list[Report] = []

    def broken(report: Report) -> None:
        told.append(report)
        raise RuntimeError("no terminal")

    bench.parts = replace(bench.parts, reporter=broken)
    bench.start(failing(lambda: ValueError("x"), 0))
    await bench.add()
    await eventually(lambda: len(told) == 2)
    assert not await bench.queue.unfinished()


async def test_a_task_that_nobody_understands_does_not_end_the_worker(bench: Bench) -> None:
    done: list[Any] = []

    async def do(parts: Parts, duty: Duty) -> None:
        done.append(duty)

    await bench.queue.add("of another version", "train", {"kind": "?"}, now=bench.clock(), priority=9)
    await bench.add()
    bench.start(do)
    await bench.until(Progress.DONE)
    assert done == [DUTY]
