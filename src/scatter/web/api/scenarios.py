"""Routes of what a scenario says besides nodes and steps: tables of the top, expectations and interventions."""

from typing import Any

from fastapi import APIRouter

from scatter.web.api.access import Desk, Version
from scatter.web.api.models import Tables, Values
from scatter.web.documents import editing, toplevel
from scatter.web.documents.blocks import parse, table_of, tables_at
from scatter.web.documents.fields import FORMS, fields_of

router = APIRouter(tags=["workspaces"])


@router.get("/workspaces/{workspace}/tables")
async def get_tables(workspace: str, desk: Desk) -> Tables:
    """The tables of the top, as the document has them; those that it has not are empty."""
    content = parse((await desk.workspaces.get(workspace)).document)
    return Tables(**{name: dict(table_of(content, name)) for name in toplevel.TABLES})


@router.patch("/workspaces/{workspace}/tables/{table}")
async def change_table(workspace: str, table: str, new: Values, desk: Desk, version: Version = None) -> Tables:
    """Change keys of `scenario`, `variables`, `short`, `chain` or `workload`; all of them then."""
    await desk.set_table(workspace, table, new.values, version)
    return await get_tables(workspace, desk)


@router.get("/workspaces/{workspace}/expectations")
async def list_expectations(workspace: str, desk: Desk) -> list[dict[str, Any]]:
    """What must hold in the end, as the document has it."""
    return tables_at(parse((await desk.workspaces.get(workspace)).document), ("expect",))


@router.post("/workspaces/{workspace}/expectations", status_code=201)
async def add_expectation(workspace: str, new: Values, desk: Desk) -> list[dict[str, Any]]:
    """Add an expectation; all of them then."""
    return tables_at(parse((await desk.add_expectation(workspace, new.values)).document), ("expect",))


@router.patch("/workspaces/{workspace}/expectations/{index}")
async def change_expectation(
    workspace: str, index: int, new: Values, desk: Desk, version: Version = None
) -> list[dict[str, Any]]:
    """Change keys of an expectation."""
    at = ("expect", index)
    changed = await desk.edit(workspace, lambda text: editing.change(text, at, new.values), at, version=version)
    return tables_at(parse(changed.document), ("expect",))


@router.post("/workspaces/{workspace}/expectations/{index}/duplicate", status_code=201)
async def duplicate_expectation(
    workspace: str, index: int, desk: Desk, version: Version = None
) -> list[dict[str, Any]]:
    """Copy an expectation."""
    changed = await desk.edit(workspace, lambda text: editing.duplicate(text, ("expect", index)), version=version)
    return tables_at(parse(changed.document), ("expect",))


@router.delete("/workspaces/{workspace}/expectations/{index}", status_code=204)
async def delete_expectation(workspace: str, index: int, desk: Desk, version: Version = None) -> None:
    """Take an expectation away."""
    await desk.edit(workspace, lambda text: editing.remove(text, ("expect", index)), version=version)


@router.get("/workspaces/{workspace}/interventions")
async def list_interventions(workspace: str, desk: Desk) -> list[dict[str, Any]]:
    """What is done to nodes before given blocks, as the document has it."""
    return tables_at(parse((await desk.workspaces.get(workspace)).document), ("interventions",))


@router.post("/workspaces/{workspace}/interventions", status_code=201)
async def add_intervention(workspace: str, new: Values, desk: Desk) -> list[dict[str, Any]]:
    """Add an intervention; all of them then."""
    return tables_at(parse((await desk.add_intervention(workspace, new.values)).document), ("interventions",))


@router.patch("/workspaces/{workspace}/interventions/{index}")
async def change_intervention(
    workspace: str, index: int, new: Values, desk: Desk, version: Version = None
) -> list[dict[str, Any]]:
    """Change keys of an intervention."""
    at = ("interventions", index)
    changed = await desk.edit(workspace, lambda text: editing.change(text, at, new.values), at, version=version)
    return tables_at(parse(changed.document), ("interventions",))


@router.post("/workspaces/{workspace}/interventions/{index}/duplicate", status_code=201)
async def duplicate_intervention(
    workspace: str, index: int, desk: Desk, version: Version = None
) -> list[dict[str, Any]]:
    """Copy an intervention."""
    changed = await desk.edit(
        workspace, lambda text: editing.duplicate(text, ("interventions", index)), version=version
    )
    return tables_at(parse(changed.document), ("interventions",))


@router.delete("/workspaces/{workspace}/interventions/{index}", status_code=204)
async def delete_intervention(workspace: str, index: int, desk: Desk, version: Version = None) -> None:
    """Take an intervention away."""
    await desk.edit(workspace, lambda text: editing.remove(text, ("interventions", index)), version=version)


@router.get("/forms")
async def list_forms() -> dict[str, list[dict[str, Any]]]:
    """The fields of all that has a form: tables of the top, `node`, `expect`, `intervention`, and every kind of steps."""
    return {
        form: [
            {
                **{"name": one.name, "label": one.label, "kind": one.kind, "purpose": one.purpose, "rule": one.rule},
                **{"required": one.required, "choices": list(one.choices), "usual": one.usual},
            }
            for one in fields_of(form)
        ]
        for form in FORMS
    }
