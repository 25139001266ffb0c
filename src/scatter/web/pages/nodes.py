"""The page of a workspace's nodes."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from scatter.behaviours.registry import BehaviourKind, behaviours
from scatter.simulation.scenario import HONEST, WorkloadSettings
from scatter.storage.workspaces import Workspace
from scatter.web.api.access import Desk
from scatter.web.documents import editing
from scatter.web.documents.blocks import block_at, parse, table_of, tables_at
from scatter.web.documents.fields import Field, changes_of, fields_of, option_fields, options_of, texts_of, values_of
from scatter.web.pages.rendering import go_to, page, posted, version_of, workspace_values
from scatter.web.service import FormError, Service, scenario_of
from scatter.web.views.addresses import nodes_to_be
from scatter.web.views.nodes import ROLES, groups, nodes

router = APIRouter()
MOST_SHOWN = 100
"""Nodes whose addresses the page has before a run; the API has them all."""
_DEALT = {"data_share": "real", "quality": "synthetic"}
"""Keys of a group about its trainers' data, and the kind of workload that has such data."""


@router.get("/w/{workspace}/nodes")
async def show(request: Request, workspace: str, desk: Desk, run: int | None = None) -> Response:
    """Groups of nodes, and each node as it is in a run."""
    values = await workspace_values(desk, workspace, "nodes", run)
    record = await desk.follower.record(values["run"].id) if values["run"] else None
    content = parse(values["workspace"].document)
    made = groups(content)
    seen = nodes(record) if record is not None else []
    asked = await desk.interventions.of(values["run"].id) if values["run"] is not None and values["run"].active else ()
    scenario = scenario_of(values["run"]) if asked else None
    waiting = {
        name: one.do
        for one in asked
        if one.before_block is None and scenario is not None
        for name in scenario.named(one.nodes)
    }
    return page(
        request,
        "nodes.html",
        {
            **values,
            "groups": made,
            "nodes": seen,
            "roles": ROLES,
            "to_be": await asyncio.to_thread(nodes_to_be, content, MOST_SHOWN),
            "total": sum(g.size for g in made),
            "waiting": waiting,
        },
    )


def _kinds(role: str) -> list[BehaviourKind]:
    return [kind for kind in behaviours().values() if not role or role in {one.name.lower() for one in kind.roles}]


def _form(values: dict[str, str]) -> tuple[list[Field], list[Field], list[BehaviourKind], BehaviourKind | None]:
    kinds = _kinds(values.get("role", ""))
    chosen = next((kind for kind in kinds if kind.name == (values.get("behaviour") or HONEST)), None)
    options = list(option_fields(chosen.options.model_json_schema())) if chosen else []
    return list(fields_of("node")), options, kinds, chosen


def _data_fields(fields: Sequence[Field], said: Mapping[str, str], errors: Mapping[str, str], kind: str) -> list[Field]:
    """The fields about trainers' own data: those that fit a kind of workload (any, when it is none of them), and those with a value
    or an error, which has to be seen."""
    trainer = said.get("role") == "trainer"
    made = []
    for one in fields:
        fits = _DEALT.get(one.name.partition(".")[0])
        if fits is None:
            continue
        wanted = trainer and (fits == kind or kind not in _DEALT.values())
        if wanted or said.get(one.name) or errors.get(one.name):
            made.append(one)
    return made


async def _show_form(
    request: Request, desk: Service, workspace: str, index: int | None, said: dict[str, str], errors: dict[str, str]
) -> Response:
    values = await workspace_values(desk, workspace, "nodes")
    fields, options, kinds, chosen = _form(said)
    kind = str(table_of(parse(values["workspace"].document), "workload").get("kind", WorkloadSettings().kind))
    more: dict[str, Any] = {
        "index": index,
        "fields": [one for one in fields if one.name.partition(".")[0] not in _DEALT],
        "data_fields": _data_fields(fields, said, errors, kind),
        "options": options,
        "kinds": kinds,
        "chosen": chosen,
        "said": said,
        "errors": errors,
        "roles": ROLES,
    }
    return page(request, "node_form.html", {**values, **more}, 422 if errors else 200)


