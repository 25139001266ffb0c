"""The loop that turns what is owed into tasks: look, queue what is new, drop what is void."""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from scatter.node.chain_view import Unsubscribe
from scatter.node.owing import Owing
from scatter.node.parts import Parts
from scatter.node.tasks import Tasks
from scatter.ports import TaskStatus
from scatter.protocol.duties import Duty

RETRY_SECONDS = 1.0

log = logging.getLogger(__name__)


class Reconciler:
    """Keeps the queue of one node equal to what the node owes. No error ends it."""

    def __init__(self, parts: Parts, tasks: Tasks) -> None:
        self._parts = parts
        self._tasks = tasks
        self._owing = Owing(parts)
        self._wake = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._unsubscribe: Unsubscribe | None = None
        self._looking = False
        self._looks = 0
        self._looked_at = -1
        self._working = 0
        self.work = asyncio.Event()
        """Set when there may be something in the queue."""
        self.given_up: dict[str, str] = {}
        """Duties that failed for good, with the error. They are tried again after a restart of the node."""
        self.struggling: set[str] = set()
        """Duties that failed many times for a reason that may pass. They are tried on, and nobody waits for them."""
        self.owed: Sequence[Duty] = ()

    def wake(self) -> None:
        """Look again soon: a block arrived, or a task ended."""
        self._wake.set()

    @contextmanager
    def busy(self) -> Iterator[None]:
        """While a worker has a task: the node is not idle until the look after it."""
        self._working += 1
        try:
            yield
        finally:
            self._working -= 1
            self.wake()

    async def start(self) -> None:
        """Forget the tasks of an earlier process, whose duties the first look finds again, and start looking."""
        await self._tasks.cancel(list(await self._tasks.unfinished()))
        self._unsubscribe = self._parts.view.on_change(self.wake)
        self._wake.set()
        self._task = asyncio.create_task(self._run(), name=f"{self._parts.name} reconciler")

    async def stop(self) -> None:
        """Stop looking."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def look(self) -> None:
        """Ask what is owed now, queue it, and cancel what is queued but no longer owed."""
        # In this order: what a task left that ends after the first line may be missing below, but then it is not queued
        # again, and its end wakes us; what a task left that ended before is seen.
        self._looked_at = self._parts.view.head.number
        unfinished = await self._tasks.unfinished()
        self.owed = await self._owing.now(self.given_up)
        for priority, duty in enumerate(reversed(self.owed)):
            if duty.key not in unfinished:
                await self._tasks.add(duty, priority)
        if self.owed:
            self.work.set()
        keys = {duty.key for duty in self.owed}
        self.struggling &= keys
        # What runs is left to end by itself: its transaction may be on the way, and its deadline ends it anyway.
        void = [key for key, status in unfinished.items() if key not in keys and status is not TaskStatus.LEASED]
        await self._tasks.cancel(void)

    async def idle(self) -> bool:
        """Whether there is nothing to do until a block or the clock brings something new. A block that it has not looked at may
        have brought something."""
        looks = self._looks
        if self._active() or self._looked_at < self._parts.view.head.number:
            return False
        unfinished = await self._tasks.unfinished()
        pending = [
            key for key, status in unfinished.items() if status is not TaskStatus.WAITING or key not in self.struggling
        ]
        return not (pending or self._active() or looks != self._looks)

    def _active(self) -> bool:
        return self._wake.is_set() or self._looking or self._working > 0

    async def _run(self) -> None:
        while True:
            await self._wake.wait()
            self._looking = True
            self._wake.clear()
            try:
                await self.look()
            except Exception:
                log.exception("%s could not look for its duties; it tries again", self._parts.name)
                await asyncio.sleep(RETRY_SECONDS)
                self._wake.set()
            finally:
                self._looks += 1
                self._looking = False
