"""Scenario documents: changed block by block, without losing a letter of the rest."""

from pathlib import Path
from typing import Any

import pytest

from scatter.web.documents.blocks import DocumentError, blocks, parse, read_block, with_headers, write_block
from scatter.web.documents.checking import errors_in, problem_of
from scatter.web.documents.editing import change, duplicate, insert, move, remove
from scatter.web.documents.toplevel import change_table

SCENARIOS = Path(__file__).resolve().parents[3] / "examples" / "scenarios"
EXAMPLES = sorted(SCENARIOS.rglob("*.toml"))
SMALL = """# about the file
[scenario]
name = "mine"      # a name
title = "A test"

# the one who pays
[[nodes]]
group = "requestor"
role = "requestor"

# those who train
[[nodes]]
group = "trainer"
role = "trainer"
count = 2  # two of them

[[steps]]
do = "deploy-protocol"

# twice
[[steps]]
do = "repeat"
times = 2

  # inner
  [[steps.steps]]
  do = "advance-time"
  by = "1d"

  [[steps.steps]]
  do = "wait"
  job = "$job"
"""


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_blocks_of_every_example_are_read_and_written_back_letter_by_letter(file: Path) -> None:
    text = file.read_text()
    assert with_headers(text) == text
    for name in ("nodes", "steps"):
        for block in blocks(text, (name,)):
            document, _ = read_block(text, block)
            assert write_block(text, block, document) == text


def test_a_moved_block_takes_its_comment_along_and_comes_back_as_it_was() -> None:
    moved = move(SMALL, ("nodes", 1), 0)
    assert moved.index("# those who train") < moved.index("# the one who pays")
    assert [one["group"] for one in parse(moved)["nodes"]] == ["trainer", "requestor"]
    assert move(moved, ("nodes", 0), 1) == SMALL


def test_inner_steps_move_within_their_list() -> None:
    moved = move(SMALL, ("steps", 1, "steps", 1), 0)
    assert [one["do"] for one in parse(moved)["steps"][1]["steps"]] == ["wait", "advance-time"]
    assert move(moved, ("steps", 1, "steps", 0), 1) == SMALL


def test_a_removed_block_takes_nothing_else_away() -> None:
    assert remove(SMALL, ("nodes", 1)) == SMALL.replace(SMALL[SMALL.index("# those") : SMALL.index("[[steps]]")], "")


def test_a_changed_key_leaves_every_other_line_alone() -> None:
    changed = change(SMALL, ("nodes", 1), {"count": 5, "behaviour": "lazy"})
    assert set(SMALL.splitlines()) - set(changed.splitlines()) == {"count = 2  # two of them"}
    assert parse(changed)["nodes"][1] == {"group": "trainer", "role": "trainer", "count": 5, "behaviour": "lazy"}
    assert "behaviour" not in change(changed, ("nodes", 1), {"behaviour": None})


def test_a_new_key_of_a_repeat_does_not_fall_into_its_last_step() -> None:
    changed = change(SMALL, ("steps", 1), {"id": "again", "times": 3})
    assert parse(changed)["steps"][1] == {**parse(SMALL)["steps"][1], "id": "again", "times": 3}
    assert "# inner" in changed


def test_duplicates_follow_their_block_and_groups_get_a_name_of_their_own() -> None:
    twice = duplicate(duplicate(SMALL, ("nodes", 1)), ("nodes", 1))
    assert [one["group"] for one in parse(twice)["nodes"]] == ["requestor", "trainer", "trainer-copy2", "trainer-copy"]
    steps = parse(duplicate(SMALL, ("steps", 1, "steps", 0)))["steps"][1]["steps"]
    assert [one["do"] for one in steps] == ["advance-time", "advance-time", "wait"]


@pytest.mark.parametrize("at", [0, 1, None])
def test_new_blocks_come_where_they_are_wanted(at: int | None) -> None:
    values: dict[str, Any] = {"do": "add-topic", "id": "job", "trainers": {"min": 1, "max": 2}, "fault": 0.5}
    steps = parse(insert(SMALL, ("steps",), values, at))["steps"]
    assert steps[-1 if at is None else at] == values
    inner = parse(insert(SMALL, ("steps", 1, "steps"), values, at))["steps"][1]["steps"]
    assert inner[-1 if at is None else at] == values


def test_lists_in_one_line_are_put_under_headers_when_they_are_changed() -> None:
    text = 'nodes = [{ group = "a", role = "trainer" }]\nsteps = [{ do = "repeat", times = 1, steps = [{ do = "wait" }] }]\n'
    made = parse(insert(text, ("nodes",), {"group": "b", "role": "trainer"}))
    assert [one["group"] for one in made["nodes"]] == ["a", "b"]
    assert made["steps"] == parse(text)["steps"]


def test_tables_of_the_top_are_changed_in_their_place() -> None:
    changed = change_table(SMALL, "scenario", {"title": "Another"})
    assert changed == SMALL.replace("A test", "Another")


@pytest.mark.parametrize("text", ["a = ", "x = 1\nx = 2", "[[nodes]", "a = " + "[" * 5000, "x" * 300_000])
def test_what_is_no_toml_is_refused(text: str) -> None:
    with pytest.raises(DocumentError):
        parse(text)


def test_elements_that_are_gone_are_refused() -> None:
    for path in (("nodes", 7), ("steps", 1, "steps", 9), ("steps", 0, "steps", 0)):
        with pytest.raises(DocumentError):
            change(SMALL, path, {"x": 1})


def test_every_example_can_be_run() -> None:
    assert [file.name for file in EXAMPLES if problem_of(file.read_text()) is not None] == []


def test_a_problem_says_where_it_is() -> None:
    text = (SCENARIOS / "paper-4.toml").read_text()
    problem = problem_of(change(text, ("steps", 3, "steps", 0), {"rounds": 99}))
    assert problem is not None
    assert problem.path == ("steps", 3, "steps", 0, "rounds")
    assert problem.line == text[: text.index("rounds = 3")].count("\n") + 1
    assert "it must be between 1 and 32" in problem.about


@pytest.mark.parametrize(
    ("path", "values", "key"),
    [
        (("nodes", 1), {"count": -1}, "count"),
        (("nodes", 1), {"tokens": "many"}, "tokens"),
        (("nodes", 1), {"group": "requestor"}, "group"),
        (("nodes", 1), {"behaviour": "colluding"}, "behaviour"),
        (("steps", 3, "steps", 0), {"fault": 3.0}, "fault"),
        (("steps", 3, "steps", 1), {"job": "$nothing"}, "job"),
        (("steps", 3), {"times": "$nobody"}, "times"),
    ],
)
def test_errors_stand_at_their_field(path: tuple[str | int, ...], values: dict[str, Any], key: str) -> None:
    text = (SCENARIOS / "paper-4.toml").read_text()
    assert errors_in(text, path) == {}
    assert key in errors_in(change(text, path, values), path)


def test_a_block_is_checked_by_itself_when_something_else_is_wrong() -> None:
    text = change((SCENARIOS / "paper-4.toml").read_text(), ("nodes", 0), {"role": "king"})
    assert errors_in(text, ("nodes", 1)) == {}
    assert "count" in errors_in(change(text, ("nodes", 1), {"count": "x"}), ("nodes", 1))
