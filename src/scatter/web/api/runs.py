"""Routes of runs: starting and steering them, following them live, and what was recorded."""

import csv
import io
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Header, Query
from fastapi.responses import FileResponse, PlainTextResponse
from fastapi.sse import EventSourceResponse, ServerSentEvent

from scatter.web.api.access import Desk, RunAt
from scatter.web.api.models import Control, InterventionOut, NewIntervention, NewRun, RunOut
from scatter.web.documents.blocks import parse
from scatter.web.documents.repeating import as_run
from scatter.web.record.record import DENSE, RunRecord
from scatter.web.service import model_of, scenario_of
from scatter.web.streaming import frames
from scatter.web.views import charts, steps
from scatter.web.views.jobs import job_detail, job_heads
from scatter.web.views.live import frame
from scatter.web.views.log import entries
from scatter.web.views.nodes import nodes as seen_nodes

router = APIRouter(tags=["runs"])
MOST_RUNS, MOST_LINES = 20, 5000
"""In one chart; of the log, in one answer."""


@router.get("/workspaces/{workspace}/runs")
async def list_runs(workspace: str, desk: Desk) -> list[RunOut]:
    """The runs of a workspace, the newest first."""
    await desk.workspaces.get(workspace)
    return [RunOut.of(run) for run in await desk.runs.of(workspace)]


@router.post("/workspaces/{workspace}/runs", status_code=201)
async def start_run(workspace: str, new: NewRun, desk: Desk) -> RunOut:
    """Run a workspace as it is now."""
    made = await desk.start(workspace, short=new.short, seed=new.seed, until=new.until, pace=new.pace)
    return RunOut.of(made)


@router.get("/runs/{run}")
async def get_run(run: RunAt) -> RunOut:
    """One run: how it fares, and its result when it is over."""
    return RunOut.of(run)


@router.patch("/runs/{run}")
async def control_run(run: RunAt, control: Control, desk: Desk) -> RunOut:
    """Say what it should do, and how fast."""
    if control.pace is not None:
        await desk.set_pace(run.id, control.pace)
    match control.do:
        case "go":
            await desk.go_on(run.id, control.until)
        case "step":
            await desk.one_step(run.id)
        case "pause":
            await desk.pause(run.id)
        case "stop":
            await desk.stop(run.id)
    return RunOut.of(await desk.runs.get(run.id))


@router.delete("/runs/{run}", status_code=204)
async def delete_run(run: RunAt, desk: Desk) -> None:
    """Take it away with all that it left."""
    await desk.delete_run(run.id)


@router.get("/runs/{run}/frame")
async def get_frame(run: RunAt, desk: Desk, after: int = 0, nodes: bool = False) -> dict[str, Any]:
    """What happened after an event, as one frame: what `stream` sends."""
    made = frame(await desk.follower.record(run.id), after, with_nodes=nodes)
    return {**made, "status": run.status, "error": run.error}


@router.get("/runs/{run}/stream", response_class=EventSourceResponse)
async def stream(
    run: RunAt,
    desk: Desk,
    after: Annotated[int, Query(ge=0)] = 0,
    nodes: bool = False,
    last_event_id: Annotated[str | None, Header()] = None,
) -> AsyncIterator[ServerSentEvent]:
    """What happens, as server-sent events: `frame` for what came after the event that is named, `status` when that changes. The
    id of a frame is the number of its last event; `Last-Event-ID` goes before `after`, so nothing is missed or sent twice. With
    `nodes` frames have what changed of nodes, too."""
    start = int(last_event_id) if last_event_id and last_event_id.isdecimal() else after
    async for sent in frames(desk, run.id, start, with_nodes=nodes):
        yield sent


@router.get("/runs/{run}/log")
async def get_log(
    run: RunAt,
    desk: Desk,
    after: int = 0,
    limit: Annotated[int, Query(ge=1, le=MOST_LINES)] = 1000,
    latest: Annotated[int | None, Query(ge=1, le=MOST_LINES)] = None,
) -> list[dict[str, Any]]:
    """The event log, the oldest first: so many lines after an event, or the `latest` ones."""
    lines = entries(await desk.follower.record(run.id), after)
    return [entry.to_json() for entry in (lines[:limit] if latest is None else lines[-latest:])]


@router.get("/runs/{run}/nodes")
async def get_nodes(run: RunAt, desk: Desk) -> list[dict[str, Any]]:
    """Every node: what it has, owes and earned (base units, as text), whether it is at work, and its reputation on the chain."""
    record = await desk.follower.record(run.id)
    return [
        {
            "name": node.name,
            "group": node.group,
            "role": node.role,
            "behaviour": node.behaviour,
            "address": node.address,
            "tokens": str(node.tokens),
            "stake": str(node.stake),
            "locked": str(node.locked),
            "on": node.on,
            "earned": str(node.earned),
            "duty": node.duty,
            "reputation": asdict(node.reputation),
        }
        for node in seen_nodes(record)
    ]


@router.get("/runs/{run}/interventions")
async def get_interventions(run: RunAt, desk: Desk) -> list[InterventionOut]:
    """What was done to nodes by hand, in order."""
    return [InterventionOut.of(one) for one in await desk.interventions.of(run.id)]


