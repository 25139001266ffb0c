"""A run of 1,000 nodes with 10,000 points each: made up, as it would be recorded, and looked at while it grows."""

import asyncio
import random
import time
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from playwright.sync_api import Page, expect
from tests.browser.conftest import complaints
from tests.e2e.test_web import Web

from scatter.simulation.recording.schema import TABLES
from scatter.storage.database import Database
from scatter.storage.runs import RunEvent, RunStatus, SqlRunEvents, SqlRuns
from scatter.web.running.events import block_mark, pack
from scatter.web.running.process import try_lock
from scatter.web.views.text import exact

NODES, BLOCKS, LATER = 1_000, 10_000, 40
SHARES = (("requestor", 10), ("trainer", 700), ("validator", 150), ("challenger", 140))
GENESIS = 1_700_000_000
SCT = 10**18
MOST_GAP = 400
T = TypeVar("T")
SECONDS = 60_000


def cast() -> list[tuple[str, str, str]]:
    """(name, role, behaviour) of each node."""
    return [
        (f"{role}-{number}", role, "label-flip" if role == "trainer" and number % 10 == 0 else "honest")
        for role, count in SHARES
        for number in range(1, count + 1)
    ]


def block_event(number: int, block: int, columns: dict[str, dict[str, Sequence[object]]]) -> RunEvent:
    times = {"block": [block], "time": [GENESIS + 12 * block], "transactions": [0], "events": [0], "gas": [0]}
    rows = {**columns, "blocks": times}
    assert all(set(made) == {column.name for column in TABLES[name].columns} for name, made in rows.items())
    body = {"at": time.time(), "kind": "block", "rows": rows, "awaited": {}}
    return RunEvent(number, block_mark(block), pack(body))


def balances(names: list[str], block: int, held: list[int], chance: random.Random) -> dict[str, Sequence[object]]:
    for index in range(len(held)):
        held[index] += chance.randrange(-5, 6) * SCT // 10
    count = len(names)
    return {"block": [block] * count, "time": [GENESIS + 12 * block] * count, "node": names, "balance": list(held)}


def in_thread(work: Coroutine[Any, Any, T]) -> T:
    """What it comes to: Playwright has a loop in this thread."""
    with ThreadPoolExecutor(1) as threads:
        return threads.submit(asyncio.run, work).result()


class Growing:
    """Writes such a run into the store of a server, as its process would."""

    def __init__(self, store: Path, folder: Path, workspace: str, document: str) -> None:
        self.store, self.folder, self.workspace, self.document = store, folder, workspace, document
        self.names = [name for name, _, _ in cast()]
        self.held, self.chance = [100_000 * SCT] * NODES, random.Random(7)  # noqa: S311
        self.number = 0

    def begin(self) -> str:
        return in_thread(self._begin())

    def go_on(self, blocks: int, pause: float) -> None:
        in_thread(self._write(blocks, pause))

    async def _begin(self) -> str:
        async with await Database.open(self.store) as database:
            run = await SqlRuns(database).add(self.workspace, self.document)
            self.lock = try_lock(self.folder / run.id)
            await SqlRuns(database).report(run.id, status=RunStatus.RUNNING)
        self.run = run.id
        await self._write(BLOCKS, 0)
        return run.id

    async def _write(self, blocks: int, pause: float) -> None:
        async with await Database.open(self.store) as database:
            events, waiting = SqlRunEvents(database), list[RunEvent]()
            for _ in range(blocks):
                self.number += 1
                columns = {"balances": balances(self.names, self.number, self.held, self.chance)}
                if self.number == 1:
                    columns["nodes"] = self._nodes()
                waiting.append(block_event(self.number, self.number, columns))
                if pause or len(waiting) == 200:
                    await events.append(self.run, waiting)
                    waiting = []
                    await asyncio.sleep(pause)
            await events.append(self.run, waiting)

    def _nodes(self) -> dict[str, Sequence[object]]:
        names, roles, behaviours = zip(*cast(), strict=True)
        return {
            "node": names,
            "group": roles,
            "role": roles,
            "behaviour": behaviours,
            "address": [f"0x{index:040x}" for index in range(NODES)],
        }


WATCH_GAPS = """() => {
  window.gaps = []; window.frames_ = 0; let last = performance.now();
  const tick = (now) => { window.gaps.push(now - last); last = now; requestAnimationFrame(tick); };
  requestAnimationFrame(tick);
  document.body.addEventListener("scatter:frame", () => { window.frames_ += 1; });
}"""


def test_a_thousand_nodes_are_shown_and_stay_live(page: Page, web: Web) -> None:
    made = web.call("POST", "/workspaces", {"name": "A thousand"})["id"]
    document = page.request.get(f"{web.address}/w/{made}/export").text()
    growing = Growing(web.folder / "web" / "web.sqlite", web.folder / "web" / "runs", made, document)
    run = growing.begin()
    web.call("GET", f"/runs/{run}/frame")
    chart = web.call("GET", f"/runs/{run}/charts/tokens")
    assert chart["bands"]
    assert len(chart["x"]) <= 600
    for name, what in (
        ("run", "#network .node"),
        ("data", '[data-chart="tokens"] canvas'),
        ("nodes", 'tr[data-node="trainer-700"]'),
    ):
        page.goto(f"{web.address}/w/{made}/{name}")
        expect(page.locator(what).first).to_be_attached(timeout=SECONDS)
        page.wait_for_timeout(1500)
        page.evaluate(WATCH_GAPS)
        began = time.monotonic()
        growing.go_on(LATER, 0.1)
        lasted = time.monotonic() - began
        page.wait_for_timeout(500)
        gaps, frames = sorted(page.evaluate("window.gaps")), page.evaluate("window.frames_")
        print(f"{name}: {frames / lasted:.1f} frames a second, longest gap {gaps[-1]:.0f} ms")
        print([round(gap) for gap in gaps[-8:]])
        assert gaps[-1] <= MOST_GAP
        assert frames / lasted >= 4
    said = {one["name"]: one["tokens"] for one in web.call("GET", f"/runs/{run}/nodes")}
    for node in ("requestor-1", "trainer-1", "trainer-700", "challenger-140"):
        shown = page.locator(f'tr[data-node="{node}"] [data-tokens]')
        shown.scroll_into_view_if_needed()
        expect(shown).to_have_attribute("title", exact(int(said[node])))
    page.goto(f"{web.address}/w/{made}/run")
    expect(page.locator("#network .node")).to_have_count(NODES)
    assert complaints(page) == []
    assert growing.lock is not None
    growing.lock.close()
