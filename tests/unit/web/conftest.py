"""One finished run, made once, and applications over copies of it."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from fastapi import FastAPI

from scatter.localnet.example import example_scenario
from scatter.storage.database import Database
from scatter.storage.runs import SqlRunEvents, SqlRuns
from scatter.storage.workspaces import SqlWorkspaces
from scatter.web.app import create_app
from scatter.web.record.record import RunRecord, record_of
from scatter.web.running.process import simulate
from scatter.web.settings import WebSettings

BASE = "http://127.0.0.1:8000"
API = "/api/v1"


async def only(client: httpx.AsyncClient) -> tuple[str, str]:
    """The ids of the workspace and of its run."""
    workspace = (await client.get(f"{API}/workspaces")).json()[0]["id"]
    return workspace, (await client.get(f"{API}/workspaces/{workspace}/runs")).json()[0]["id"]


async def post(client: httpx.AsyncClient, address: str, **fields: str) -> httpx.Response:
    """What a form of ours does."""
    await client.get("/")
    return await client.post(address, data={"csrf": client.cookies["scatter_csrf"], **fields}, headers={"origin": BASE})


def example() -> str:
    file = example_scenario("paper-4")
    assert file is not None
    return file.read_text()


async def _make(settings: WebSettings) -> None:
    async with await Database.open(settings.database) as database:
        workspace = await SqlWorkspaces(database).add("Kept", example())
        run = await SqlRuns(database).add(workspace.id, workspace.document, short=True)
        await simulate(database, run.id, settings.runs / run.id, settings.beside)
    (settings.folder / "welcomed").touch()


@pytest.fixture(scope="session")
def kept(tmp_path_factory: pytest.TempPathFactory) -> WebSettings:
    """A folder with one workspace and one finished run of the fourth scenario of the paper, in its short form."""
    folder = tmp_path_factory.mktemp("web")
    settings = WebSettings(folder, folder)
    asyncio.run(_make(settings))
    return settings


@pytest.fixture(scope="session")
def record(kept: WebSettings) -> RunRecord:
    """What happened in that run."""

    async def read() -> RunRecord:
        async with await Database.open(kept.database) as database:
            workspace = (await SqlWorkspaces(database).all())[0]
            run = (await SqlRuns(database).of(workspace.id))[0]
            assert run.status == "finished", run.error
            return record_of(await SqlRunEvents(database).after(run.id, 0, 100_000))

    return asyncio.run(read())


@asynccontextmanager
async def running(app: FastAPI, base: str = BASE) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application at work."""
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=base) as client:
            yield client


@pytest.fixture
async def client(kept: WebSettings, tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A browser of an application over a copy of the kept folder."""
    folder = tmp_path / "web"
    shutil.copytree(kept.folder, folder)
    async with running(create_app(replace(kept, folder=folder))) as made:
        yield made


@pytest.fixture
async def fresh(tmp_path: Path) -> AsyncIterator[httpx.AsyncClient]:
    """A browser of an application that was never used."""
    async with running(create_app(WebSettings(tmp_path / "web", tmp_path))) as made:
        yield made
