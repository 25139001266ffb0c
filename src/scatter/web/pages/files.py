"""The page of a workspace's file: its TOML, its name, and what can be done with all of it."""

from collections.abc import Mapping

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response

from scatter.web.api.access import Desk
from scatter.web.documents.blocks import DocumentError
from scatter.web.pages.rendering import go_to, page, posted, version_of, workspace_values
from scatter.web.service import Service, exported_name

router = APIRouter()


@router.get("/w/{workspace}/file")
async def show(request: Request, workspace: str, desk: Desk) -> Response:
    """The file."""
    return await file_page(request, desk, workspace)


async def file_page(
    request: Request,
    desk: Service,
    workspace: str,
    *,
    document: str | None = None,
    name: str | None = None,
    errors: Mapping[str, str] | None = None,
) -> Response:
    """The page, with what was said in its forms and what is wrong with that."""
    values = await workspace_values(desk, workspace, "file")
    found = values["workspace"]
    said = {"document": found.document if document is None else document, "name": found.name if name is None else name}
    return page(request, "file.html", {**values, **said, "errors": dict(errors or {})}, 422 if errors else 200)


@router.post("/w/{workspace}/file")
async def save(request: Request, workspace: str, desk: Desk) -> Response:
    """Put what was written in its place."""
    form = await posted(request)
    document = form.get("document", "").replace("\r\n", "\n")
    version = version_of(form)
    try:
        await desk.replace(workspace, document, version)
    except DocumentError as error:
        return await file_page(request, desk, workspace, document=document, errors={"document": str(error)})
    return go_to(f"/w/{workspace}/file")


@router.get("/w/{workspace}/export")
async def export(workspace: str, desk: Desk) -> Response:
    """The file, to be kept."""
    found = await desk.workspaces.get(workspace)
    return PlainTextResponse(
        found.document,
        media_type="application/toml",
        headers={"content-disposition": f'attachment; filename="{exported_name(found)}"'},
    )
