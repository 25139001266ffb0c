"""`scatter simulate` as a process: what it prints, that equal seeds give equal files, and that a kill changes nothing."""

import filecmp
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.e2e.running import Command, alive

SCENARIOS = Path(__file__).parents[2] / "examples" / "scenarios"
ALL = sorted(SCENARIOS.glob("*.toml"))
OFTEN = ("paper-1", "collusion-at-a-third", "late-content")
"""Honest nodes, a dispute, and content that comes too late: the rest is played where time does not matter."""
NODE_KEYS = {"name", "role", "behaviour", "tokens_before", "tokens_after", "stake_before", "stake_after"}


def result_of(run: Command) -> dict[str, Any]:
    """The one object on stdout."""
    lines = run.out.splitlines()
    assert len(lines) == 1
    found: dict[str, Any] = json.loads(lines[0])
    return found


def differing(one: Path, other: Path) -> list[str]:
    """Files that differ between two folders, or are in only one of them. What a run took of the wall clock is no result."""
    names = {path.relative_to(one) for path in one.rglob("*")} | {path.relative_to(other) for path in other.rglob("*")}
    return sorted(
        str(name)
        for name in names
        if name.name != "result.json"
        and not (one / name).is_dir()
        and not ((one / name).exists() and (other / name).exists() and filecmp.cmp(one / name, other / name, False))
    )


def without_seconds(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "result.json").read_text())
    del found["seconds"]
    return found


def test_there_are_at_least_fifteen_scenarios() -> None:
    assert len(ALL) >= 15
    assert set(OFTEN) < {path.stem for path in ALL}
    assert len([path for path in ALL if path.stem.startswith("paper-")]) == 5


@pytest.mark.parametrize(
    "scenario",
    [pytest.param(path, id=path.stem, marks=[] if path.stem in OFTEN else pytest.mark.long) for path in ALL],
)
def test_a_scenario_comes_out_as_it_expects(scenario: Path, start: Callable[..., Command], tmp_path: Path) -> None:
    run = start("simulate", scenario, "--short", "--out", tmp_path / "out", "--json")
    code = run.wait()
    found = result_of(run)
    broken = [each for each in found["expectations"] if not each["held"]]
    assert (code, broken) == (0, [])
    assert found["expectations"], "it expects something"
    assert found["supply_before"] == found["supply_after"]
    assert (tmp_path / "out" / "expected-and-seen.md").is_file()
    assert not (tmp_path / "out" / "state").exists()


@pytest.mark.long
def test_what_is_printed(start: Callable[..., Command], tmp_path: Path) -> None:
    run = start("simulate", SCENARIOS / "paper-1.toml", "--short", "--seed", "3", "--out", tmp_path / "out", "--json")
    assert run.wait() == 0
    found = result_of(run)
    assert set(found) == {
        *("scenario", "seed", "seconds", "jobs", "supply_before", "supply_after", "nodes", "expectations")
    }
    assert (found["scenario"], found["seed"], found["jobs"]) == ("paper-1", 3, {"settled": 2})
    assert all(set(node) == NODE_KEYS for node in found["nodes"])
    assert len(found["nodes"]) == 12
    assert all(set(each) == {"text", "held", "seen"} for each in found["expectations"])
    requestor = next(node for node in found["nodes"] if node["role"] == "requestor")
    assert requestor["tokens_after"] < requestor["tokens_before"]
    assert found == {**json.loads((tmp_path / "out" / "result.json").read_text())}


@pytest.mark.long
def test_an_expectation_that_does_not_hold_is_told(start: Callable[..., Command], tmp_path: Path) -> None:
    text = (SCENARIOS / "paper-1.toml").read_text()
    (tmp_path / "mine.toml").write_text(
        text + '\n[[expect]]\ntext = "everybody is rich"\nmeasure = "tokens"\nat_least = 1000000\n'
    )
    run = start("simulate", tmp_path / "mine.toml", "--short", "--out", tmp_path / "out", "--json")
    assert run.wait() == 1
    assert [each["text"] for each in result_of(run)["expectations"] if not each["held"]] == ["everybody is rich"]
    assert "BROKEN" in run.said()


@pytest.mark.long
def test_equal_seeds_give_equal_files_and_others_do_not(tmp_path: Path) -> None:
    """Whatever order Python's sets have."""
    for name, seed, hashes in (("one", "5", "1"), ("two", "5", "2"), ("three", "6", "1")):
        subprocess.run(
            [
                *(sys.executable, "-m", "scatter", "simulate", SCENARIOS / "collusion-at-a-third.toml", "--short"),
                *("--seed", seed, "--out", tmp_path / name),
            ],
            env={**os.environ, "PYTHONHASHSEED": hashes},
            check=True,
            capture_output=True,
        )
    assert differing(tmp_path / "one", tmp_path / "two") == []
    assert without_seconds(tmp_path / "one") == without_seconds(tmp_path / "two")
    assert "recording/balances.parquet" in differing(tmp_path / "one", tmp_path / "three")


def test_a_run_that_was_killed_goes_on_and_comes_out_the_same(start: Callable[..., Command], tmp_path: Path) -> None:
    asked = ("simulate", SCENARIOS / "paper-4.toml", "--short")
    whole = start(*asked, "--out", tmp_path / "whole")
    assert whole.wait() == 0
    checkpoint = tmp_path / "killed" / "state" / "checkpoint.json"
    kept = set()
    for _ in range(2):
        run = start(*asked, "--out", tmp_path / "killed", "--keep-every", "0.3")
        while run.process.poll() is None and not (checkpoint.exists() and checkpoint.read_bytes() not in kept):
            pass
        assert run.process.poll() is None, run.said()
        below = run.descendants()
        kept.add(checkpoint.read_bytes())
        run.kill()
        assert not alive(below) or not _still(below)
    last = start(*asked, "--out", tmp_path / "killed", "--keep-every", "0.3")
    assert last.wait() == 0
    assert "going on with a run that was interrupted" in last.said()
    assert differing(tmp_path / "whole", tmp_path / "killed") == []
    assert without_seconds(tmp_path / "whole") == without_seconds(tmp_path / "killed")


def _still(pids: set[int]) -> bool:
    """Whether some of them outlive their parent by more than a moment."""
    import time

    end = time.monotonic() + 5
    while alive(pids) and time.monotonic() < end:
        time.sleep(0.05)
    return bool(alive(pids))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("count = 6", "count = -6"), r"nodes[1].count is -6"),
        (('behaviour = "honest"', 'behaviour = "saintly"'), "saintly"),
        (('do = "deploy-protocol"', 'do = "dance"'), "dance"),
    ],
)
def test_bad_scenarios_change_nothing(
    start: Callable[..., Command], tmp_path: Path, change: tuple[str, str], message: str
) -> None:
    text = (SCENARIOS / "paper-1.toml").read_text()
    if change[0] not in text:
        text = text.replace('group = "trainer"\n', f'group = "trainer"\n{change[0]}\n')
    (tmp_path / "bad.toml").write_text(text.replace(*change, 1))
    run = start("simulate", tmp_path / "bad.toml", "--out", tmp_path / "out")
    assert run.wait() == 2
    assert run.said().startswith("error: bad.toml:")
    assert message in run.said()
    assert not (tmp_path / "out").exists()
