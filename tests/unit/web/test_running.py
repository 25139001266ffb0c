"""Processes of runs: who gets one, how often, and what is written when a run cannot be done."""

import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from scatter.storage.database import Database
from scatter.storage.runs import SqlRunEvents, SqlRuns, StoredRun, Wanted
from scatter.storage.workspaces import ChangedMeanwhile, SqlWorkspaces
from scatter.web.record.record import record_of
from scatter.web.running.process import simulate, try_lock
from scatter.web.running.supervisor import MOST_ATTEMPTS, Supervisor
from scatter.web.service import SMALLEST


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with await Database.open(tmp_path / "web.sqlite") as opened:
        yield opened


async def new_run(database: Database, document: str = SMALLEST.read_text()) -> StoredRun:
    workspace = await SqlWorkspaces(database).add("Mine", document)
    return await SqlRuns(database).add(workspace.id, document)


class Mortal(Supervisor):
    """Starts processes that end at once."""

    def _spawn(self, run: str) -> subprocess.Popen[bytes]:
        started = subprocess.Popen(["true"])
        started.wait()
        return started


def mortal(database: Database, folder: Path, most: int = 2) -> Mortal:
    return Mortal(SqlRuns(database), folder / "web.sqlite", folder / "runs", folder, most)


async def test_a_run_whose_process_keeps_ending_fails_and_says_where_to_look(
    database: Database, tmp_path: Path
) -> None:
    run, supervisor = await new_run(database), mortal(database, tmp_path)
    for _ in range(MOST_ATTEMPTS):
        await supervisor._look()
        assert (await SqlRuns(database).get(run.id)).active
    await supervisor._look()
    failed = await SqlRuns(database).get(run.id)
    assert failed.status == "failed"
    assert failed.error is not None
    assert "process.log" in failed.error


async def test_runs_wait_until_there_is_a_place_and_those_that_went_on_come_first(
    database: Database, tmp_path: Path
) -> None:
    first, second = await new_run(database), await new_run(database)
    supervisor = mortal(database, tmp_path, most=1)
    holding = try_lock(supervisor.place(first.id))
    assert holding is not None
    await supervisor._look()
    assert (await SqlRuns(database).get(second.id)).attempts == 0
    assert (await SqlRuns(database).get(first.id)).attempts == 0
    holding.close()
    await SqlRuns(database).report(first.id, status="finished")
    await supervisor._look()
    assert (await SqlRuns(database).get(second.id)).attempts == 1


async def test_a_run_that_should_stop_and_has_no_process_is_stopped(database: Database, tmp_path: Path) -> None:
    run = await new_run(database)
    await SqlRuns(database).control(run.id, wanted=Wanted.STOP)
    await mortal(database, tmp_path)._look()
    assert (await SqlRuns(database).get(run.id)).status == "stopped"


def test_only_one_process_has_a_run(tmp_path: Path) -> None:
    lock = try_lock(tmp_path / "run")
    assert lock is not None
    assert try_lock(tmp_path / "run") is None
    lock.close()
    again = try_lock(tmp_path / "run")
    assert again is not None
    again.close()


async def test_a_step_that_cannot_be_done_is_told_with_its_reason(database: Database, tmp_path: Path) -> None:
    document = SMALLEST.read_text().replace('state = "claimed"', 'state = "judging"')
    run = await new_run(database, document)
    await simulate(database, run.id, tmp_path / "run", tmp_path)
    failed = await SqlRuns(database).get(run.id)
    assert failed.status == "failed"
    assert failed.error is not None
    record = record_of(await SqlRunEvents(database).after(run.id, 0, 10_000))
    assert (record.steps[6].phase, record.steps[6].error) == ("failed", failed.error)
    assert not record.over


async def test_a_document_that_is_no_scenario_fails_with_the_sentence_of_the_reader(
    database: Database, tmp_path: Path
) -> None:
    run = await new_run(database, SMALLEST.read_text().replace("count = 4", "count = -4", 1))
    await simulate(database, run.id, tmp_path / "run", tmp_path)
    failed = await SqlRuns(database).get(run.id)
    assert failed.error is not None
    assert "nodes[1].count is -4; it must be between 0 and 500" in failed.error


async def test_whoever_changes_what_somebody_else_changed_is_told(database: Database) -> None:
    workspaces = SqlWorkspaces(database)
    before = await workspaces.add("Mine", SMALLEST.read_text())
    after = await workspaces.change(before, name="Yours")
    assert after.version == 2
    with pytest.raises(ChangedMeanwhile):
        await workspaces.change(before, name="Ours")


async def test_what_is_removed_takes_its_runs_and_events_along(database: Database) -> None:
    run = await new_run(database)
    await SqlWorkspaces(database).remove(run.workspace)
    with pytest.raises(LookupError):
        await SqlRuns(database).get(run.id)
    assert await SqlRunEvents(database).last(run.id) == 0
