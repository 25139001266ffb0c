"""Whoever reads the last lines of a long log knows what failed."""

import subprocess
import sys
from pathlib import Path

from run_tests import Suite, failures_of_forge, failures_of_pytest

THREE = """
import pytest

def test_right(): pass

def test_wrong(): assert 1 == 2, "one is not two"

@pytest.fixture
def broken(): raise OSError("no disk")

def test_unready(broken): pass
"""


def test_what_failed_is_named_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "test_three.py").write_text(THREE)
    report = tmp_path / "report.xml"
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", f"--junitxml={report}", "test_three.py"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 1
    wrong, unready = failures_of_pytest(report)
    assert wrong == "test_three::test_wrong: AssertionError: one is not two"
    assert unready.startswith("test_three::test_unready: ")
    assert "no disk" in unready
    assert failures_of_pytest(tmp_path / "nothing.xml") == []


def test_what_forge_says_failed() -> None:
    said = "[PASS] test_A() (gas: 1)\n[FAIL: TooEarly()] test_B() (gas: 2)\n\nFailing tests:\n[FAIL: TooEarly()] test_B() (gas: 2)\n"
    assert failures_of_forge(said) == ["[FAIL: TooEarly()] test_B() (gas: 2)"]
    assert failures_of_forge("Error (7576): Undeclared identifier.\n") == ["Error (7576): Undeclared identifier."]


def test_the_summary_says_it_at_a_glance() -> None:
    assert Suite("all", 0, 61.6, []).summary() == "all: passed (62 s)"
    assert Suite("all", 1, 2, ["this", "that"]).summary() == "all: FAILED with exit code 1 (2 s)\n  this\n  that"
