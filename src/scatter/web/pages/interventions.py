"""The form of an intervention: nodes that are stopped or started before a block."""

from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from scatter.simulation.interventions import STOP
from scatter.web.api.access import Desk
from scatter.web.documents import editing
from scatter.web.documents.blocks import block_at, parse, tables_at
from scatter.web.documents.fields import changes_of, fields_of, texts_of, values_of
from scatter.web.pages.rendering import go_to, page, posted, version_of, workspace_values
from scatter.web.service import FormError, Service
from scatter.web.views.nodes import groups

router = APIRouter()
FIELDS = fields_of("intervention")


async def _form(
    request: Request, desk: Service, workspace: str, index: int | None, said: dict[str, str], errors: dict[str, str]
) -> Response:
    values = await workspace_values(desk, workspace, "setup")
    made = groups(parse(values["workspace"].document))
    more: dict[str, Any] = {
        "index": index,
        "fields": FIELDS,
        "said": said,
        "errors": errors,
        "choices": {"nodes": [group.name for group in made]},
    }
    return page(request, "intervention_form.html", {**values, **more}, 422 if errors else 200)


@router.get("/w/{workspace}/interventions/new")
async def new(request: Request, workspace: str, desk: Desk) -> Response:
    """The form of a new one."""
    return await _form(request, desk, workspace, None, {"do": STOP}, {})


@router.get("/w/{workspace}/interventions/{index}")
async def edit(request: Request, workspace: str, index: int, desk: Desk) -> Response:
    """The form of one that is there."""
    there = tables_at(parse((await desk.workspaces.get(workspace)).document), ("interventions",))
    if not 0 <= index < len(there):
        raise LookupError("this intervention is not there any more")
    return await _form(request, desk, workspace, index, texts_of(FIELDS, there[index]), {})


@router.post("/w/{workspace}/interventions/new")
async def add(request: Request, workspace: str, desk: Desk) -> Response:
    """Add one."""
    said = await posted(request)
    try:
        await desk.add_intervention(workspace, values_of(FIELDS, said))
    except FormError as error:
        return await _form(request, desk, workspace, None, said, dict(error.errors))
    return _back(workspace)


@router.post("/w/{workspace}/interventions/{index}")
async def save(request: Request, workspace: str, index: int, desk: Desk) -> Response:
    """Change one."""
    said, at = await posted(request), ("interventions", index)
    version = version_of(said)
    try:
        await desk.edit(
            workspace,
            lambda text: editing.change(text, at, changes_of(FIELDS, said, block_at(text, at))),
            at,
            version,
        )
    except FormError as error:
        return await _form(request, desk, workspace, index, said, dict(error.errors))
    return _back(workspace)


@router.post("/w/{workspace}/interventions/{index}/duplicate")
async def duplicate(request: Request, workspace: str, index: int, desk: Desk) -> Response:
    """Copy one."""
    version = version_of(await posted(request))
    await desk.edit(workspace, lambda text: editing.duplicate(text, ("interventions", index)), version=version)
    return _back(workspace)


@router.post("/w/{workspace}/interventions/{index}/delete")
async def delete(request: Request, workspace: str, index: int, desk: Desk) -> Response:
    """Take one away."""
    version = version_of(await posted(request))
    await desk.edit(workspace, lambda text: editing.remove(text, ("interventions", index)), version=version)
    return _back(workspace)


def _back(workspace: str) -> Response:
    return go_to(f"/w/{workspace}/setup#interventions-title")
