"""axe-core finds nothing on any page, in light and in dark, on a screen and on a phone."""

from pathlib import Path
from socket import socket
from threading import Thread
from typing import Any, Literal

import pytest
import uvicorn
from playwright.sync_api import Browser, Page, expect
from tests.browser.conftest import complaints, watched
from tests.e2e.test_web import Web

from scatter.simulation.step_kinds import STEP_KINDS
from scatter.web.app import create_app
from scatter.web.settings import WebSettings, token_in

AXE = Path(__file__).with_name("vendor") / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PAGES = (
    *(
        "setup",
        "expect/new",
        "expect/3",
        "interventions/new",
        "nodes",
        "nodes/new?role=validator",
        "nodes/2",
        "steps",
        "steps/3.0",
        "steps/0/transactions",
        "steps/2/transactions",
        "steps/new?do=change-behaviour",
        "run",
    ),
    *("data", "data?by=role", "jobs", "jobs/1", "file"),
)
DRAWN = {"run": ["#network .node", "#log li"], "data": ['[data-chart="tokens"] canvas']}
"""What scripts put on a page."""
EMPTY = ("setup", "nodes", "steps", "run", "data", "jobs")


def found(page: Page) -> list[str]:
    """What axe-core complains of."""
    page.evaluate(AXE.read_text())
    result: dict[str, Any] = page.evaluate(
        "rules => axe.run(document, { runOnly: { type: 'tag', values: rules } })", RULES
    )
    return [f"{one['id']}: {node['html'][:160]}" for one in result["violations"] for node in one["nodes"]]


def told(wrong: dict[str, list[str]]) -> str:
    return "\n".join(f"{name}: {one}" for name, all_ in wrong.items() for one in all_)


QUICK = pytest.mark.quick


@pytest.mark.parametrize(
    ("scheme", "width"),
    [pytest.param("light", 1360, marks=QUICK), ("light", 390), ("dark", 1360), pytest.param("dark", 390, marks=QUICK)],
)
def test_nothing_is_found_on_pages_of_a_run(
    browser: Browser, finished: str, scheme: Literal["light", "dark"], width: int
) -> None:
    context = browser.new_context(
        color_scheme=scheme, viewport={"width": width, "height": 900}, reduced_motion="reduce"
    )
    page = watched(context.new_page())
    wrong = {}
    for name in PAGES:
        page.goto(f"{finished}/{name}")
        for drawn in DRAWN.get(name.partition("?")[0], ()):
            page.locator(drawn).first.wait_for()
        wrong[name] = found(page)
        wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{name} is {wide} px wider than its window"
    assert not any(wrong.values()), told(wrong)
    assert complaints(page) == []
    context.close()


@pytest.mark.parametrize("scheme", [pytest.param("light", marks=QUICK), "dark"])
def test_nothing_is_found_where_there_is_nothing_yet(
    browser: Browser, web: Web, scheme: Literal["light", "dark"]
) -> None:
    workspace = web.call("POST", "/workspaces", {"name": "Empty"})["id"]
    context = browser.new_context(color_scheme=scheme)
    page = watched(context.new_page())
    wrong = {}
    for name in ("/", "/#new", "/nowhere", *(f"/w/{workspace}/{tab}" for tab in EMPTY)):
        page.goto(f"{web.address}{name}")
        wrong[name] = found(page)
    assert not any(wrong.values()), told(wrong)
    context.close()


def test_nothing_is_found_in_forms_of_every_kind_in_menus_and_beside_errors(browser: Browser, finished: str) -> None:
    context = browser.new_context(viewport={"width": 390, "height": 900})
    page = watched(context.new_page())
    wrong = {}
    for kind in STEP_KINDS:
        page.goto(f"{finished}/steps/new?do={kind}")
        wrong[kind] = found(page)
    for opened in ("#add-step", ".no-steps summary", '[data-key="3.0"] summary'):
        page.goto(f"{finished}/steps")
        page.locator(opened).first.click()
        wrong[opened] = found(page)
    page.goto(f"{finished}/steps/3.0")
    page.get_by_label("Rounds").fill("99")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#e-rounds")).to_be_visible()
    wrong["an error"] = found(page)
    assert not any(wrong.values()), told(wrong)
    context.close()


def test_nothing_is_found_where_people_sign_in(browser: Browser, tmp_path: Path) -> None:
    token = token_in(tmp_path)
    with socket() as listening:
        listening.bind(("127.0.0.1", 0))
        # Whoever comes before the server does waits.
        listening.listen()
        port = listening.getsockname()[1]
        app = create_app(WebSettings(tmp_path, tmp_path, "0.0.0.0", port, token))  # noqa: S104
        server = uvicorn.Server(uvicorn.Config(app, log_level="error"))
        serving = Thread(target=server.run, kwargs={"sockets": [listening]})
        serving.start()
        context = browser.new_context(color_scheme="dark")
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{port}")
        assert found(page) == []
        page.get_by_label("Token").fill("wrong")
        page.get_by_role("button", name="Sign in").click()
        assert found(page) == []
        page.get_by_label("Token").fill(token)
        page.get_by_role("button", name="Sign in").click()
        expect(page.get_by_role("button", name="Sign out")).to_be_visible()
        context.close()
        server.should_exit = True
        serving.join(30)
        assert not serving.is_alive()
