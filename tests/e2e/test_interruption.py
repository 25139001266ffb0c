"""Killed or interrupted at any moment, a demonstration leaves nothing behind, and goes on where it was."""

from pathlib import Path

import pytest

from e2e.running import Start, all_gone, one_object


@pytest.mark.parametrize(
    "moment", ["round 1: started from", pytest.param("job digits: Aggregating, round 2", marks=pytest.mark.long)]
)
def test_a_killed_demonstration_resumes_the_same_job(start: Start, tmp_path: Path, moment: str) -> None:
    killed = start("demo", "--json", "--out", tmp_path / "demo")
    killed.until_said(moment)
    below = killed.descendants()
    killed.kill()
    assert all_gone(below), "something outlived kill -9"

    resumed = start("demo", "--json", "--out", tmp_path / "demo", "--resume")
    assert resumed.wait() == 0, resumed.said()
    outcome = one_object(resumed.out)
    assert outcome["state"] == "Settled"
    assert len(outcome["rounds"]) == 3
    assert outcome["final_accuracy"] >= 0.90
    assert outcome["supply_before"] == outcome["supply_after"]


@pytest.mark.parametrize(
    "moment",
    [
        *("starting a development chain", "train done"),
        pytest.param("job digits: Committing, round 1", marks=pytest.mark.long),
    ],
)
def test_ctrl_c_ends_cleanly(start: Start, tmp_path: Path, moment: str) -> None:
    command = start("demo", "--out", tmp_path / "demo")
    command.until_said(moment)
    below = command.descendants()
    command.interrupt()
    assert command.wait(90) == 130, command.said()
    assert all_gone(below), "something outlived Ctrl-C"
    assert "Traceback" not in command.said()


def test_there_is_nothing_to_resume_in_an_empty_folder(start: Start, tmp_path: Path) -> None:
    command = start("demo", "--out", tmp_path / "nothing", "--resume")
    assert command.wait(90) == 2
    assert "no demonstration to resume" in command.said()
    assert not (tmp_path / "nothing").exists()


def test_a_folder_with_something_else_in_it_is_left_alone(start: Start, tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "thesis.txt").write_text("two years")
    command = start("demo", "--out", tmp_path / "precious")
    assert command.wait(90) == 2
    assert "choose another with --out" in command.said()
    assert (tmp_path / "precious" / "thesis.txt").read_text() == "two years"
