"""A run with twelve nodes while it goes on: how soon pages show it, nodes that are stopped by hand, and how much a page loads."""

import re
import statistics
from typing import Any

import pytest
from playwright.sync_api import BrowserContext, Page, expect
from tests.browser.conftest import complaints, watched
from tests.browser.test_accessibility import found
from tests.e2e.test_web import Web

LONG = 90_000
MOST_OF_A_ROW = 56
"""Pixels: one line with a button in it, and what is around that. Two lines of text are more."""
MOST_BYTES, MOST_LOAD, MOST_LATENCY = 150_000, 1_000, 200
"""Of a first load, its milliseconds, and the milliseconds from an event to its frame on a page (median)."""

LATENCIES = """() => {
  window.latencies = [];
  document.body.addEventListener("scatter:frame", (event) => requestAnimationFrame(() => {
    window.latencies.push(Date.now() - 1000 * event.detail.at);
  }));
}"""


def start(web: Web, name: str, **settings: Any) -> tuple[str, str]:
    """The address of the pages of a workspace with twelve nodes, and its run."""
    workspace = web.call("POST", "/workspaces", {"name": name})["id"]
    return f"{web.address}/w/{workspace}", web.call("POST", f"/workspaces/{workspace}/runs", settings)["id"]


def test_what_happens_is_on_the_page_soon(page: Page, web: Web) -> None:
    base, run = start(web, "Soon", pace=0.2)
    page.goto(f"{base}/run")
    page.evaluate(LATENCIES)
    expect(page.locator("#link")).to_have_attribute("data-state", "over", timeout=LONG)
    latencies = page.evaluate("window.latencies")[1:]
    assert len(latencies) >= 20
    print(f"{len(latencies)} frames, median {statistics.median(latencies):.0f} ms, longest {max(latencies):.0f} ms")
    assert statistics.median(latencies) <= MOST_LATENCY
    web.call("DELETE", f"/runs/{run}")


@pytest.mark.parametrize("name", ["", "nodes", "steps", "run", "data", "jobs", "jobs/1", "file"])
def test_a_first_load_is_small_and_quick(context: BrowserContext, web: Web, finished: str, name: str) -> None:
    page = watched(context.new_page())
    devtools, sizes = context.new_cdp_session(page), list[float]()
    devtools.send("Network.enable")
    devtools.on("Network.loadingFinished", lambda event: sizes.append(event["encodedDataLength"]))
    page.goto(f"{finished}/{name}" if name else web.address, wait_until="load")
    spent = page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    page.wait_for_timeout(700)
    print(f"/{name}: {sum(sizes) / 1000:.0f} kB, loaded in {spent:.0f} ms")
    assert sum(sizes) <= MOST_BYTES
    assert spent <= MOST_LOAD
    assert complaints(page) == []


def test_a_node_is_stopped_and_started_and_everybody_sees_it(context: BrowserContext, web: Web) -> None:
    base, run = start(web, "By hand", pace=3)
    first, second, third = (watched(context.new_page()) for _ in range(3))
    for page in (first, second):
        page.goto(f"{base}/nodes")
        expect(page.locator("tr[data-node=trainer-2]")).to_be_visible(timeout=LONG)
    third.goto(f"{base}/run")
    first.get_by_role("button", name="Stop trainer-2").press("Enter")
    for page in (first, second):
        expect(page.get_by_role("button", name="Start trainer-2")).to_be_enabled(timeout=LONG)
        expect(page.locator("tr[data-node=trainer-2] [data-now]")).to_have_text("stopped")
        assert found(page) == []
    expect(third.locator("#network .off")).to_have_count(1)
    second.get_by_role("button", name="Start trainer-2").click()
    for page in (first, second):
        expect(page.get_by_role("button", name="Stop trainer-2")).to_be_enabled(timeout=LONG)
    web.call("PATCH", f"/runs/{run}", {"pace": 0})
    row = first.locator("tr[data-node=trainer-2]")
    expect(row.locator("[data-reputation]")).to_have_text(re.compile(r"^\+0\.\d+ · 3 rounds · 1 job$"), timeout=LONG)
    box = row.bounding_box()
    assert box is not None
    assert box["height"] < MOST_OF_A_ROW, "a node is one line"
    expect(row.locator("[data-earned]")).to_have_text(re.compile(r"^\+"))
    expect(first.get_by_role("button", name="Stop trainer-2")).to_have_count(0)
    for page in (first, second, third):
        expect(page.locator("#run-status")).to_have_text("finished")
        assert complaints(page) == []
    expect(third.locator("#log")).to_contain_text("trainer-2 is started again by hand")
    expect(third.locator("#network .off")).to_have_count(0)
    with third.expect_download() as download:
        third.get_by_role("link", name="Scenario of this run").click()
    text = download.value.path().read_text()
    assert text.count("[[interventions]]") == 2


@pytest.mark.quick
def test_a_dispute_is_told_with_scores_before_and_after_and_what_everybody_was_paid(page: Page, finished: str) -> None:
    page.goto(f"{finished}/jobs/1")
    expect(page.locator("body")).to_contain_text("changed")
    sentences = page.locator(".payments li").all_text_contents()
    assert len(sentences) >= 10
    assert all(re.search(r" (earned|got|lost|put) ", text) for text in sentences), sentences
    overturned = page.locator("tr", has=page.locator("td s")).first
    expect(overturned.locator("td").nth(0)).not_to_have_text(overturned.locator("td").nth(1).text_content() or "")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the global model").click()
    assert download.value.path().stat().st_size > 100
