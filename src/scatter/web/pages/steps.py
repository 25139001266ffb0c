"""The page of a workspace's steps."""

import asyncio
import json
from collections.abc import Iterator, Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from scatter.behaviours.registry import behaviours
from scatter.simulation.scenario import HONEST
from scatter.simulation.step_kinds import STEP_KINDS
from scatter.web.api.access import Desk
from scatter.web.documents import editing
from scatter.web.documents.blocks import block_at, parse, tables_at
from scatter.web.documents.checking import read
from scatter.web.documents.fields import Field, changes_of, fields_of, option_fields, options_of, texts_of, values_of
from scatter.web.pages.rendering import go_to, is_htmx, page, posted, version_of, workspace_values
from scatter.web.service import FormError, Service, scenario_of
from scatter.web.views.nodes import groups
from scatter.web.views.steps import (
    ONCE,
    TITLES,
    StepRow,
    about,
    key_of,
    list_of,
    numbered,
    path_of,
    rows,
    transactions_of,
)

router = APIRouter()
MOST_CALLS = 500


async def _list(service: Service, workspace: str, number: int | None) -> dict[str, Any]:
    values = await workspace_values(service, workspace, "steps", number)
    run, record, numbers = values["run"], None, {}
    if run is not None and not values["stale"]:
        record = await service.follower.record(run.id)
        numbers = dict(numbered((await asyncio.to_thread(scenario_of, run)).steps))
    elif values["problem"] is None:
        numbers = dict(numbered((await asyncio.to_thread(read, values["workspace"].document)).steps))
    return {
        **values,
        "rows": rows(parse(values["workspace"].document), numbers, record),
        "kinds": [(kind, TITLES[kind], about(kind), kind in ONCE) for kind in STEP_KINDS],
        "next": sum(step.phase == "done" for step in record.steps.values()) + 1 if record is not None else 0,
        "total": max((number for own in numbers.values() for number in own), default=0),
    }


@router.get("/w/{workspace}/steps")
async def show(request: Request, workspace: str, desk: Desk, run: int | None = None) -> Response:
    """The steps in order, and how far a run is with them."""
    return page(request, "steps.html", await _list(desk, workspace, run))


@router.get("/w/{workspace}/steps/list")
async def show_list(request: Request, workspace: str, desk: Desk, run: int | None = None) -> Response:
    """The list by itself, while a run goes on."""
    return page(request, "step_list.html", await _list(desk, workspace, run))


@router.get("/w/{workspace}/steps/{key}/transactions")
async def show_transactions(request: Request, workspace: str, key: str, desk: Desk, run: int | None = None) -> Response:
    """What was sent to the chain while a step went on."""
    values = await _list(desk, workspace, run)
    path_of(key)
    row = next((one for one in _flat(values["rows"]) if one.key == key), None)
    if row is None or values["run"] is None:
        raise LookupError("nothing is recorded of this step; run the scenario first")
    record = await desk.follower.record(values["run"].id)
    calls = transactions_of(record, row.numbers, MOST_CALLS)
    return page(request, "step_calls.html", {**values, "row": row, "calls": calls})


def _flat(rows: Sequence[StepRow]) -> Iterator[StepRow]:
    for row in rows:
        yield row
        yield from _flat(row.inner)


def _form(kind: str, said: dict[str, str]) -> tuple[list[Field], list[Field], str]:
    """Fields, options, and what a chosen behaviour does."""
    fields = list(fields_of(kind))
    if kind != "change-behaviour":
        return fields, [], ""
    chosen = behaviours().get(said.get("behaviour") or HONEST)
    if chosen is None:
        return fields, [], ""
    return fields, list(option_fields(chosen.options.model_json_schema())), " ".join(chosen.description.split())


def _choices(workspace: str) -> dict[str, list[str]]:
    """What fields offer that name things of the document."""
    content = parse(workspace)
    made = groups(content)
    jobs = [f"${one['id']}" for one in _all_steps(content) if one.get("do") == "add-topic" and one.get("id")]
    return {
        "job": list(dict.fromkeys(jobs)),
        "nodes": [group.name for group in made],
        "trainers": [group.name for group in made if group.role == "trainer"],
        "requestor": [f"{g.name}-{n}" for g in made if g.role == "requestor" for n in range(1, min(g.size, 20) + 1)],
        "behaviour": list(behaviours()),
    }


def _all_steps(content: dict[str, Any]) -> list[dict[str, Any]]:
    left, found = list(tables_at(content, ("steps",))), []
    while left:
        step = left.pop(0)
        found.append(step)
        left = [*(one for one in step.get("steps", ()) if isinstance(one, dict)), *left]
    return found


async def _show_form(
    request: Request, desk: Service, workspace: str, where: dict[str, str], said: dict[str, str], errors: dict[str, str]
) -> Response:
    values = await workspace_values(desk, workspace, "steps")
    kind = said["do"]
    if kind not in STEP_KINDS:
        raise LookupError(f"there is no step {kind!r}")
    fields, options, does = _form(kind, said)
    more: dict[str, Any] = {
        "kind": kind,
        "title": TITLES[kind],
        "about": about(kind),
        "fields": fields,
        "options": options,
        "does": does,
        "said": said,
        "errors": errors,
        "where": where,
        "choices": _choices(values["workspace"].document),
    }
    return page(request, "step_form.html", {**values, **more}, 422 if errors else 200)


