"""`scatter demo --web`: the demonstration is played beside its pages, ends with them, and goes on with the next."""

import re
import subprocess
import time
from pathlib import Path

import httpx
from tests.e2e.running import SCATTER, Command, all_gone

SECONDS = 120


def start(folder: Path, *arguments: str) -> tuple[Command, str, str]:
    """The command, the address of its API, and that of its page."""
    log = folder / f"{len(list(folder.glob('*.log')))}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [*SCATTER, "demo", "--web", "--port", "0", "--out", str(folder / "demo"), *arguments],
            stdout=output,
            stderr=output,
            text=True,
        )
    command = Command(process, log)
    command.until_said("Watch the demonstration at")
    found = re.search(r"(http://127\.0\.0\.1:\d+)(/w/\w+/run)", command.said())
    assert found
    return command, f"{found[1]}/api/v1", found[1] + found[2]


def status(api: str, wanted: str) -> str:
    """The id of the only run, once it has a status."""
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        workspace = httpx.get(f"{api}/workspaces").json()[0]["id"]
        (run,) = httpx.get(f"{api}/workspaces/{workspace}/runs").json()
        if run["status"] == wanted:
            return str(run["id"])
        assert run["status"] in ("queued", "running"), run["error"]
        time.sleep(0.2)
    raise AssertionError(f"it is {run['status']}, not {wanted}")


def test_it_is_watched_ends_with_its_pages_and_goes_on(tmp_path: Path) -> None:
    command, api, page = start(tmp_path, "--trainers", "6", "--lazy", "1")
    run = status(api, "running")
    assert "Demonstration" in httpx.get(page).text
    below = command.descendants()
    command.interrupt()
    command.wait()
    assert below
    assert all_gone(below), "its run ends with it"
    command, api, _ = start(tmp_path, "--resume")
    httpx.patch(f"{api}/runs/{run}", json={"pace": 0}).raise_for_status()
    assert status(api, "finished") == run
    said = {one["name"]: one for one in httpx.get(f"{api}/runs/{run}/nodes").json()}
    assert int(said["trainer-1"]["earned"]) > int(said["lazy-1"]["earned"])
    assert said["trainer-1"]["reputation"]["jobs"] == 1
    command.interrupt()
    command.wait()
