"""Routes of workspaces, their nodes and steps."""

import asyncio
from dataclasses import asdict
from typing import Any

from fastapi import APIRouter, Body
from fastapi.responses import PlainTextResponse

from scatter.behaviours.registry import behaviours
from scatter.simulation.step_kinds import STEP_KINDS
from scatter.web.api.access import Desk, Version
from scatter.web.api.models import NewName, NewStep, NewWorkspace, NodeOut, Place, Values, WorkspaceOut
from scatter.web.documents import editing
from scatter.web.documents.blocks import parse, tables_at
from scatter.web.documents.fields import fields_of
from scatter.web.views.addresses import nodes_to_be
from scatter.web.views.steps import about, list_of, path_of

router = APIRouter(tags=["workspaces"])


@router.get("/workspaces")
async def list_workspaces(desk: Desk) -> list[WorkspaceOut]:
    """All workspaces, that changed last first."""
    return [WorkspaceOut.of(one) for one in await desk.workspaces.all()]


@router.post("/workspaces", status_code=201)
async def create_workspace(new: NewWorkspace, desk: Desk) -> WorkspaceOut:
    """Make a workspace, of a scenario's TOML or the smallest that runs."""
    return WorkspaceOut.of(await desk.create(new.name, new.document))


@router.get("/workspaces/{workspace}")
async def get_workspace(workspace: str, desk: Desk) -> WorkspaceOut:
    """One workspace."""
    return WorkspaceOut.of(await desk.workspaces.get(workspace))


@router.patch("/workspaces/{workspace}")
async def rename_workspace(workspace: str, new: NewName, desk: Desk) -> WorkspaceOut:
    """Give it another name."""
    return WorkspaceOut.of(await desk.rename(workspace, new.name))


@router.delete("/workspaces/{workspace}", status_code=204)
async def delete_workspace(workspace: str, desk: Desk) -> None:
    """Take it away, with its runs."""
    await desk.workspaces.get(workspace)
    await desk.delete(workspace)


@router.post("/workspaces/{workspace}/duplicate", status_code=201)
async def duplicate_workspace(workspace: str, desk: Desk) -> WorkspaceOut:
    """Copy it, without its runs."""
    return WorkspaceOut.of(await desk.duplicate(workspace))


@router.get("/workspaces/{workspace}/document", response_class=PlainTextResponse)
async def get_document(workspace: str, desk: Desk) -> PlainTextResponse:
    """The scenario as TOML, letter by letter."""
    return PlainTextResponse((await desk.workspaces.get(workspace)).document, media_type="application/toml")


@router.put("/workspaces/{workspace}/document")
async def put_document(
    workspace: str, desk: Desk, document: str = Body(media_type="application/toml"), version: int | None = None
) -> WorkspaceOut:
    """Put a scenario in its place. With `version` only if nobody changed it since."""
    return WorkspaceOut.of(await desk.replace(workspace, document, version))


@router.get("/workspaces/{workspace}/nodes")
async def list_nodes(workspace: str, desk: Desk) -> list[dict[str, Any]]:
    """The groups of nodes, as the document has them."""
    return tables_at(parse((await desk.workspaces.get(workspace)).document), ("nodes",))


@router.get("/workspaces/{workspace}/nodes/each")
async def list_each_node(workspace: str, desk: Desk) -> list[NodeOut]:
    """Every node of the document by its name, with the address that it has in a run with the document's seed."""
    content = parse((await desk.workspaces.get(workspace)).document)
    return [NodeOut(**asdict(one)) for one in await asyncio.to_thread(nodes_to_be, content)]


@router.post("/workspaces/{workspace}/nodes", status_code=201)
async def add_nodes(workspace: str, new: Values, desk: Desk) -> list[dict[str, Any]]:
    """Add a group of nodes; the groups then."""
    return tables_at(parse((await desk.add_nodes(workspace, new.values)).document), ("nodes",))


