"""Sees to it that every run that should have a process has one, also after the server was away."""

import asyncio
import contextlib
import logging
import shutil
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from scatter.storage.runs import RunStatus, SqlRuns, StoredRun, Wanted
from scatter.web.running.process import try_lock

MOST_ATTEMPTS = 5
LOOK_SECONDS = 0.5
LOG = "process.log"
log = logging.getLogger(__name__)


@dataclass(slots=True)
class Supervisor:
    """`store`: the database file; `folder`: where each run has a folder of its own; `beside`: where paths in documents start
    from; `most`: runs that may go on at once."""

    runs: SqlRuns
    store: Path
    folder: Path
    beside: Path
    most: int
    _children: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _wake: asyncio.Event = field(default_factory=asyncio.Event)

    @asynccontextmanager
    async def at_work(self) -> AsyncIterator[None]:
        """Look after runs meanwhile. Processes are left alone in the end: they go on."""
        looking = asyncio.create_task(self._look_often())
        try:
            yield
        finally:
            looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await looking

    def wake(self) -> None:
        """Look at once: there is something to do."""
        self._wake.set()

    def place(self, run: str) -> Path:
        """The folder of a run."""
        return self.folder / run

    async def forget(self, run: str) -> None:
        """Take the folder of a run away that has no process any more."""
        await asyncio.to_thread(shutil.rmtree, self.place(run), ignore_errors=True)

    async def ended(self, run: str, seconds: float) -> bool:
        """Wait until a run has no process any more; whether that was within so many seconds."""
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up:
            if not self._alive(run):
                return True
            await asyncio.sleep(0.1)
        return False

    async def _look_often(self) -> None:
        while True:
            try:
                await self._look()
            except Exception:
                log.exception("looking after runs failed")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._wake.wait(), LOOK_SECONDS)
            self._wake.clear()

    async def _look(self) -> None:
        active = await self.runs.active()
        alive = {run.id for run in active if self._alive(run.id)}
        for run in active:
            if run.id in alive:
                continue
            if run.wanted == Wanted.STOP:
                await self.runs.report(run.id, status=RunStatus.STOPPED, finished_at=time.time())
            elif run.attempts >= MOST_ATTEMPTS:
                why = f"its process ended {run.attempts} times; {self.place(run.id) / LOG} may say why. Start it again to try anew"
                await self.runs.report(run.id, status=RunStatus.FAILED, error=why, finished_at=time.time())
            elif run.status != RunStatus.QUEUED or len(alive) < self.most:
                await self._start(run)
                alive.add(run.id)

    async def _start(self, run: StoredRun) -> None:
        await self.runs.report(run.id, attempts=run.attempts + 1)
        self._children[run.id] = await asyncio.to_thread(self._spawn, run.id)

    def _spawn(self, run: str) -> subprocess.Popen[bytes]:
        place = self.place(run)
        place.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "scatter.web.running.process", self.store, run, place, self.beside]
        with (place / LOG).open("ab") as output:
            return subprocess.Popen(
                list(map(str, command)),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # it is to survive the server, and Ctrl-C in its terminal
            )

    def _alive(self, run: str) -> bool:
        """Whether a process runs it: one that we started, or one that holds the lock."""
        child = self._children.get(run)
        if child is not None and child.poll() is None:
            return True
        self._children.pop(run, None)
        lock = try_lock(self.place(run))
        if lock is None:
            return True
        lock.close()
        return False
