"""Every implementation of `ports.TaskQueue` keeps these promises."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from scatter.ports import Task, TaskQueue
from scatter.protocol.ids import Timestamp
from scatter.storage.database import Database
from scatter.storage.queue import SqlTaskQueue

MAKERS: dict[str, Callable[[Database], TaskQueue]] = {"sqlite": SqlTaskQueue}


@pytest.fixture(params=MAKERS)
async def queue(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[TaskQueue]:
    async with await Database.open(tmp_path / "node.db") as database:
        yield MAKERS[request.param](database)


async def take(queue: TaskQueue, now: float, seconds: float = 10.0, worker: str = "w") -> Task:
    task = await queue.lease(worker=worker, now=now, seconds=seconds)
    assert task is not None
    return task


async def test_a_task_comes_back_as_it_was_added(queue: TaskQueue) -> None:
    payload = {"job": "0x12", "round": 3, "list": [1, None, {"deep": True}]}
    assert await queue.add("train/3", "train", payload, now=1.0, deadline=Timestamp(1_700_000_000), priority=5)
    task = await take(queue, 1.0)
    assert (task.key, task.kind, task.payload) == ("train/3", "train", payload)
    assert (task.deadline, task.priority, task.attempt) == (1_700_000_000, 5, 1)


async def test_a_key_is_unique_among_unfinished_tasks_only(queue: TaskQueue) -> None:
    assert await queue.add("a", "k", {}, now=0.0)
    assert not await queue.add("a", "k", {"other": 1}, now=0.0)
    task = await take(queue, 0.0)
    assert not await queue.add("a", "k", {}, now=0.0), "leased is unfinished"
    assert await queue.complete(task, now=1.0)
    assert await queue.add("a", "k", {"again": 1}, now=2.0), "owed again after it was done"
    assert (await take(queue, 2.0)).payload == {"again": 1}


async def test_many_adding_the_same_key_at_once_add_one(queue: TaskQueue) -> None:
    added = await asyncio.gather(*(queue.add("a", "k", {"n": n}, now=0.0) for n in range(12)))
    assert sum(added) == 1


async def test_highest_priority_first_then_oldest(queue: TaskQueue) -> None:
    for key, priority in (("low", -1), ("first", 0), ("second", 0), ("high", 9)):
        await queue.add(key, "k", {}, now=0.0, priority=priority)
    assert [(await take(queue, 0.0)).key for _ in range(4)] == ["high", "first", "second", "low"]
    assert await queue.lease(worker="w", now=0.0, seconds=1.0) is None


async def test_no_task_is_leased_twice_by_many_workers(queue: TaskQueue) -> None:
    for n in range(10):
        await queue.add(str(n), "k", {}, now=0.0)
    leased = await asyncio.gather(*(queue.lease(worker=str(n), now=0.0, seconds=9.0) for n in range(15)))
    assert sorted(task.key for task in leased if task) == [str(n) for n in range(10)]


async def test_an_expired_lease_is_ready_again_and_its_old_holder_is_fenced_off(queue: TaskQueue) -> None:
    await queue.add("a", "k", {}, now=0.0)
    lost = await take(queue, 0.0, seconds=10.0, worker="slow")
    assert await queue.lease(worker="other", now=9.9, seconds=10.0) is None
    held = await take(queue, 10.0, worker="other")
    assert (held.id, held.attempt) == (lost.id, 2)
    assert held.fence != lost.fence
    assert not await queue.heartbeat(lost, now=11.0, seconds=10.0)
    assert not await queue.complete(lost, now=11.0)
    assert not await queue.fail(lost, "late", now=11.0, retry_at=None)
    assert await queue.complete(held, now=12.0)


async def test_a_heartbeat_keeps_the_lease(queue: TaskQueue) -> None:
    await queue.add("a", "k", {}, now=0.0)
    task = await take(queue, 0.0, seconds=10.0)
    assert await queue.heartbeat(task, now=8.0, seconds=10.0)
    assert await queue.lease(worker="other", now=17.0, seconds=1.0) is None
    assert await queue.lease(worker="other", now=18.0, seconds=1.0) is not None


async def test_a_failed_task_waits_for_its_retry(queue: TaskQueue) -> None:
    await queue.add("a", "k", {}, now=0.0)
    task = await take(queue, 0.0)
    assert await queue.fail(task, "no peer", now=1.0, retry_at=5.0)
    assert await queue.unfinished() == {"a": "waiting"}
    assert not await queue.heartbeat(task, now=2.0, seconds=10.0), "its lease ended with the failure"
    assert await queue.lease(worker="w", now=4.9, seconds=1.0) is None
    assert (await take(queue, 5.0)).attempt == 2


async def test_a_task_that_failed_for_good_is_finished(queue: TaskQueue) -> None:
    await queue.add("a", "k", {}, now=0.0)
    assert await queue.fail(await take(queue, 0.0), "x" * 100_000, now=1.0, retry_at=None)
    assert await queue.unfinished() == {}
    assert await queue.lease(worker="w", now=1e9, seconds=1.0) is None
    assert await queue.add("a", "k", {}, now=2.0)


async def test_finishing_twice_is_refused(queue: TaskQueue) -> None:
    await queue.add("a", "k", {}, now=0.0)
    task = await take(queue, 0.0)
    assert await queue.complete(task, now=1.0)
    assert not await queue.complete(task, now=1.0)
    assert not await queue.fail(task, "x", now=1.0, retry_at=2.0)
    assert not await queue.heartbeat(task, now=1.0, seconds=5.0)


async def test_cancel_finishes_ready_waiting_and_leased_tasks(queue: TaskQueue) -> None:
    for key in ("ready", "waiting", "leased", "done"):
        await queue.add(key, "k", {}, now=0.0, priority={"done": 3, "leased": 2, "waiting": 1}.get(key, 0))
    await queue.complete(await take(queue, 0.0), now=0.0)
    leased = await take(queue, 0.0)
    await queue.fail(await take(queue, 0.0), "later", now=0.0, retry_at=99.0)
    assert await queue.unfinished() == {"ready": "ready", "leased": "leased", "waiting": "waiting"}
    assert await queue.cancel(["ready", "waiting", "leased", "done", "unknown"], now=1.0) == 3
    assert not await queue.heartbeat(leased, now=1.0, seconds=5.0)
    assert not await queue.complete(leased, now=1.0)
    assert await queue.unfinished() == {}
    assert await queue.lease(worker="w", now=1e9, seconds=1.0) is None


async def test_a_payload_that_json_cannot_hold_changes_nothing(queue: TaskQueue) -> None:
    with pytest.raises(Exception, match="JSON serializable"):
        await queue.add("a", "k", {"raw": b"bytes"}, now=0.0)
    assert await queue.unfinished() == {}
    assert await queue.add("a", "k", {}, now=0.0)


async def test_the_newest_first_also_when_they_have_ended(queue: TaskQueue) -> None:
    for n in range(4):
        await queue.add(str(n), "k", {"n": n}, now=float(n), deadline=Timestamp(9))
    done = await take(queue, 4.0)
    assert await queue.complete(done, now=5.0)
    failed = await take(queue, 5.0)
    assert await queue.fail(failed, "no memory", now=6.0, retry_at=None)
    newest = await queue.latest(3)
    assert [(one.key, one.status) for one in newest] == [("3", "ready"), ("2", "ready"), ("1", "failed")]
    assert (newest[2].error, newest[2].attempts, newest[2].added_at, newest[2].finished_at) == (
        "no memory",
        1,
        1.0,
        6.0,
    )
    (oldest,) = await queue.latest(3, below=newest[-1].id)
    assert (oldest.key, oldest.status, oldest.payload, oldest.deadline) == ("0", "done", {"n": 0}, 9)
    assert await queue.latest(3, below=oldest.id) == []
