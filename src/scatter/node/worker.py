"""Takes tasks from the queue and does them: with a lease that it prolongs, a deadline, and retries that wait longer."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from scatter.node.failures import MAX_ATTEMPTS, drags_on, hopeless
from scatter.node.parts import Parts
from scatter.node.reconciler import Reconciler
from scatter.node.reports import Progress, Report
from scatter.node.tasks import Tasks, duty_of
from scatter.ports import Task
from scatter.protocol.duties import Duty

HEARTBEAT_SECONDS = 5.0
POLL_SECONDS = 0.5
FIRST_RETRY_SECONDS = 0.5
LONGEST_RETRY_SECONDS = 60.0

log = logging.getLogger(__name__)

Doer = Callable[[Parts, Duty], Coroutine[Any, Any, None]]


class _LeaseLost(Exception):
    """The task was cancelled, or another worker has it."""


class _TooLate(Exception):
    """The deadline passed."""


class Worker:
    """One worker of a node. No error, of a task or of the queue, ends it."""

    def __init__(self, parts: Parts, tasks: Tasks, reconciler: Reconciler, do: Doer, number: int) -> None:
        self._parts = parts
        self._tasks = tasks
        self._reconciler = reconciler
        self._do = do
        self._name = f"{parts.name} worker {number}"
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Take tasks until `stop`."""
        self._task = asyncio.create_task(self._run(), name=self._name)

    async def stop(self) -> None:
        """Abandon the task at hand; its lease runs out and its duty is found again."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def _run(self) -> None:
        while True:
            try:
                await self._take()
            except Exception:
                log.exception("%s failed; it goes on", self._name)
                await asyncio.sleep(POLL_SECONDS)

    async def _take(self) -> None:
        # Cleared before looking: what is queued from here on sets it again.
        self._reconciler.work.clear()
        task = await self._tasks.lease(self._name)
        if task is not None:
            with self._reconciler.busy():
                await self._attempt(task)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(POLL_SECONDS):
                await self._reconciler.work.wait()

    async def _attempt(self, task: Task) -> None:
        duty, began = duty_of(task.payload), self._tasks.clock()
        self._report(duty, Progress.STARTED, began)
        doing = asyncio.create_task(self._do(self._parts, duty), name=f"{self._name}: {duty.kind}")
        try:
            await self._watch(task, duty, doing)
        except _LeaseLost:
            log.info("%s: %s was cancelled or taken over", self._name, duty.key)
        except _TooLate:
            # Not given up: were the chain to go back, it would be owed again.
            await self._tasks.drop(task, "its deadline passed")
            self._report(duty, Progress.GIVEN_UP, began, "its deadline passed")
        except Exception as error:
            log.debug("%s: %s failed", self._name, duty.key, exc_info=True)
            await self._fail(task, duty, began, error)
        else:
            await self._tasks.complete(task)
            self._report(duty, Progress.DONE, began)
        finally:
            doing.cancel()
            await asyncio.gather(doing, return_exceptions=True)

    async def _watch(self, task: Task, duty: Duty, doing: asyncio.Task[None]) -> None:
        """Wait for the work, prolonging the lease; end it when the lease is lost or the duty's deadline has passed."""
        while not doing.done():
            await asyncio.wait([doing], timeout=HEARTBEAT_SECONDS)
            if doing.done():
                break
            if not await self._tasks.prolong(task):
                raise _LeaseLost
            if duty.deadline is not None and self._parts.view.now.timestamp > duty.deadline:
                raise _TooLate
        if doing.cancelled():
            # Something below was closed; a CancelledError from here would end the worker.
            raise InterruptedError("the work was cancelled from below")
        doing.result()

    async def _fail(self, task: Task, duty: Duty, began: float, error: Exception) -> None:
        said = str(error) or type(error).__name__
        if hopeless(error, task.attempt):
            await self._give_up(task, duty, began, said)
            return
        if drags_on(error, task.attempt):
            self._reconciler.struggling.add(duty.key)
        wait = min(FIRST_RETRY_SECONDS * 2 ** min(task.attempt, MAX_ATTEMPTS + 1), LONGEST_RETRY_SECONDS)
        await self._tasks.retry(task, said, wait)
        self._report(duty, Progress.RETRYING, began, said)

    async def _give_up(self, task: Task, duty: Duty, began: float, error: str) -> None:
        self._reconciler.given_up[duty.key] = error
        await self._tasks.drop(task, error)
        self._report(duty, Progress.GIVEN_UP, began, error)

    def _report(self, duty: Duty, progress: Progress, began: float, error: str = "") -> None:
        report = Report(self._parts.name, duty, progress, self._tasks.clock() - began, error)
        try:
            self._parts.reporter(report)
        except Exception:
            log.exception("the reporter of %s failed", self._parts.name)