def _usual(kind: str, choices: dict[str, list[str]]) -> dict[str, str]:
    """What a new step begins with."""
    jobs = choices["job"]
    taken = {job[1:] for job in jobs}
    return {
        "add-topic": {"id": "job" if "job" not in taken else editing.free_name("job", taken).replace("-copy", "-b")},
        "repeat": {"times": "3"},
        "advance-time": {"by": "1d"},
    }.get(kind, {}) | ({"job": jobs[-1]} if jobs else {})


@router.get("/w/{workspace}/steps/new")
async def new(request: Request, workspace: str, desk: Desk, do: str, parent: str = "") -> Response:
    """The form of a new step."""
    document = (await desk.workspaces.get(workspace)).document
    said = {"do": do, **_usual(do, _choices(document))}
    return await _show_form(request, desk, workspace, {"parent": parent, "key": ""}, said, {})


@router.get("/w/{workspace}/steps/{key}")
async def edit(request: Request, workspace: str, key: str, desk: Desk) -> Response:
    """The form of a step that is there."""
    path = path_of(key)
    there = tables_at(parse((await desk.workspaces.get(workspace)).document), path[:-1])
    index = path[-1]
    if not isinstance(index, int) or index >= len(there):
        raise LookupError("this step is not there any more")
    kind = str(there[index].get("do"))
    if kind not in STEP_KINDS:
        raise LookupError(f"this step is a {kind!r}, which Scatter does not know; correct it in the file")
    fields, options, _ = _form(kind, {"behaviour": str(there[index].get("behaviour", ""))})
    said = {"do": kind, **texts_of([*fields, *options], there[index])}
    return await _show_form(request, desk, workspace, {"parent": "", "key": key}, said, {})


@router.post("/w/{workspace}/steps/form")
async def reform(request: Request, workspace: str, desk: Desk) -> Response:
    """The form again, as another behaviour wants it."""
    said = await posted(request)
    return await _show_form(request, desk, workspace, _where(said), said, {})


def _where(said: dict[str, str]) -> dict[str, str]:
    return {"parent": said.get("parent", ""), "key": said.get("key", "")}


@router.post("/w/{workspace}/steps")
async def save(request: Request, workspace: str, desk: Desk) -> Response:
    """Add a step, or change the one that `key` names."""
    said = await posted(request)
    where, kind, version = _where(said), said.get("do", ""), version_of(said)
    if kind not in STEP_KINDS:
        raise LookupError(f"there is no step {kind!r}")
    fields, options, _ = _form(kind, said)
    at = path_of(where["key"]) if where["key"] else ()

    def change(text: str) -> str:
        block = block_at(text, at)
        own = options_of(options, said, block) if kind == "change-behaviour" else {}
        return editing.change(text, at, changes_of(fields, said, block) | own)

    try:
        if at:
            await desk.edit(workspace, change, at, version)
        else:
            values = values_of([*fields, *options], said)
            await desk.add_step(workspace, {"do": kind, **values}, list_of(where["parent"]))
    except FormError as error:
        return await _show_form(request, desk, workspace, where, said, dict(error.errors))
    return go_to(f"/w/{workspace}/steps")


async def _then(request: Request, desk: Service, workspace: str, focus: str) -> Response:
    """After a change of the list: the list, for HTMX with whether it can be run now, and what has the focus then."""
    if not is_htmx(request):
        return go_to(f"/w/{workspace}/steps")
    response = page(request, "step_list_changed.html", await _list(desk, workspace, None))
    response.headers["HX-Trigger"] = json.dumps({"scatter:focus": {"target": "body", "id": focus}})
    return response


@router.post("/w/{workspace}/steps/{key}/move")
async def move(request: Request, workspace: str, key: str, desk: Desk) -> Response:
    """Move a step within its list, or with `parent` to another."""
    said = await posted(request)
    to = int(said["to"]) if said.get("to", "").isdecimal() and len(said["to"]) < 6 else 0
    into = list_of(said["parent"]) if "parent" in said else None
    _, place = await desk.move_step(workspace, path_of(key), into, to, version_of(said))
    return await _then(request, desk, workspace, f"grip-{key_of(place)}")


@router.post("/w/{workspace}/steps/{key}/duplicate")
async def duplicate(request: Request, workspace: str, key: str, desk: Desk) -> Response:
    """Copy a step."""
    version = version_of(await posted(request))
    await desk.edit(workspace, lambda text: editing.duplicate(text, path_of(key)), version=version)
    return await _then(request, desk, workspace, f"grip-{key}")


@router.post("/w/{workspace}/steps/{key}/delete")
async def delete(request: Request, workspace: str, key: str, desk: Desk) -> Response:
    """Take a step away."""
    version = version_of(await posted(request))
    await desk.edit(workspace, lambda text: editing.remove(text, path_of(key)), version=version)
    return await _then(request, desk, workspace, "add-step")
