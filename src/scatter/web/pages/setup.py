"""The page of what is neither nodes nor steps: what the scenario is called, its workload, chain, variables,
expectations and interventions."""

import re
from collections.abc import Mapping

from fastapi import APIRouter, Request
from fastapi.responses import Response

from scatter.localnet.example import EXAMPLES
from scatter.web.api.access import Desk
from scatter.web.documents.blocks import DocumentError, parse, table_of
from scatter.web.documents.fields import changes_of, fields_of, texts_of
from scatter.web.pages.rendering import go_to, page, posted, version_of, workspace_values
from scatter.web.service import FormError, Service
from scatter.web.views.setup import VariableRow, changed_variables, expectations, interventions, variables

router = APIRouter()
FORMS = ("scenario", "workload", "chain")
TITLES = {"scenario": "Scenario", "workload": "Workload", "chain": "Chain and contracts", "variables": "Variables"}
MORE_ROWS = 2
_NAME = re.compile("[a-z][a-z0-9_-]{0,30}")


@router.get("/w/{workspace}/setup")
async def show(request: Request, workspace: str, desk: Desk) -> Response:
    """All of it."""
    return await _page(request, desk, workspace)


async def _page(
    request: Request,
    desk: Service,
    workspace: str,
    wrong: str = "",
    said: Mapping[str, str] | None = None,
    errors: Mapping[str, str] | None = None,
    rows: list[VariableRow] | None = None,
) -> Response:
    values = await workspace_values(desk, workspace, "setup")
    content = parse(values["workspace"].document)
    shown = {name: texts_of(fields_of(name), table_of(content, name)) for name in FORMS}
    if wrong in FORMS and said is not None:
        shown[wrong] = dict(said)
    more = {
        "forms": [(name, TITLES[name], fields_of(name), shown[name]) for name in FORMS],
        "given": {name: len(table_of(content, name)) for name in FORMS},
        "wrong": wrong,
        "errors": dict(errors or {}),
        "rows": [*(variables(content) if rows is None else rows), *[VariableRow("", "", "")] * MORE_ROWS],
        "expectations": expectations(content),
        "interventions": interventions(content),
        "choices": {"job": EXAMPLES},
    }
    return page(request, "setup.html", {**values, **more}, 422 if errors else 200)


@router.post("/w/{workspace}/setup/variables")
async def save_variables(request: Request, workspace: str, desk: Desk) -> Response:
    """Set the variables; a row without a name is none, and one whose value was taken away is gone."""
    said = await posted(request)
    version = version_of(said)
    rows = [
        VariableRow(*(said.get(f"{key}-{index}", "").strip() for key in ("name", "value", "shorter")))
        for index in range(len(said))
        if said.get(f"name-{index}", "").strip()
    ]
    content = parse((await desk.workspaces.get(workspace)).document)
    try:
        _check(rows)
        await desk.set_variables(workspace, *changed_variables(content, rows), version=version)
    except DocumentError as error:
        errors = dict(error.errors) if isinstance(error, FormError) else {"": str(error)}
        return await _page(request, desk, workspace, "variables", None, errors, rows)
    return go_to(f"/w/{workspace}/setup#variables-title")


def _check(rows: list[VariableRow]) -> None:
    names = [row.name for row in rows]
    for row in rows:
        if not _NAME.fullmatch(row.name):
            raise FormError({row.name: "is not a name of lower-case letters, digits, _ and -, at most 31 of them"})
        if names.count(row.name) > 1:
            raise FormError({row.name: "is there twice; give one of them another name"})
        if row.shorter and not row.value:
            raise FormError({row.name: "needs a value for the long form too"})


@router.post("/w/{workspace}/setup/{table}")
async def save(request: Request, workspace: str, table: str, desk: Desk) -> Response:
    """Change one of the tables that have a form."""
    said = await posted(request)
    version = version_of(said)
    if table not in FORMS:
        raise LookupError(f"there is no form of {table!r}")
    try:
        content = parse((await desk.workspaces.get(workspace)).document)
        await desk.set_table(workspace, table, changes_of(fields_of(table), said, table_of(content, table)), version)
    except DocumentError as error:
        errors = dict(error.errors) if isinstance(error, FormError) else {"": str(error)}
        return await _page(request, desk, workspace, table, said, errors)
    return go_to(f"/w/{workspace}/setup#{table}-title")
