"""The list of mutants is whole. `make mutants` sees that a test notices each; `make test` runs some of them beside these tests."""

import re
import subprocess
import sys
from pathlib import Path

import mutants
import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOL = ROOT / "contracts" / "tools" / "mutants.py"


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, TOOL, *arguments], capture_output=True, text=True, check=False, timeout=1800)


@pytest.mark.long
def test_every_mutant_applies_and_compiles() -> None:
    done = run("--compile")
    assert done.returncode == 0, done.stderr


def test_some_are_run_often() -> None:
    assert sum(mutant.often for mutant in mutants.listed()) == 3


@pytest.mark.parametrize("before", ["", "failed to set up invariant testing environment: "])
def test_what_a_test_says_is_found(before: str) -> None:
    said = mutants.FAILURE.search(f"Ran 1 test\n[FAIL: {before}3: what a job took in: 1 != 2]\n\t[Sequence]\n")
    assert said is not None
    assert said["says"].startswith("3: what a job took in")


def test_there_is_one_for_every_invariant_of_the_page() -> None:
    page = (ROOT / "docs" / "protocol.md").read_text()
    section = page.split("## Invariants", 1)[1].split("\n## ", 1)[0]
    invariants = {int(number) for number in re.findall(r"^(\d+)\. ", section, re.MULTILINE)}
    assert {mutant.invariant for mutant in mutants.listed()} == invariants


def test_names_are_unique_and_killers_are_tests() -> None:
    listed = mutants.listed()
    assert len({mutant.name for mutant in listed}) == len(listed)
    tests = "".join(path.read_text() for path in (ROOT / "contracts" / "test").glob("*.t.sol"))
    assert all(f"function {mutant.killer}(" in tests for mutant in listed)


def test_an_edit_must_find_its_place_exactly_once() -> None:
    with pytest.raises(ValueError, match="exactly once"):
        mutants.Edit("Claims.sol", "no such text", "").applied()
    with pytest.raises(ValueError, match="exactly once"):
        mutants.Edit("Claims.sol", "revert", "").applied()


def test_unknown_names_are_refused() -> None:
    assert run("no-such-mutant").returncode == 2
