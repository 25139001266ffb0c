"""contracts/test/trees lists the branches of every function beside the tests that go through them."""

import re
from pathlib import Path

import pytest

CONTRACTS = Path(__file__).resolve().parents[2] / "contracts"
TREES = sorted((CONTRACTS / "test" / "trees").glob("*.tree"))
LEAF = re.compile(r"^[│├└─ ]*─ it (?P<what>[^\[\]]+) \[(?P<tests>[^\]]+)\]$")
BRANCH = re.compile(r"^[│├└─ ]*─ (?:when|given) [^\[\]]+$")
ROOTS = re.compile(r"^\w[\w ]*$")
INTERFACES = ("IScatterNodes", "IScatterParameters", "IScatterJobs", "IScatterDisputes", "IScatterClaims")
ALONE = ("ScatterRecords", "ScatterReputation")
INHERITED = {"name", "symbol", "tokenURI"}
ERRORS = ("IScatterErrors", "ScatterReputation")


def lines() -> list[str]:
    return [line for tree in TREES for line in tree.read_text().splitlines()]


def leaves() -> list[tuple[str, list[str]]]:
    found = [match for line in lines() if (match := LEAF.match(line))]
    return [(match["what"], match["tests"].split(", ")) for match in found]


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: tree.stem)
def test_trees_have_roots_branches_and_leaves_only(tree: Path) -> None:
    for line in tree.read_text().splitlines():
        assert ROOTS.match(line) or BRANCH.match(line) or LEAF.match(line), line


@pytest.mark.parametrize("tree", TREES, ids=lambda tree: tree.stem)
def test_every_branch_ends_in_a_leaf(tree: Path) -> None:
    rows = tree.read_text().splitlines()
    for row, below in zip(rows, [*rows[1:], "end"], strict=True):
        if not LEAF.match(row):
            assert _depth(below) == _depth(row) + 1, row


def _depth(line: str) -> int:
    """Four columns a level; a root has none."""
    bars = re.match(r"^[│├└─ ]*", line)
    return len(bars[0]) // 4 if bars else 0


def test_every_test_of_a_leaf_exists() -> None:
    for what, tests in leaves():
        for name in tests:
            file, test = name.split(".")
            source = (CONTRACTS / "test" / f"{file}.t.sol").read_text()
            assert f"function {test}(" in source, f"{what}: there is no {name}"


def test_every_function_has_a_tree() -> None:
    roots = {line for line in lines() if ROOTS.match(line)}
    sources = [(CONTRACTS / "src" / f"{name}.sol").read_text() for name in INTERFACES]
    functions = {name for source in sources for name in re.findall(r"function (\w+)\(", source)}
    for name in ALONE:
        source = (CONTRACTS / "src" / f"{name}.sol").read_text()
        functions |= set(re.findall(r"function (\w+)\([^)]*\) (?:external|public)", source)) - INHERITED
    assert functions <= roots


def test_every_error_is_some_leaf() -> None:
    sources = [(CONTRACTS / "src" / f"{name}.sol").read_text() for name in ERRORS]
    errors = [error for source in sources for error in re.findall(r"error (\w+)\(", source)]
    said = " ".join(what for what, _ in leaves())
    assert [error for error in errors if not re.search(rf"\b{error}\b", said)] == []