@router.post("/runs/{run}/interventions", status_code=202)
async def intervene(run: RunAt, asked: NewIntervention, desk: Desk) -> InterventionOut:
    """Stop nodes while a run goes on, or start them again. It takes effect before the next block that is mined once roles are
    taken; `before_block` says which, as soon as it is known."""
    return InterventionOut.of(await desk.switch(run.id, asked.do, asked.nodes))


@router.get("/runs/{run}/scenario", response_class=PlainTextResponse)
async def get_scenario(run: RunAt, desk: Desk) -> PlainTextResponse:
    """The scenario as it was run: with its seed, and with what was done by hand. `scatter simulate` makes the same of it again."""
    text = as_run(run, await desk.interventions.of(run.id))
    name = f"run-{run.number}.toml"
    return PlainTextResponse(
        text, media_type="application/toml", headers={"content-disposition": f'attachment; filename="{name}"'}
    )


@router.get("/runs/{run}/steps")
async def get_steps(run: RunAt, desk: Desk) -> list[dict[str, Any]]:
    """Every step: how far it is, how long it took, its transactions and its error."""
    record = await desk.follower.record(run.id)
    seen = steps.rows(parse(run.document), steps.numbered(scenario_of(run).steps), record)
    return [one.to_json() for one in seen]


@router.get("/runs/{run}/steps/{key}/transactions")
async def get_step_transactions(
    run: RunAt, key: str, desk: Desk, limit: Annotated[int, Query(ge=1, le=MOST_LINES)] = MOST_LINES
) -> list[dict[str, Any]]:
    """What was sent to the chain while a step went on; `key` as in the list of steps."""
    numbers = steps.numbered(scenario_of(run).steps).get(key)
    if numbers is None:
        raise LookupError("there is no such step")
    return [asdict(one) for one in steps.transactions_of(await desk.follower.record(run.id), numbers, limit)]


@router.get("/runs/{run}/jobs")
async def get_jobs(run: RunAt, desk: Desk) -> list[dict[str, Any]]:
    """Every job: its state, and whom it waits for."""
    return [head.to_json() for head in job_heads(await desk.follower.record(run.id))]


@router.get("/runs/{run}/jobs/{job}")
async def get_job(run: RunAt, job: int, desk: Desk) -> dict[str, Any]:
    """One job: terms, committee, rounds with scores before and after disputes, and who was paid what and why."""
    detail = asdict(job_detail(await desk.follower.record(run.id), job))
    for payment in detail["payments"]:
        payment["amount"] = str(payment["amount"])
    return detail


@router.get("/runs/{run}/jobs/{job}/model", response_class=FileResponse)
async def get_model(run: RunAt, job: int, desk: Desk) -> FileResponse:
    """The last global model of a job, as safetensors."""
    head = job_detail(await desk.follower.record(run.id), job).head
    path = model_of(desk.settings, run, head.name)
    return FileResponse(
        path, media_type="application/octet-stream", filename=f"run-{run.number}-{head.name}.safetensors"
    )


@router.get("/charts")
async def list_charts() -> list[dict[str, str]]:
    """The charts that there are."""
    return [
        {"name": kind.name, "title": kind.title, "unit": kind.unit, "over": kind.over} for kind in charts.KINDS.values()
    ]


@router.get("/runs/{run}/charts/{name}")
async def get_chart(
    run: RunAt,
    name: str,
    desk: Desk,
    by: Literal["auto", "node", "role"] = "auto",
    also: Annotated[list[str] | None, Query(max_length=MOST_RUNS)] = None,
    first: float | None = None,
    last: float | None = None,
    form: Literal["json", "csv"] = "json",
) -> Any:
    """A chart, of one run or of several over each other (`also`: ids), thinned to what a screen shows. `first` and `last` bound
    its blocks."""
    runs = [run, *[await desk.runs.get(one) for one in also or ()]]
    drawn = [charts.Run(one.number, await desk.follower.record(one.id)) for one in runs]
    made = charts.chart(name, drawn, by, first, last)
    return _csv(made.rows(), f"run-{run.number}-{name}.csv") if form == "csv" else made.to_json()


@router.get("/runs/{run}/tables/{name}", response_class=PlainTextResponse)
async def get_table(run: RunAt, name: str, desk: Desk) -> PlainTextResponse:
    """A table of what was recorded, as CSV: those of a simulation's recording."""
    return _csv(_table_rows(await desk.follower.record(run.id), name), f"run-{run.number}-{name}.csv")


def _table_rows(record: RunRecord, name: str) -> list[list[Any]]:
    if name in DENSE:
        lines = record.balances if name == "balances" else record.stakes
        points = [
            (block, node, value)
            for node, line in lines.items()
            for block, value in zip(line.blocks, line.values, strict=True)
        ]
        return [["block", "node", f"{DENSE[name]} (SCT)"], *(list(point) for point in sorted(points))]
    if name not in record.tables:
        raise LookupError(f"there is no table {name!r}; there are {', '.join((*record.tables, *DENSE))}")
    rows = record[name]
    columns = [column.name for column in rows.table.columns]
    return [columns, *(["" if row[column] is None else row[column] for column in columns] for row in rows)]


def _csv(rows: list[list[Any]], name: str) -> PlainTextResponse:
    file = io.StringIO()
    csv.writer(file).writerows(rows)
    return PlainTextResponse(
        file.getvalue(), media_type="text/csv", headers={"content-disposition": f'attachment; filename="{name}"'}
    )
