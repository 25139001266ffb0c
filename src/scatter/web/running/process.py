"""The process of a run: `python -m scatter.web.running.process STORE RUN FOLDER BESIDE`.

It holds a lock as long as it lives, so that whoever looks knows that it does, and that no other runs the same. It goes on where
an earlier process of the run was killed.
"""

import asyncio
import contextlib
import fcntl
import logging
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from scatter.chain.anvil import AnvilMissing
from scatter.ports import ChainError, SandboxUnavailable
from scatter.simulation.errors import CheckpointUnusable, ScenarioError, ScenarioFailed, WorkloadError
from scatter.simulation.keeping import FOLDER
from scatter.simulation.run import Run
from scatter.simulation.steps import flattened
from scatter.storage.database import Database
from scatter.storage.interventions import SqlInterventions
from scatter.storage.runs import RunStatus, SqlRunEvents, SqlRuns, StoredRun, Wanted
from scatter.web.documents.checking import read
from scatter.web.running.hand import StoredHand
from scatter.web.running.journal import Journal

LOCK = "process.lock"
KEEP_EVERY = 5.0
FLUSH_SECONDS, LOOK_SECONDS = 0.05, 0.1
_EXPLAINED = (
    ScenarioError,
    ScenarioFailed,
    WorkloadError,
    CheckpointUnusable,
    AnvilMissing,
    ChainError,
    SandboxUnavailable,
)

log = logging.getLogger(__name__)


def try_lock(folder: Path) -> IO[bytes] | None:
    """The lock of a run, held until it is closed; None when a process has it."""
    folder.mkdir(parents=True, exist_ok=True)
    file = (folder / LOCK).open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


@dataclass(slots=True)
class Told:
    """A `simulation.pace.Pace`: as fast as the store says, and not further. What was written down already is passed at full speed."""

    runs: SqlRuns
    journal: Journal
    run: StoredRun
    stopped: asyncio.Event
    _status: str = ""

    async def look(self) -> None:
        """Follow what the store says, for ever."""
        while not self.stopped.is_set():
            self.run = await self.runs.get(self.run.id)
            if self.run.wanted == Wanted.STOP:
                self.stopped.set()
            await asyncio.sleep(LOOK_SECONDS)

    async def between_steps(self, done: int) -> None:
        """See `Pace`."""
        self.journal.steps_done(done)
        await self._wait(lambda: self.run.until is not None and done >= self.run.until and not self.journal.in_the_past)

    async def before_block(self) -> None:
        """See `Pace`."""
        began = time.monotonic()
        await self._wait(lambda: False)
        while not self.journal.in_the_past and time.monotonic() - began < self.run.pace:
            await asyncio.sleep(min(0.02, self.run.pace))
            await self._wait(lambda: False)

    async def _wait(self, reached: Callable[[], bool]) -> None:
        while not self.journal.in_the_past and (self.run.wanted == Wanted.PAUSE or reached()):
            await self._say(RunStatus.PAUSED)
            await asyncio.sleep(FLUSH_SECONDS)
        await self._say(RunStatus.RUNNING)

    async def _say(self, status: RunStatus) -> None:
        if status != self._status:
            await self.journal.flush()
            await self.runs.report(self.run.id, status=status)
            self._status = status


async def _flush_often(journal: Journal) -> None:
    while True:
        await journal.flush()
        await asyncio.sleep(FLUSH_SECONDS)


async def simulate(database: Database, run_id: str, folder: Path, beside: Path) -> None:
    """Run it to its end, or until it should stop; whatever comes of it is in the store."""
    runs, events = SqlRuns(database), SqlRunEvents(database)
    stored = await runs.get(run_id)
    await runs.report(run_id, started_at=stored.started_at or time.time(), error=None)
    journal = Journal(events, run_id, await events.marks(run_id))
    told = Told(runs, journal, stored, asyncio.Event())
    helpers = [asyncio.create_task(told.look()), asyncio.create_task(_flush_often(journal))]
    hand = StoredHand(SqlInterventions(database), journal)
    playing = asyncio.create_task(_play(stored, journal, told, hand, folder, beside))
    stopping = asyncio.create_task(told.stopped.wait())
    try:
        await asyncio.wait({playing, stopping, *helpers}, return_when=asyncio.FIRST_COMPLETED)
        playing.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await playing
    finally:
        for task in (*helpers, stopping):
            task.cancel()
        await asyncio.gather(*helpers, stopping, return_exceptions=True)
        await journal.flush()
    outcome = {"status": RunStatus.STOPPED} if playing.cancelled() else playing.result()
    await runs.report(run_id, finished_at=time.time(), **outcome)


async def _play(
    stored: StoredRun, journal: Journal, told: Told, hand: StoredHand, folder: Path, beside: Path
) -> dict[str, object]:
    """How it ended, as the store keeps it."""
    try:
        scenario = read(stored.document, short=stored.short, seed=stored.seed)
        journal.names = [step.do for step in flattened(scenario.steps)]
        run = Run(scenario, beside, folder, journal, KEEP_EVERY, told, hand)
        journal.recorded, journal.created = lambda: run.recorded, run.created
        result, outcomes = await run.run()
        journal.steps_done(len(journal.names))
        journal.end()
        return {"status": RunStatus.FINISHED, "result": result.to_json(outcomes)}
    except _EXPLAINED as error:
        journal.step_failed(str(error))
        return {"status": RunStatus.FAILED, "error": str(error)}
    except Exception as error:
        log.exception("a run ended unexpectedly")
        why = f"Scatter failed in a way that nobody thought of ({type(error).__name__}: {error}); the log of the run has more"
        journal.step_failed(why)
        return {"status": RunStatus.FAILED, "error": why}


async def _main(store: Path, run: str, folder: Path, beside: Path) -> None:
    async with await Database.open(store) as database:
        await simulate(database, run, folder, beside)


def main() -> None:
    """The entry point. Nothing happens when another process runs the same."""
    store, run, folder, beside = sys.argv[1:]
    logging.basicConfig(level=logging.WARNING)
    lock = try_lock(Path(folder))
    if lock is not None:
        with lock:
            (Path(folder) / FOLDER).mkdir(exist_ok=True)
            asyncio.run(_main(Path(store), run, Path(folder), Path(beside)))


if __name__ == "__main__":
    main()
