"""Takes tasks from the queue and does them: with a lease that it prolongs, a deadline, and retries that wait longer."""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from scatter.node.failures import GiveUp
from scatter.node.parts import Parts
from scatter.node.reconciler import Reconciler
from scatter.node.reports import Progress, Report
from scatter.node.tasks import duty_of
from scatter.ports import Task
from scatter.protocol.duties import Duty

LEASE_SECONDS = 30.0
HEARTBEAT_SECONDS = 5.0
POLL_SECONDS = 0.5
MAX_ATTEMPTS = 6
FIRST_RETRY_SECONDS = 0.5

log = logging.getLogger(__name__)

Doer = Callable[[Parts, Duty], Coroutine[Any, Any, None]]


class Worker:
    """One worker of a node. A task's error never ends the worker."""

    def __init__(self, parts: Parts, reconciler: Reconciler, do: Doer, number: int) -> None:
        self._parts = parts
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
            with suppress(asyncio.CancelledError):
                await self._task

    async def _run(self) -> None:
        while True:
            task = await self._parts.queue.lease(worker=self._name, now=self._parts.clock(), seconds=LEASE_SECONDS)
            if task is None:
                self._reconciler.work.clear()
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._reconciler.work.wait(), POLL_SECONDS)
                continue
            await self._attempt(task)
            self._reconciler.wake()

    async def _attempt(self, task: Task) -> None:
        duty, began = duty_of(task.payload), self._parts.clock()
        self._report(duty, Progress.STARTED, began)
        doing = asyncio.create_task(self._do(self._parts, duty), name=f"{self._name}: {duty.kind}")
        try:
            await self._watch(task, duty, doing)
            await self._parts.queue.complete(task, now=self._parts.clock())
            self._report(duty, Progress.DONE, began)
        except GiveUp as error:
            await self._give_up(task, duty, began, str(error))
        except Exception as error:
            log.debug("%s: %s failed", self._name, duty.key, exc_info=True)
            await self._fail(task, duty, began, f"{error or type(error).__name__}")
        finally:
            doing.cancel()
            with suppress(asyncio.CancelledError, Exception):
                await doing

    async def _watch(self, task: Task, duty: Duty, doing: asyncio.Task[None]) -> None:
        """Wait for the work, prolonging the lease; end it when the lease is lost or the duty's deadline has passed."""
        while not doing.done():
            await asyncio.wait([doing], timeout=HEARTBEAT_SECONDS)
            if doing.done():
                break
            if not await self._parts.queue.heartbeat(task, now=self._parts.clock(), seconds=LEASE_SECONDS):
                raise GiveUp("the task was cancelled")
            if duty.deadline is not None and self._parts.view.now.timestamp > duty.deadline:
                raise GiveUp("its deadline passed")
        await doing

    async def _fail(self, task: Task, duty: Duty, began: float, error: str) -> None:
        if task.attempt >= MAX_ATTEMPTS:
            await self._give_up(task, duty, began, error)
            return
        now = self._parts.clock()
        await self._parts.queue.fail(task, error, now=now, retry_at=now + FIRST_RETRY_SECONDS * 2**task.attempt)
        self._report(duty, Progress.RETRYING, began, error)

    async def _give_up(self, task: Task, duty: Duty, began: float, error: str) -> None:
        await self._parts.queue.fail(task, error, now=self._parts.clock(), retry_at=None)
        self._reconciler.given_up[duty.key] = error
        self._report(duty, Progress.GIVEN_UP, began, error)

    def _report(self, duty: Duty, progress: Progress, began: float, error: str = "") -> None:
        self._parts.reporter(Report(self._parts.name, duty, progress, self._parts.clock() - began, error))