def _said(workspace: Workspace, index: int) -> dict[str, str]:
    there = tables_at(parse(workspace.document), ("nodes",))
    if not 0 <= index < len(there):
        raise LookupError("this group of nodes is not there any more")
    block = there[index]
    _, options, _, _ = _form({"role": str(block.get("role", "")), "behaviour": str(block.get("behaviour", ""))})
    return texts_of([*fields_of("node"), *options], block)


@router.get("/w/{workspace}/nodes/new")
async def new(request: Request, workspace: str, desk: Desk, role: str = "trainer") -> Response:
    """The form of a new group."""
    taken = {group.name for group in groups(parse((await desk.workspaces.get(workspace)).document))}
    role = role if role in ROLES else "trainer"
    name = role if role not in taken else editing.free_name(role, taken).replace("-copy", "-b")
    name = name if name not in taken else editing.free_name(role, taken)
    return await _show_form(request, desk, workspace, None, {"role": role, "group": name, "count": "1"}, {})


@router.get("/w/{workspace}/nodes/{index}")
async def edit(request: Request, workspace: str, index: int, desk: Desk) -> Response:
    """The form of a group that is there."""
    return await _show_form(request, desk, workspace, index, _said(await desk.workspaces.get(workspace), index), {})


@router.post("/w/{workspace}/nodes/form")
async def reform(request: Request, workspace: str, desk: Desk) -> Response:
    """The form again, as another role or behaviour wants it."""
    said = await posted(request)
    index = int(said["index"]) if said.get("index", "").isdecimal() else None
    return await _show_form(request, desk, workspace, index, said, {})


def _values(said: dict[str, str]) -> dict[str, Any]:
    fields, options, _, _ = _form(said)
    values = values_of([*fields, *options], said)
    if not options:
        values["options"] = None
    if values.get("behaviour") == HONEST:
        values["behaviour"] = None
    return values


@router.post("/w/{workspace}/nodes/new")
async def add(request: Request, workspace: str, desk: Desk) -> Response:
    """Add a group."""
    said = await posted(request)
    try:
        await desk.add_nodes(workspace, _values(said))
    except FormError as error:
        return await _show_form(request, desk, workspace, None, said, dict(error.errors))
    return go_to(f"/w/{workspace}/nodes")


@router.post("/w/{workspace}/nodes/{index}")
async def save(request: Request, workspace: str, index: int, desk: Desk) -> Response:
    """Change a group."""
    said, at = await posted(request), ("nodes", index)
    version = version_of(said)
    fields, options, _, _ = _form(said)

    def change(text: str) -> str:
        block = block_at(text, at)
        return editing.change(text, at, changes_of(fields, said, block) | options_of(options, said, block))

    try:
        await desk.edit(workspace, change, at, version)
    except FormError as error:
        return await _show_form(request, desk, workspace, index, said, dict(error.errors))
    return go_to(f"/w/{workspace}/nodes")


@router.post("/w/{workspace}/nodes/{index}/duplicate")
async def duplicate(request: Request, workspace: str, index: int, desk: Desk) -> Response:
    """Copy a group."""
    version = version_of(await posted(request))
    await desk.edit(workspace, lambda text: editing.duplicate(text, ("nodes", index)), version=version)
    return go_to(f"/w/{workspace}/nodes")


@router.post("/w/{workspace}/nodes/{index}/delete")
async def delete(request: Request, workspace: str, index: int, desk: Desk) -> Response:
    """Take a group away."""
    version = version_of(await posted(request))
    await desk.edit(workspace, lambda text: editing.remove(text, ("nodes", index)), version=version)
    return go_to(f"/w/{workspace}/nodes")
