"""The first page: workspaces."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from scatter.web.api.access import Desk
from scatter.web.documents.blocks import DocumentError, parse, tables_at
from scatter.web.documents.checking import problem_of
from scatter.web.pages.files import file_page
from scatter.web.pages.rendering import go_to, page, posted
from scatter.web.service import FormError, Service
from scatter.web.views.nodes import groups
from scatter.web.views.problems import correction, told

router = APIRouter()


@router.get("/")
async def workspaces(request: Request, desk: Desk) -> Response:
    """All workspaces."""
    return await _page(request, desk, {}, {})


async def _page(request: Request, desk: Service, errors: dict[str, str], said: dict[str, str]) -> Response:
    cards = []
    for one in await desk.workspaces.all():
        content, problem = parse(one.document), problem_of(one.document)
        about = content.get("scenario")
        runs = await desk.runs.of(one.id)
        cards.append(
            {
                "workspace": one,
                "title": about.get("title", "") if isinstance(about, dict) else "",
                "groups": groups(content),
                "steps": len(tables_at(content, ("steps",))),
                "run": runs[0] if runs else None,
                "runs": len(runs),
                "problem": "" if problem is None else told(problem, content),
                "correction": "" if problem is None else correction(problem),
            }
        )
    return page(request, "workspaces.html", {"cards": cards, "errors": errors, "said": said}, 422 if errors else 200)


@router.post("/workspaces")
async def create(request: Request, desk: Desk) -> Response:
    """Make one, of what was pasted or of nothing."""
    form = await posted(request)
    document = form.get("file") or form.get("document", "").replace("\r\n", "\n")
    try:
        made = await desk.create(form.get("name", ""), document if document.strip() else None)
    except DocumentError as error:
        errors = dict(getattr(error, "errors", {})) or {"document": str(error)}
        return await _page(request, desk, errors, form)
    return go_to(f"/w/{made.id}/nodes")


@router.post("/w/{workspace}/rename")
async def rename(request: Request, workspace: str, desk: Desk) -> Response:
    """Give it another name."""
    name = (await posted(request)).get("name", "")
    try:
        await desk.rename(workspace, name)
    except FormError as error:
        return await file_page(request, desk, workspace, name=name, errors=error.errors)
    return go_to(f"/w/{workspace}/file")


@router.post("/w/{workspace}/duplicate")
async def duplicate(request: Request, workspace: str, desk: Desk) -> Response:
    """Copy it."""
    await posted(request)
    return go_to(f"/w/{(await desk.duplicate(workspace)).id}/nodes")


@router.post("/w/{workspace}/delete")
async def delete(request: Request, workspace: str, desk: Desk) -> Response:
    """Take it away."""
    await posted(request)
    await desk.delete(workspace)
    return go_to("/")


@router.get("/w/{workspace}")
async def open_workspace(workspace: str, desk: Desk) -> Response:
    """Where a workspace begins: at its run, if there is one."""
    run = await desk.run_of(workspace)
    return go_to(f"/w/{workspace}/{'run' if run else 'nodes'}")
