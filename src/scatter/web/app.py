"""The web application: routes, errors, static files, and whoever works behind them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.middleware.gzip import GZipMiddleware
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from scatter import __version__
from scatter.simulation.errors import ScenarioError
from scatter.storage.database import Database
from scatter.storage.workspaces import ChangedMeanwhile
from scatter.web.api import runs as api_runs
from scatter.web.api import scenarios as api_scenarios
from scatter.web.api import workspaces as api_workspaces
from scatter.web.documents.blocks import DocumentError
from scatter.web.pages import (
    data,
    expectations,
    files,
    home,
    interventions,
    jobs,
    nodes,
    running,
    setup,
    signing,
    steps,
)
from scatter.web.pages.errors import error_page
from scatter.web.security import Guard
from scatter.web.service import FormError, NotPossible, Service
from scatter.web.settings import WebSettings

API = "/api/v1"
Beside = Callable[[Service], AbstractAsyncContextManager[None]]
STATIC = Path(__file__).with_name("static")
_STATUS: tuple[tuple[type[Exception], int], ...] = (
    (ScenarioError, 422),
    (DocumentError, 422),
    (LookupError, 404),
    (NotPossible, 409),
    (ChangedMeanwhile, 409),
)


class _Assets(StaticFiles):
    """Files whose addresses begin with what they were made of (`pages.rendering.asset`), so they never change."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        """See `StaticFiles`."""
        response = await super().get_response(path.partition("/")[2], scope)
        response.headers["cache-control"] = "public, max-age=31536000, immutable"
        return response


def create_app(settings: WebSettings, beside: Beside | None = None) -> FastAPI:
    """The application over a folder. While it runs, runs are looked after; `beside` is what else happens then, instead of the
    welcome to a first visit."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with await Database.open(settings.database) as database:
            service = app.state.service = Service.of(settings, database)
            if beside is None:
                await service.welcome()
            async with service.supervisor.at_work(), nullcontext() if beside is None else beside(service):
                yield

    app = FastAPI(
        title="Scatter",
        version=__version__,
        description="Simulations of federated jobs: workspaces, their nodes and steps, runs, and what was recorded.",
        openapi_url=f"{API}/openapi.json",
        docs_url=None,
        redoc_url=None,
        lifespan=lifespan,
    )
    for router in (api_workspaces.router, api_scenarios.router, api_runs.router):
        app.include_router(router, prefix=API)
    for router in (
        home.router,
        setup.router,
        expectations.router,
        interventions.router,
        nodes.router,
        steps.router,
        running.router,
        data.router,
        jobs.router,
        files.router,
        signing.router,
    ):
        app.include_router(router, include_in_schema=False)
    app.mount("/static", _Assets(directory=STATIC), name="static")
    app.add_middleware(GZipMiddleware, minimum_size=1024)
    app.add_middleware(Guard, settings=settings)
    for kind, status in _STATUS:
        app.add_exception_handler(kind, _explained(status))
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.state.settings = settings
    return app


def _explained(status: int) -> Callable[[Request, Exception], Awaitable[Response]]:
    async def answer(request: Request, error: Exception) -> Response:
        message = str(error.args[0]) if isinstance(error, LookupError) and error.args else str(error)
        errors = dict(error.errors) if isinstance(error, FormError) else {}
        return _answer(request, status, message, errors)

    return answer


async def _http_error(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    said = {404: "there is nothing at this address", 405: "this cannot be done at this address"}
    return _answer(request, status, said.get(status, str(getattr(error, "detail", error))), {})


async def _invalid(request: Request, error: Exception) -> Response:
    details = error.errors() if isinstance(error, RequestValidationError) else []
    errors = {".".join(map(str, one["loc"][1:])): str(one["msg"]) for one in details[:20]}
    return _answer(request, 422, "; ".join(f"{name}: {text}" for name, text in errors.items()), errors)


def _answer(request: Request, status: int, message: str, errors: dict[str, str]) -> Response:
    if request.url.path.startswith("/api/"):
        return JSONResponse({"error": message, "fields": errors}, status)
    return error_page(request, status, message)
