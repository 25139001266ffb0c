"""The contracts' tests notice when the contracts are broken. `make mutants` sees that of every mutant; here are a few."""

import re
import subprocess
import sys
from pathlib import Path

import mutants
import pytest

ROOT = Path(__file__).resolve().parents[2]
TOOL = ROOT / "contracts" / "tools" / "mutants.py"
FEW = ("lost-stake-to-the-pool-too", "in-time-for-ever", "pages-of-any-size")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, TOOL, *arguments], capture_output=True, text=True, check=False, timeout=1800)


def test_every_mutant_applies_and_compiles() -> None:
    done = run("--compile")
    assert done.returncode == 0, done.stderr


def test_some_are_killed() -> None:
    done = run(*FEW)
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("killed") == len(FEW)


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
