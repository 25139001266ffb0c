"""The page of a workspace's file: its TOML, its name, and what can be done with all of it."""

from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response

from scatter.web.api.access import Desk
from scatter.web.documents.blocks import DocumentError
from scatter.web.pages.rendering import go_to, page, posted, workspace_values
from scatter.web.service import Service, exported_name

router = APIRouter()


@router.get("/w/{workspace}/file")
async def show(request: Request, workspace: str, desk: Desk) -> Response:
    """The file."""
    return await _page(request, desk, workspace, None, "")


async def _page(request: Request, desk: Service, workspace: str, said: str | None, error: str) -> Response:
    values = await workspace_values(desk, workspace, "file")
    document = values["workspace"].document if said is None else said
    return page(request, "file.html", {**values, "document": document, "error": error}, 422 if error else 200)


@router.post("/w/{workspace}/file")
async def save(request: Request, workspace: str, desk: Desk) -> Response:
    """Put what was written in its place."""
    form = await posted(request)
    document = form.get("document", "").replace("\r\n", "\n")
    version = form.get("version", "")
    try:
        await desk.replace(workspace, document, int(version) if version.isdecimal() else None)
    except DocumentError as error:
        return await _page(request, desk, workspace, document, str(error))
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
