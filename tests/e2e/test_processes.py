"""`scatter demo --processes`: the same job, with every node in a process and a database of its own, over libp2p on loopback."""

import os
import shutil
import signal
import time
from pathlib import Path

import pytest

from e2e.running import LONGEST_RUN, Command, Start, alive, all_gone, one_object
from scatter.localnet.example import example_job

SMALL = {
    "rounds = 3": "rounds = 2",
    "trainers = { min = 6, max = 6 }": "trainers = { min = 2, max = 2 }",
    "committee = 3 ": "committee = 1 ",
    "auditors = 2 ": "auditors = 0 ",
}
CAST = ("--trainers", "2", "--validators", "1", "--challengers", "0")
NODES = ("requestor", "trainer-1", "trainer-2", "validator-1")


@pytest.fixture
def job(tmp_path: Path) -> Path:
    """The digits, for four nodes."""
    folder = Path(shutil.copytree(example_job(), tmp_path / "job"))
    text = (folder / "job.toml").read_text()
    for old, new in SMALL.items():
        assert old in text
        text = text.replace(old, new)
    (folder / "job.toml").write_text(text)
    return folder


def process_of(command: Command, node: str) -> int:
    """The process of a node; of the bootstrap peer too."""
    for pid in command.descendants():
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        if b"scatter" in words and any(f"/nodes/{node}".encode() in word for word in words):
            return pid
    raise AssertionError(f"there is no process of {node}")


def until_said_often(command: Command, text: str, times: int) -> None:
    end = time.monotonic() + LONGEST_RUN
    while command.said().count(text) < times:
        assert command.process.poll() is None, command.said()
        assert time.monotonic() < end, command.said()
        time.sleep(0.2)


def settled(command: Command) -> dict[str, object]:
    assert command.wait() == 0, command.said()
    outcome = one_object(command.out)
    assert outcome["state"] == "Settled"
    assert [made["accepted"] for made in outcome["rounds"]] == [2, 2], command.said()
    assert outcome["final_accuracy"] > 0.85
    assert outcome["supply_before"] == outcome["supply_after"]
    return outcome


def test_the_job_settles_as_in_one_process_and_needs_no_bootstrap_peer_once_all_met(
    start: Start, tmp_path: Path, job: Path
) -> None:
    apart = start("demo", "--processes", "--json", "--job", job, "--out", tmp_path / "apart", *CAST)
    apart.until_said("the peers have met")
    processes = {process_of(apart, node) for node in NODES}
    assert len(processes) == len(NODES)
    os.kill(process_of(apart, "bootstrap"), signal.SIGKILL)
    outcome = settled(apart)
    assert all_gone(processes)
    assert all((tmp_path / "apart" / "nodes" / node / "node.sqlite").is_file() for node in NODES)

    together = start("demo", "--json", "--job", job, "--out", tmp_path / "together", *CAST)
    same = settled(together)
    chance = {"seconds": 0, "gas_used": 0, "transactions": 0}  # what the order in which nodes act decides
    assert {**outcome, **chance} == {**same, **chance}, "the same object, to the last unit of money"


@pytest.mark.long
def test_a_trainer_that_dies_after_its_last_update_is_not_missed(start: Start, tmp_path: Path, job: Path) -> None:
    command = start("demo", "--processes", "--json", "--job", job, "--out", tmp_path / "demo", *CAST)
    until_said_often(command, "trainer-2: publish-update done", 2)
    until_said_often(command, "validator-1: score done", 2)  # so its content was fetched in time
    os.kill(process_of(command, "trainer-2"), signal.SIGKILL)
    outcome = settled(command)
    assert "trainer-2 ended with code -9; the others go on without it" in command.said()
    paid = {one["name"]: one["balance_after"] for one in outcome["participants"]}  # type: ignore[attr-defined]
    assert paid["trainer-2"] > 100_000 * 10**18, "others claimed for it"


@pytest.mark.long
def test_interrupted_or_killed_it_leaves_nothing_and_goes_on_either_way(
    start: Start, tmp_path: Path, job: Path
) -> None:
    interrupted = start("demo", "--processes", "--job", job, "--out", tmp_path / "demo", *CAST)
    interrupted.until_said("the peers have met")
    below = interrupted.descendants()
    assert len(alive(below)) > len(NODES)
    interrupted.interrupt()
    assert interrupted.wait(90) == 130, interrupted.said()
    assert all_gone(below), "something outlived Ctrl-C"
    assert "Traceback" not in interrupted.said()

    killed = start("demo", "--processes", "--out", tmp_path / "demo", "--resume")
    killed.until_said("round 1: started from")
    below = killed.descendants()
    killed.kill()
    assert all_gone(below), "something outlived kill -9"
    settled(start("demo", "--json", "--out", tmp_path / "demo", "--resume"))
