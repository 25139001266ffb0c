"""Pictures of every page of `scatter web`, light and dark, as a screen (1,360 px) and a phone (390 px) show them.

They go to docs/images/web. The run in them is the example's in its short form, so equal versions give equal pages but for times.
"""

import io
import shutil
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from PIL import Image  # noqa: E402
from playwright.sync_api import Browser, sync_playwright  # noqa: E402
from tests.browser import chromium  # noqa: E402
from tests.e2e.test_web import Web  # noqa: E402

OUT = ROOT / "docs" / "images" / "web"
WIDTHS = (1360, 390)
SCHEMES = ("light", "dark")
PAGES = {
    "workspaces": "/",
    "setup": "/setup",
    "expectation-form": "/expect/3",
    "nodes": "/nodes",
    "node-form": "/nodes/2",
    "steps": "/steps",
    "step-form": "/steps/3.0",
    "step-transactions": "/steps/2/transactions",
    "run": "/run",
    "data": "/data",
    "jobs": "/jobs",
    "job": "/jobs/1",
    "file": "/file",
}
SETTLED_SECONDS = 1.0


def main() -> None:
    """Write them all."""
    OUT.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix="scatter-screenshots-"))
    web = Web(folder)
    try:
        workspace = web.call("GET", "/workspaces")[0]["id"]
        run = web.call("POST", f"/workspaces/{workspace}/runs", {"short": True})["id"]
        while web.call("GET", f"/runs/{run}")["status"] in ("queued", "running"):
            time.sleep(0.5)
        found = chromium.find()
        if found is None:
            sys.exit(chromium.NONE)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(**found.launch)
            for scheme in SCHEMES:
                for width in WIDTHS:
                    _take(browser, f"{web.address}/w/{workspace}", web.address, scheme, width)
            browser.close()
        web.call("DELETE", f"/workspaces/{workspace}")
    finally:
        web.command.interrupt()
        web.command.wait(30)
        shutil.rmtree(folder, ignore_errors=True)


def _take(browser: Browser, base: str, home: str, scheme: str, width: int) -> None:
    context = browser.new_context(
        color_scheme="dark" if scheme == "dark" else "light", viewport={"width": width, "height": 860}
    )
    page = context.new_page()
    for name, path in PAGES.items():
        page.goto(home if path == "/" else f"{base}{path}")
        page.wait_for_timeout(SETTLED_SECONDS * 1000)
        shown = page.screenshot(full_page=name not in ("file", "job"))
        with Image.open(io.BytesIO(shown)) as drawn:
            drawn.convert("RGB").save(OUT / f"{name}-{scheme}-{width}.webp", lossless=True, method=6)
        sys.stderr.write(f"{name}-{scheme}-{width}.webp\n")
    context.close()


if __name__ == "__main__":
    main()
