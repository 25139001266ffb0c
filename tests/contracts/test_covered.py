"""What forge coverage reports is judged: all of contracts/src, but for lines that it cannot count, each of which has a reason."""

import re
import tomllib
from pathlib import Path

import covered
import pytest

SOURCE = [
    "function f(uint256 a) returns (uint256 b) {",
    "    if (a == 0) revert();",
    '    assembly ("memory-safe") {',
    "        b := add(a, 1)",
    "        if b { b := 2 }",
    "    }",
    "    b = a;",
    "}",
]
REPORT = ["SF:src/F.sol", "FNDA:5,f", "DA:1,5", "DA:2,5", "BRDA:2,0,0,1", "DA:4,0", "DA:5,0", "BRDA:5,1,0,-", "DA:7,0"]
LISTED = ["if b { b := 2 }", "b = a;"]


def said(report: list[str], listed: list[str]) -> list[str]:
    return covered.complaints("F.sol", covered.parsed(report)["F.sol"], SOURCE, listed)


def test_what_the_tool_cannot_count_is_listed() -> None:
    assert said(REPORT, LISTED) == []


@pytest.mark.parametrize(
    ("count", "instead", "complaint"),
    [
        ("DA:2,5", "DA:2,0", "F.sol:2: never reached"),
        ("BRDA:2,0,0,1", "BRDA:2,0,0,-", "F.sol:2: branch 0.0 is never taken"),
        ("FNDA:5,f", "FNDA:0,f", "F.sol: f is never called"),
        ("DA:7,0", "DA:7,5", "needs not be: b = a;"),
    ],
)
def test_less_than_all_is_told(count: str, instead: str, complaint: str) -> None:
    found = said([instead if line == count else line for line in REPORT], LISTED)
    assert len(found) == 1
    assert complaint in found[0]


@pytest.mark.parametrize("left", LISTED)
def test_lines_that_are_not_listed_are_told(left: str) -> None:
    assert len(said(REPORT, [line for line in LISTED if line != left])) == 1


def test_files_of_others_do_not_count() -> None:
    assert covered.parsed(["SF:node_modules/A.sol", "DA:1,0", "SF:test/B.t.sol", "DA:1,0"]) == {}


def test_a_report_of_nothing_is_told() -> None:
    assert "the report has no file of src" in covered.judged([])


def test_every_line_listed_is_there_once_and_its_tests_are_tests() -> None:
    tests = "".join(path.read_text() for path in (covered.CONTRACTS / "test").glob("*.t.sol"))
    for row in tomllib.loads(covered.UNCOUNTED.read_text())["uncounted"]:
        source = Path(covered.CONTRACTS / "src" / row["file"]).read_text().splitlines()
        assert [line.strip() for line in source].count(row["line"]) == 1, row
        for contract, test in re.findall(r"(\w+Test)\.(\w+)", row["reason"]):
            assert f"contract {contract} " in tests, row
            assert f"function {test}(" in tests, row
