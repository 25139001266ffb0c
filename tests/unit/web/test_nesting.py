"""Steps that move into repeated steps and out of them: nothing else of a document changes, and comments come along."""

from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.unit.web.test_documents import SMALL

from scatter.web.documents.blocks import DocumentError, new_block, parse
from scatter.web.documents.editing import change, duplicate, remove
from scatter.web.documents.nesting import place_after, relocate

INNER = ("steps", 1, "steps")


def kinds(text: str) -> Any:
    """The steps by kind, a list for those in a step."""
    return [_kinds(one) for one in parse(text)["steps"]]


def _kinds(step: dict[str, Any]) -> Any:
    return [_kinds(one) for one in step.get("steps", ())] if step["do"] == "repeat" else step["do"]


def test_a_step_moves_in_and_comes_back_with_its_comment_letter_by_letter() -> None:
    out = relocate(SMALL, (*INNER, 0), ("steps",), 0)
    assert kinds(out) == ["advance-time", "deploy-protocol", ["wait"]]
    assert '# inner\n[[steps]]\ndo = "advance-time"\nby = "1d"\n' in out, "at the depth where it is now"
    assert relocate(out, ("steps", 0), ("steps", 2, "steps"), 0) == SMALL


def test_a_repeat_moves_into_another_with_all_that_is_in_it() -> None:
    twice = duplicate(SMALL, ("steps", 1))
    within = relocate(twice, ("steps", 2), INNER, 1)
    assert kinds(within) == ["deploy-protocol", ["advance-time", ["advance-time", "wait"], "wait"]]
    assert "    # inner\n    [[steps.steps.steps]]\n" in within
    assert relocate(within, (*INNER, 1), ("steps",), 2) == twice


def test_a_repeat_can_become_empty_and_be_filled_again() -> None:
    empty = relocate(relocate(SMALL, (*INNER, 0), ("steps",), 2), (*INNER, 0), ("steps",), 3)
    assert kinds(empty) == ["deploy-protocol", [], "advance-time", "wait"]
    assert kinds(relocate(empty, ("steps", 3), INNER, 0)) == ["deploy-protocol", ["wait"], "advance-time"]
    written_out = change(empty, ("steps", 1), {"steps": []})
    assert kinds(relocate(written_out, ("steps", 2), INNER, 0)) == ["deploy-protocol", ["advance-time"], "wait"]


ONE_LINE = """[[steps]]
do = "repeat"  # again
times = 2
steps = [{ do = "wait", job = "$a" }, { do = "repeat", times = 1, steps = [{ do = "start-node" }] }]

# the end
[[steps]]
do = "stop-node"
"""


def test_steps_that_are_written_in_one_line_are_changed_as_others_are() -> None:
    into = ("steps", 0, "steps", 1, "steps")
    moved = relocate(ONE_LINE, ("steps", 1), into, 1)
    assert kinds(moved) == [["wait", ["start-node", "stop-node"]]]
    assert "# again" in moved
    assert "    # the end\n    [[steps.steps.steps]]\n" in moved
    assert parse(change(ONE_LINE, (*into, 0), {"nodes": ["a-1"]}))["steps"][0]["steps"][1]["steps"] == [
        {"do": "start-node", "nodes": ["a-1"]}
    ]
    assert kinds(duplicate(ONE_LINE, (*into, 0))) == [["wait", ["start-node"] * 2], "stop-node"]
    assert kinds(remove(ONE_LINE, ("steps", 0, "steps", 0))) == [[["start-node"]], "stop-node"]


def test_what_only_looks_like_a_header_stays_as_it_is() -> None:
    text = SMALL + '\n[[steps]]\ndo = "change-behaviour"\n[steps.options]\nword = """\n[[steps]]\n  is no header"""\n'
    moved = relocate(text, ("steps", 2), INNER, 2)
    assert parse(moved)["steps"][1]["steps"][2] == parse(text)["steps"][2]


@pytest.mark.parametrize(
    ("path", "into", "to"),
    [
        (("steps", 1), INNER, 0),
        (("steps", 0), ("steps", 0, "steps"), 0),
        (("steps", 0), ("steps", 9, "steps"), 0),
        (("steps", 9), INNER, 0),
        (("steps", 0), INNER, 3),
        (("steps", 0), INNER, -1),
        (("steps", 0), (*INNER, 0, "steps"), 0),
    ],
)
def test_what_cannot_be_is_refused(path: tuple[str | int, ...], into: tuple[str | int, ...], to: int) -> None:
    with pytest.raises(DocumentError):
        relocate(SMALL, path, into, to)


steps_made = st.recursive(
    st.fixed_dictionaries({"do": st.sampled_from(["wait", "stop-node"]), "note": st.text(max_size=12)}),
    lambda inner: st.fixed_dictionaries({"do": st.just("repeat"), "steps": st.lists(inner, min_size=1, max_size=3)}),
    max_leaves=6,
)


def _lists(steps: list[dict[str, Any]], path: tuple[str | int, ...]) -> list[tuple[tuple[str | int, ...], int]]:
    found = [(path, len(steps))]
    for index, step in enumerate(steps):
        if step["do"] == "repeat":
            found += _lists(step.get("steps", []), (*path, index, "steps"))
    return found


def _at(content: Any, path: tuple[str | int, ...]) -> Any:
    for part in path:
        content = content[part]
    return content


@settings(max_examples=60, deadline=None)
@given(st.lists(steps_made, min_size=1, max_size=4), st.data())
def test_any_move_is_that_of_the_lists(made: list[dict[str, Any]], data: st.DataObject) -> None:
    text = '[scenario]\nname = "x"\n' + "".join("\n# above\n" + new_block(("steps",), one) for one in made)
    places = _lists(made, ("steps",))
    source, count = data.draw(st.sampled_from(places))
    path = (*source, data.draw(st.integers(0, count - 1)))
    into, there = data.draw(st.sampled_from([one for one in places if one[0][: len(path)] != path]))
    to = data.draw(st.integers(0, there - (into == source)))
    place = place_after(path, into, to)
    expected = {"scenario": {"name": "x"}, "steps": deepcopy(made)}
    values = _at(expected, source).pop(path[-1])
    if not _at(expected, source):
        del _at(expected, source[:-1])[source[-1]]
    _at(expected, place[:-2]).setdefault("steps", []).insert(place[-1], values)
    moved = relocate(text, path, into, to)
    assert parse(moved) == expected
    assert _at(parse(moved), place) == values
    assert moved.count("# above") == text.count("# above")
