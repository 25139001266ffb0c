"""The pages of jobs."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from scatter.web.api.access import Desk
from scatter.web.pages.rendering import page, workspace_values
from scatter.web.service import model_of
from scatter.web.views.jobs import job_detail, job_heads

router = APIRouter()


@router.get("/w/{workspace}/jobs")
async def show(request: Request, workspace: str, desk: Desk, run: int | None = None) -> Response:
    """The jobs of a run."""
    values = await workspace_values(desk, workspace, "jobs", run)
    jobs = job_heads(await desk.follower.record(values["run"].id)) if values["run"] else []
    return page(request, "jobs.html", {**values, "jobs": jobs})


@router.get("/w/{workspace}/jobs/{number}")
async def detail(request: Request, workspace: str, number: int, desk: Desk, run: int | None = None) -> Response:
    """One job."""
    values = await workspace_values(desk, workspace, "jobs", run)
    if values["run"] is None:
        raise LookupError("this workspace was never run")
    record = await desk.follower.record(values["run"].id)
    job = job_detail(record, number)
    try:
        model_of(desk.settings, values["run"], job.head.name)
        model = f"/api/v1/runs/{values['run'].id}/jobs/{number}/model"
    except LookupError:
        model = ""
    last = len(record["jobs"])
    return page(request, "job.html", {**values, "job": job, "model": model, "last": last})
