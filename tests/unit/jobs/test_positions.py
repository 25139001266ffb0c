"""Where keys stand, found a second time: beside `tomllib`, which does not say."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.unit.simulation.scenario_files import EXAMPLES

from scatter.jobs.positions import key_lines, line_of

TRICKY = '''\
a = 1
b.c = """x
[not] "y" \\""""
'quoted [key]' = 'c:\\' # a = 2
"dotted.key" = 1979-05-27 07:32:00
[[nodes]]
x = [1,  # ]
 {q=2, r=[3, []]},
 "a]",
]
y = \'\'\'
z = 1
\'\'\'
[nodes.options]
k = -1.5e3
[[nodes]]
[[nodes.sub]]
z=1.5
[[nodes.sub]]
"q.r"={}
[ t . u ]
v = {w.x = 1, y = "}"}
[t]
w = ""
'''


def paths(value: Any, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*at, key)
        yield from paths(inner, (*at, key))


@pytest.mark.parametrize("text", [TRICKY, *(file.read_text() for file in EXAMPLES)])
def test_every_key_has_a_line_and_every_line_a_key(text: str) -> None:
    assert set(key_lines(text)) == set(paths(tomllib.loads(text)))


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_the_key_stands_on_its_line(file: Path) -> None:
    lines = file.read_text().splitlines()
    for path, number in key_lines(file.read_text()).items():
        assert isinstance(path[-1], int) or path[-1] in lines[number - 1]


def test_lines_count_over_texts_of_many_lines() -> None:
    lines = key_lines(TRICKY)
    assert lines["a",] == 1
    assert lines["quoted [key]",] == 4
    assert lines["nodes", 0, "x", 1, "r", 1] == 8
    assert lines["nodes", 0, "options", "k"] == 15
    assert lines["nodes", 1, "sub", 1, "q.r"] == 20
    assert lines["t", "u", "v", "w", "x"] == 22


def test_what_is_missing_stands_where_its_table_does() -> None:
    lines = key_lines(TRICKY)
    assert line_of(lines, ("nodes", 1, "sub", 0, "missing")) == 17
    assert line_of(lines, ("missing",)) == 1


@given(st.text(alphabet="[]{}=,.\"'#\n a1", max_size=60))
def test_an_end_is_found_in_whatever_text(text: str) -> None:
    try:
        known = set(paths(tomllib.loads(text)))
    except tomllib.TOMLDecodeError:
        return
    assert set(key_lines(text)) == known
