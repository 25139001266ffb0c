"""axe-core finds nothing on any page, in light and in dark, on a screen and on a phone."""

from pathlib import Path
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser, Page
from tests.browser.conftest import complaints, watched
from tests.e2e.test_web import Web

AXE = Path(__file__).with_name("vendor") / "axe.min.js"
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
PAGES = (
    *(
        "setup",
        "expect/new",
        "expect/3",
        "nodes",
        "nodes/new?role=validator",
        "nodes/2",
        "steps",
        "steps/3.0",
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
