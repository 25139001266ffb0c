"""`scatter web` as people run it: scripts drive it, and nothing is lost when it, or a run, is killed."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.e2e.running import SCATTER, Command, all_gone

PAGE = Path(__file__).resolve().parents[2] / "docs" / "web.md"
SECONDS = 90


class Web:
    """A server over a folder, which can be killed and started again at the same address."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.port, self.starts = folder, 0, 0
        self.start()

    def start(self) -> None:
        self.starts += 1
        log = self.folder / f"server-{self.starts}.log"
        arguments = ["web", "--dir", str(self.folder / "web"), "--port", str(self.port)]
        with log.open("wb") as output:
            process = subprocess.Popen([*SCATTER, *arguments], cwd=self.folder, stdout=output, stderr=output, text=True)
        self.command = Command(process, log)
        try:
            self.command.until_said("Ctrl-C ends")
            found = re.search(r"http://127\.0\.0\.1:(\d+)", self.command.said())
            assert found
            self.port = int(found[1])
            self.call("GET", "/workspaces")
        except BaseException:
            self.command.kill()
            raise

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def call(self, method: str, path: str, body: Any = None) -> Any:
        answer = httpx.request(method, f"{self.address}/api/v1{path}", json=body, timeout=SECONDS)
        answer.raise_for_status()
        return answer.json() if answer.content else None

    def events(self, run: str, last: int) -> Iterator[tuple[str, Any]]:
        """What the stream says after an event, until it ends."""
        kind, headers = "", {"Last-Event-ID": str(last)}
        with httpx.stream(
            "GET", f"{self.address}/api/v1/runs/{run}/stream", headers=headers, timeout=SECONDS
        ) as answer:
            for line in answer.iter_lines():
                name, _, value = line.partition(": ")
                if name == "event":
                    kind = value
                elif name == "data":
                    yield kind, json.loads(value)


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    server = Web(tmp_path_factory.mktemp("web"))
    yield server
    for workspace in server.call("GET", "/workspaces"):
        server.call("DELETE", f"/workspaces/{workspace['id']}")
    server.command.interrupt()
    server.command.wait(30)


def run_process(web: Web, run: str) -> int:
    """The process id of a run."""
    for status in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = status.read_bytes().decode(errors="replace").split("\0")
        except OSError:
            continue
        if "scatter.web.running.process" in words and run in words:
            return int(status.parent.name)
    raise AssertionError(f"run {run} has no process")


def test_the_script_of_the_documentation_runs(web: Web, tmp_path: Path) -> None:
    found = re.search(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)
    assert found
    script = tmp_path / "script.py"
    script.write_text(found[1])
    ran = subprocess.run(
        [sys.executable, script, web.address], capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert ran.returncode == 0, ran.stderr
    assert "lazy-1" in ran.stdout
    assert "learning curve: [" in ran.stdout


def test_nothing_is_missing_after_server_and_run_were_killed(web: Web) -> None:
    workspace = web.call("POST", "/workspaces", {"name": "Killed"})["id"]
    run = web.call("POST", f"/workspaces/{workspace}/runs", {"pace": 0.1})["id"]
    log, last = list[dict[str, Any]](), 0
    for kind, data in web.events(run, 0):
        if kind == "frame":
            log, last = log + data["log"], data["number"]
        if last >= 15:
            break
    web.command.kill()
    process = run_process(web, run)
    os.kill(process, signal.SIGKILL)
    assert all_gone({process})
    web.start()
    web.call("PATCH", f"/runs/{run}", {"pace": 0})
    for kind, data in web.events(run, last):
        if kind == "frame":
            log, last = log + data["log"], data["number"]
    assert web.call("GET", f"/runs/{run}")["status"] == "finished"
    assert log == web.call("GET", f"/runs/{run}/log?limit=5000")
    assert [job["state"] for job in web.call("GET", f"/runs/{run}/jobs")] == ["Settled"]


@pytest.mark.long
def test_a_run_goes_step_by_step(web: Web) -> None:
    workspace = web.call("POST", "/workspaces", {"name": "Steps"})["id"]
    run = web.call("POST", f"/workspaces/{workspace}/runs", {"until": 2})["id"]

    def wait(status: str, *, step: int = 1) -> None:
        """A step may be over before anybody looks, so what is asked is whether it is done."""
        until = time.monotonic() + SECONDS
        while (
            web.call("GET", f"/runs/{run}")["status"] != status
            or web.call("GET", f"/runs/{run}/steps")[step - 1]["status"] != "done"
        ):
            assert time.monotonic() < until, f"the run is not {status}"
            time.sleep(0.1)

    wait("paused", step=2)
    statuses = [step["status"] for step in web.call("GET", f"/runs/{run}/steps")]
    assert statuses == ["done", "done", "waiting", "waiting", "waiting", "waiting"]
    web.call("PATCH", f"/runs/{run}", {"do": "step"})
    wait("paused", step=3)
    web.call("PATCH", f"/runs/{run}", {"do": "stop"})
    wait("stopped", step=3)
    web.call("PATCH", f"/runs/{run}", {"do": "go"})
    wait("finished", step=6)
    assert web.call("GET", f"/runs/{run}/jobs")[0]["state"] == "Settled"
