"""What is wrong with a document is said by the names that pages have for things, with the page on which it is corrected."""

from typing import Any

import pytest
from tests.unit.web.conftest import example

from scatter.web.documents.blocks import parse
from scatter.web.documents.checking import Problem, problem_of
from scatter.web.documents.editing import change
from scatter.web.documents.nesting import relocate
from scatter.web.documents.toplevel import change_table
from scatter.web.views.problems import correction, told


@pytest.mark.parametrize(
    ("path", "values", "said", "page"),
    [
        (("steps", 3, "steps", 0), {"rounds": 99}, "Step 4.1, Add topic: rounds ", "steps/3.0"),
        (("steps", 3), {"times": "x"}, "Step 4, Repeat: times ", "steps/3"),
        (("steps", 0), {"do": "dance"}, "Step 1, dance: do ", "steps"),
        (("nodes", 1), {"count": -1}, "Nodes “trainer”: count ", "nodes/1"),
        (("expect", 0), {"measure": "luck"}, "Expectation “", "expect/0"),
    ],
)
def test_an_element_is_called_by_its_name(
    path: tuple[str | int, ...], values: dict[str, Any], said: str, page: str
) -> None:
    text = change(example(), path, values)
    problem = problem_of(text)
    assert problem is not None
    assert told(problem, parse(text)).startswith(said)
    assert correction(problem) == page


def test_a_step_in_the_wrong_place_is_corrected_in_the_list() -> None:
    text = relocate(example(), ("steps", 0), ("steps", 3, "steps"), 0)
    problem = problem_of(text)
    assert problem is not None
    assert told(problem, parse(text)).startswith("Step ")
    assert correction(problem) == "steps"


def test_tables_of_the_top_and_files_are_corrected_where_they_are() -> None:
    text = change_table(example(), "chain", {"lock_bps": -1})
    problem = problem_of(text)
    assert problem is not None
    assert told(problem, parse(text)).startswith("chain.lock_bps ")
    assert correction(problem) == "setup"
    nothing = Problem("it is no scenario")
    assert (told(nothing, {}), correction(nothing)) == ("it is no scenario", "file")
    assert [
        correction(Problem("", path=(top,), about=f"{top} is missing")) for top in ("nodes", "steps", "expect")
    ] == [
        "nodes",
        "steps",
        "setup",
    ]
