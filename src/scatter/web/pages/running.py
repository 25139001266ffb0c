"""The page of a run, and the buttons that steer it."""

import json

from fastapi import APIRouter, Request
from fastapi.responses import Response

from scatter.simulation.errors import ScenarioError
from scatter.simulation.interventions import START, STOP
from scatter.simulation.scenario import HONEST
from scatter.web.api.access import Desk
from scatter.web.documents.blocks import parse
from scatter.web.pages.rendering import go_to, page, posted, workspace_values
from scatter.web.service import NotPossible, scenario_of
from scatter.web.views.jobs import job_heads
from scatter.web.views.live import frame
from scatter.web.views.log import KINDS, QUIET
from scatter.web.views.nodes import groups, nodes

router = APIRouter()
TABS = ("nodes", "steps", "run", "data", "jobs")
"""Pages that show a run."""
PACES = ((0.0, "Full speed"), (0.05, "Fast"), (0.25, "Walking"), (1.0, "A second a block"), (3.0, "Slow"))


@router.get("/w/{workspace}/run")
async def show(request: Request, workspace: str, desk: Desk, run: int | None = None) -> Response:
    """A run as it goes on."""
    values = await workspace_values(desk, workspace, "run", run)
    if values["run"] is None:
        made = groups(parse(values["workspace"].document))
        return page(request, "run_empty.html", {**values, "groups": made, "total": sum(g.size for g in made)})
    record = await desk.follower.record(values["run"].id)
    cast = [{"name": n.name, "role": n.role, "bent": n.bent, "behaviour": n.behaviour} for n in nodes(record)]
    if not cast:
        cast = [
            {
                "name": name,
                "role": group.role.name.lower(),
                "bent": group.behaviour != HONEST,
                "behaviour": group.behaviour,
            }
            for group in scenario_of(values["run"]).nodes
            for name in group.names
        ]
    start = frame(record, 0)
    start["acts"] = []
    more = {
        "frame": start,
        "start": json.dumps({"frame": start, "nodes": cast, "run": values["run"].id}),
        "jobs": job_heads(record),
        "kinds": KINDS,
        "quiet": QUIET,
        "paces": PACES,
        "result": values["run"].result,
    }
    return page(request, "run.html", {**values, **more})


@router.post("/w/{workspace}/run")
async def start(request: Request, workspace: str, desk: Desk) -> Response:
    """Begin a run: all of it, or up to a step."""
    form = await posted(request)
    seed = form.get("seed", "").strip()
    if seed and not (seed.isdecimal() and int(seed) < 2**32):
        raise ScenarioError(f"the seed is a whole number below {2**32}")
    until = form.get("until", "")
    await desk.start(
        workspace,
        short=form.get("short") == "on",
        seed=int(seed) if seed else None,
        until=int(until) if until.isdecimal() and int(until) else None,
        pace=_pace(form.get("pace", "0")),
    )
    return go_to(f"/w/{workspace}/{_tab(form.get('then'))}")


def _tab(then: str | None) -> str:
    """The page on which somebody goes on: that where the button was, else that of the run."""
    return then if then in TABS else "run"


def _pace(text: str) -> float:
    try:
        return float(text)
    except ValueError as error:
        raise NotPossible("the pace is a number of seconds") from error


@router.post("/w/{workspace}/runs/{number}/control")
async def control(request: Request, workspace: str, number: int, desk: Desk) -> Response:
    """What a button says: go, step, to, pause, stop, again or pace."""
    form = await posted(request)
    run = await desk.run_numbered(workspace, number)
    match form.get("do"):
        case "go":
            await desk.go_on(run.id)
        case "to":
            await desk.go_on(run.id, int(form["until"]) if form.get("until", "").isdecimal() else None)
        case "step":
            await desk.one_step(run.id)
        case "pause":
            await desk.pause(run.id)
        case "stop":
            await desk.stop(run.id)
        case "pace":
            await desk.set_pace(run.id, _pace(form.get("pace", "0")))
        case "delete":
            await desk.delete_run(run.id)
            return go_to(f"/w/{workspace}/{_tab(form.get('then'))}")
        case other:
            raise NotPossible(f"a run cannot {other!r}")
    return go_to(f"/w/{workspace}/{_tab(form.get('then'))}?run={number}")


@router.post("/w/{workspace}/runs/{number}/switch")
async def switch(request: Request, workspace: str, number: int, desk: Desk) -> Response:
    """Stop a node of a run, or start it again: what the button in its row says."""
    form = await posted(request)
    run = await desk.run_numbered(workspace, number)
    do, name = (STOP, form["stop"]) if "stop" in form else (START, form.get("start", ""))
    await desk.switch(run.id, do, [name])
    return go_to(f"/w/{workspace}/nodes?run={number}#each")


@router.get("/w/{workspace}/controls")
async def controls(request: Request, workspace: str, desk: Desk, run: int | None = None, tab: str = "run") -> Response:
    """The buttons of a page by themselves, when a run's status changed."""
    return page(request, "controls.html", await workspace_values(desk, workspace, _tab(tab), run))


@router.get("/w/{workspace}/outcome")
async def outcome(request: Request, workspace: str, desk: Desk, run: int | None = None) -> Response:
    """What came of a run, once it is over."""
    values = await workspace_values(desk, workspace, "run", run)
    return page(request, "outcome.html", {**values, "result": values["run"].result if values["run"] else None})
