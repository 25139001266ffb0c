"""Nodes of a run that are stopped and started by hand: through the store, the API and the page."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import httpx
import pytest
from tests.unit.simulation.test_keeping import recordings
from tests.unit.web.test_app import API, only, post

from scatter.simulation.run import Run
from scatter.storage.database import Database
from scatter.storage.interventions import SqlInterventions
from scatter.storage.runs import RunStatus, SqlRunEvents, SqlRuns, StoredRun
from scatter.storage.workspaces import SqlWorkspaces
from scatter.web.documents.blocks import DocumentError
from scatter.web.documents.checking import read
from scatter.web.documents.repeating import as_run
from scatter.web.record.record import RunRecord, record_of
from scatter.web.running import process
from scatter.web.running.process import simulate
from scatter.web.service import SMALLEST
from scatter.web.views.log import entries
from scatter.web.views.nodes import nodes

PATIENCE = 60


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    async with await Database.open(tmp_path / "web.sqlite") as opened:
        yield opened


async def new_run(database: Database) -> StoredRun:
    workspace = await SqlWorkspaces(database).add("Mine", SMALLEST.read_text())
    return await SqlRuns(database).add(workspace.id, workspace.document, seed=5)


async def recorded(database: Database, run: str) -> RunRecord:
    return record_of(await SqlRunEvents(database).after(run, 0, 100_000))


async def until(database: Database, run: str, holds: Callable[[RunRecord], bool]) -> RunRecord:
    async with asyncio.timeout(PATIENCE):
        while not holds(found := await recorded(database, run)):  # noqa: ASYNC110 — the store tells nobody
            await asyncio.sleep(0.05)
    return found


async def test_it_is_done_again_at_the_same_block_after_a_kill_and_in_the_scenario_of_the_run(
    database: Database, tmp_path: Path
) -> None:
    run, hands = await new_run(database), SqlInterventions(database)
    await SqlRuns(database).control(run.id, pace=0.1)
    await hands.ask(run.id, "stop-node", ["trainer-1"])
    command = [
        sys.executable,
        "-m",
        "scatter.web.running.process",
        tmp_path / "web.sqlite",
        run.id,
        tmp_path / "run",
        tmp_path,
    ]
    playing = await asyncio.create_subprocess_exec(*map(str, command))
    seen = await until(database, run.id, lambda record: record.off == {"trainer-1"})
    await hands.ask(run.id, "start-node", ["trainer"])
    playing.kill()
    await playing.wait()
    await SqlRuns(database).control(run.id, pace=0.0)
    await hands.ask(run.id, "stop-node", ["challenger-4"])
    await simulate(database, run.id, tmp_path / "run", tmp_path)
    done = await hands.of(run.id)
    assert None not in [one.before_block for one in done]
    whole = await recorded(database, run.id)
    assert whole.over
    assert whole["switches"].column("node")[0] == "trainer-1"
    assert whole["switches"].column("block")[0] == done[0].before_block == seen["switches"].column("block")[0]
    assert whole.off == {"challenger-4"}
    assert [entry.text for entry in entries(whole) if "by hand" in entry.text] == [
        "trainer-1 is stopped by hand",
        "trainer-1 is started again by hand",
        "challenger-4 is stopped by hand",
    ]
    assert {node.name for node in nodes(whole) if not node.on} == {"challenger-4"}

    again = as_run(run, done)
    await Run(read(again), tmp_path, tmp_path / "again", _Nobody(), 1e9).run()
    assert recordings(tmp_path / "again") == recordings(tmp_path / "run")


class _Nobody:
    def begin(self, steps: int, resumed: bool) -> None: ...
    def step(self, number: int, step: object) -> None: ...
    def block(self, record: object) -> None: ...
    def report(self, report: object) -> None: ...


async def test_a_block_that_was_told_gets_nothing_more(database: Database) -> None:
    run, hands = await new_run(database), SqlInterventions(database)
    await hands.ask(run.id, "stop-node", ["trainer-1"])
    assert [one.number for one in await hands.decide(run.id, 20, more=True)] == [1]
    await hands.ask(run.id, "start-node", ["trainer-1"])
    assert [one.number for one in await hands.decide(run.id, 20, more=False)] == [1]
    assert await hands.decide(run.id, 21, more=False) == []
    assert [one.number for one in await hands.decide(run.id, 22, more=True)] == [2]
    assert [one.before_block for one in await hands.of(run.id)] == [20, 22]


async def test_scenarios_with_interventions_of_their_own_get_more_of_them(database: Database) -> None:
    run, hands = await new_run(database), SqlInterventions(database)
    await hands.ask(run.id, "stop-node", ["trainer-1"])
    await hands.decide(run.id, 20, more=True)
    before = '\n[[interventions]]\nbefore_block = 18\ndo = "stop-node"\nnodes = ["validator-1"]\n'
    told = {name: getattr(run, name) for name in StoredRun.__dataclass_fields__}
    longer = StoredRun(**(told | {"document": run.document + before}))
    assert [one.before_block for one in read(as_run(longer, await hands.of(run.id))).interventions] == [18, 20]
    inline = StoredRun(**(told | {"document": "interventions = []\n" + run.document}))
    with pytest.raises(DocumentError, match="under headers"):
        as_run(inline, await hands.of(run.id))


async def test_pages_and_scripts_ask_for_it(client: httpx.AsyncClient) -> None:
    workspace, run = await only(client)
    asked = {"do": "stop-node", "nodes": ["trainer-1"]}
    over = await client.post(f"{API}/runs/{run}/interventions", json=asked)
    assert (over.status_code, over.json()["error"]) == (409, "this run is over; start a new one")
    service = client._transport.app.state.service  # type: ignore[attr-defined]
    lock = process.try_lock(service.supervisor.place(run))
    await service.runs.report(run, status=RunStatus.RUNNING)
    for wrong in (
        {"do": "stop-node", "nodes": ["nobody"]},
        {"do": "wait", "nodes": ["trainer-1"]},
        {"do": "stop-node", "nodes": []},
    ):
        assert (await client.post(f"{API}/runs/{run}/interventions", json=wrong)).status_code == 422
    made = await client.post(f"{API}/runs/{run}/interventions", json=asked)
    assert made.status_code == 202
    assert {**made.json(), "asked_at": 0} == {**asked, "number": 1, "asked_at": 0, "before_block": None}
    answer = await post(client, f"/w/{workspace}/runs/1/switch", start="colluding-1")
    assert answer.status_code == 303
    assert [(one["do"], one["nodes"]) for one in (await client.get(f"{API}/runs/{run}/interventions")).json()] == [
        ("stop-node", ["trainer-1"]),
        ("start-node", ["colluding-1"]),
    ]
    page = (await client.get(f"/w/{workspace}/nodes")).text
    assert page.count("<span data-now>stopping</span>") == page.count("<span data-now>starting</span>") == 1
    assert 'aria-label="Stop trainer-2"' in page
    text = (await client.get(f"{API}/runs/{run}/scenario")).text
    assert text.startswith("# As run 1 went, which was of the short form"), "what waits for a block was not done"
    assert not read(text, short=True).interventions
    assert lock is not None
    lock.close()