@router.patch("/workspaces/{workspace}/nodes/{index}")
async def change_nodes(
    workspace: str, index: int, new: Values, desk: Desk, version: Version = None
) -> list[dict[str, Any]]:
    """Change keys of a group."""
    at = ("nodes", index)
    changed = await desk.edit(workspace, lambda text: editing.change(text, at, new.values), at, version=version)
    return tables_at(parse(changed.document), ("nodes",))


@router.post("/workspaces/{workspace}/nodes/{index}/duplicate", status_code=201)
async def duplicate_nodes(workspace: str, index: int, desk: Desk, version: Version = None) -> list[dict[str, Any]]:
    """Copy a group, under another name."""
    changed = await desk.edit(workspace, lambda text: editing.duplicate(text, ("nodes", index)), version=version)
    return tables_at(parse(changed.document), ("nodes",))


@router.delete("/workspaces/{workspace}/nodes/{index}", status_code=204)
async def delete_nodes(workspace: str, index: int, desk: Desk, version: Version = None) -> None:
    """Take a group away."""
    await desk.edit(workspace, lambda text: editing.remove(text, ("nodes", index)), version=version)


@router.get("/workspaces/{workspace}/steps")
async def list_steps(workspace: str, desk: Desk) -> list[dict[str, Any]]:
    """The steps, as the document has them."""
    return tables_at(parse((await desk.workspaces.get(workspace)).document), ("steps",))


@router.post("/workspaces/{workspace}/steps", status_code=201)
async def add_step(workspace: str, new: NewStep, desk: Desk) -> list[dict[str, Any]]:
    """Add a step; all steps then."""
    return tables_at(
        parse((await desk.add_step(workspace, new.values, list_of(new.parent), new.at)).document), ("steps",)
    )


@router.patch("/workspaces/{workspace}/steps/{key}")
async def change_step(
    workspace: str, key: str, new: Values, desk: Desk, version: Version = None
) -> list[dict[str, Any]]:
    """Change keys of a step; `key` is its place from 0, with dots for steps in steps: `3.0`."""
    at = path_of(key)
    changed = await desk.edit(workspace, lambda text: editing.change(text, at, new.values), at, version=version)
    return tables_at(parse(changed.document), ("steps",))


@router.post("/workspaces/{workspace}/steps/{key}/move")
async def move_step(
    workspace: str, key: str, place: Place, desk: Desk, version: Version = None
) -> list[dict[str, Any]]:
    """Move a step to another place in its list, or in another: into a repeated step, and out of it."""
    into = None if place.parent is None else list_of(place.parent)
    changed, _ = await desk.move_step(workspace, path_of(key), into, place.to, version)
    return tables_at(parse(changed.document), ("steps",))


@router.post("/workspaces/{workspace}/steps/{key}/duplicate", status_code=201)
async def duplicate_step(workspace: str, key: str, desk: Desk, version: Version = None) -> list[dict[str, Any]]:
    """Copy a step; the copy comes right behind it."""
    changed = await desk.edit(workspace, lambda text: editing.duplicate(text, path_of(key)), version=version)
    return tables_at(parse(changed.document), ("steps",))


@router.delete("/workspaces/{workspace}/steps/{key}", status_code=204)
async def delete_step(workspace: str, key: str, desk: Desk, version: Version = None) -> None:
    """Take a step away."""
    await desk.edit(workspace, lambda text: editing.remove(text, path_of(key)), version=version)


@router.get("/step-kinds")
async def list_step_kinds() -> dict[str, dict[str, Any]]:
    """Every kind of steps: what it does, and its fields."""
    return {
        kind: {
            "about": about(kind),
            "fields": [
                {"name": one.name, "kind": one.kind, "rule": one.rule, "required": one.required, "choices": one.choices}
                for one in fields_of(kind)
            ],
        }
        for kind in STEP_KINDS
    }


@router.get("/behaviours")
async def list_behaviours() -> dict[str, dict[str, Any]]:
    """Every behaviour: what it does, who can have it, and the JSON schema of its options."""
    return {
        kind.name: {
            "description": " ".join(kind.description.split()),
            "roles": sorted(role.name.lower() for role in kind.roles),
            "options": kind.options.model_json_schema(),
        }
        for kind in behaviours().values()
    }
