"""A server with one finished run, and Chromium."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from tests.browser import chromium
from tests.e2e.test_web import Web

MOST_MILLISECONDS = 60_000


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    found = chromium.find()
    if found is None:
        pytest.exit(chromium.NONE, returncode=1)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(**found.launch)
        yield started
        started.close()


@pytest.fixture(scope="session")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    server = Web(tmp_path_factory.mktemp("browser"))
    yield server
    for workspace in server.call("GET", "/workspaces"):
        server.call("DELETE", f"/workspaces/{workspace['id']}")
    server.command.interrupt()
    server.command.wait(30)


@pytest.fixture(scope="session")
def finished(web: Web) -> str:
    """The address of the example's pages, with a finished run in its short form."""
    workspace = next(one for one in web.call("GET", "/workspaces") if one["name"].startswith("Example"))["id"]
    run = web.call("POST", f"/workspaces/{workspace}/runs", {"short": True})["id"]
    until_over(web, run)
    return f"{web.address}/w/{workspace}"


def until_over(web: Web, run: str) -> None:
    end = time.monotonic() + MOST_MILLISECONDS / 1000
    while (stored := web.call("GET", f"/runs/{run}"))["status"] != "finished":
        assert stored["status"] in ("queued", "running"), stored["error"]
        assert time.monotonic() < end
        time.sleep(0.5)


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    made = browser.new_context(viewport={"width": 1360, "height": 900}, accept_downloads=True)
    made.set_default_timeout(MOST_MILLISECONDS)
    yield made
    made.close()


@pytest.fixture
def page(context: BrowserContext) -> Page:
    return watched(context.new_page())


def watched(page: Page) -> Page:
    """A page whose errors, and refusals of its own policy, fail the test that looks at them."""
    page.on("pageerror", lambda error: _complaints(page).append(str(error)))
    page.on("console", lambda message: message.type == "error" and _complaints(page).append(message.text))
    return page


def _complaints(page: Page) -> list[str]:
    complaints: list[str] = page.__dict__.setdefault("complaints", [])
    return complaints


def complaints(page: Page) -> list[str]:
    """What went wrong on a page; losing the connection to a server that is restarted does not count."""
    return [text for text in _complaints(page) if "ERR_CONNECTION" not in text and "ERR_INCOMPLETE" not in text]


ROOT = Path(__file__).resolve().parents[2]
