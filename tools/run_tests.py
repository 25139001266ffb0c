"""Runs every test of the project: the contracts' with forge beside Python's, which two processes share. Arguments go to pytest.

What forge says is printed when Python's tests are through, so that the two do not mix, and only its last line when all passed.
The last lines say for each suite whether it passed, how long it took, and what failed.
"""

import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parent.parent
FORGE = [sys.executable, "contracts/tools/forge.py", "test"]
# A file's tests stay together: their fixtures are dear.
PYTEST = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadfile", "--durations=15"]
REASON_CHARACTERS = 160


@dataclass(frozen=True)
class Suite:
    """How a suite ended: its exit code, the seconds it took, and a line for each test that failed."""

    name: str
    code: int
    seconds: float
    failed: list[str]

    def summary(self) -> str:
        """What it came to, for somebody who reads nothing else."""
        verdict = "passed" if self.code == 0 else f"FAILED with exit code {self.code}"
        return "\n".join([f"{self.name}: {verdict} ({self.seconds:.0f} s)", *(f"  {line}" for line in self.failed)])


def failures_of_pytest(report: Path) -> list[str]:
    """Each test that failed or could not be set up, with the first line of its reason, from a JUnit report; none without one."""
    if not report.exists():
        return []
    failed = []
    for case in ElementTree.parse(report).iter("testcase"):  # noqa: S314 — written by pytest a moment ago
        for ended in (*case.iter("failure"), *case.iter("error")):
            reason = (ended.get("message") or "no reason").splitlines()[0][:REASON_CHARACTERS]
            failed.append(f"{case.get('classname')}::{case.get('name')}: {reason}")
    return failed


def failures_of_forge(said: str) -> list[str]:
    """Each test that failed, each once, and what the compiler refused."""
    return list(dict.fromkeys(re.findall(r"^(?:\[FAIL.*|Error.*)$", said, re.MULTILINE)))


def contracts() -> tuple[Suite, str]:
    """Run forge; what it came to, and what it said."""
    began = time.monotonic()
    ran = subprocess.run(FORGE, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    seconds = time.monotonic() - began
    return Suite("the contracts' tests (forge)", ran.returncode, seconds, failures_of_forge(ran.stdout)), ran.stdout


def python() -> Suite:
    """Run pytest, which speaks for itself; what it came to."""
    began = time.monotonic()
    with TemporaryDirectory() as place:
        report = Path(place, "pytest.xml")
        ran = subprocess.run([*PYTEST, f"--junitxml={report}", *sys.argv[1:]], cwd=ROOT, check=False)
        return Suite("Python's tests", ran.returncode, time.monotonic() - began, failures_of_pytest(report))


def main() -> int:
    """0 when both suites pass, else the exit code of one that did not."""
    with ThreadPoolExecutor(1) as beside:
        running = beside.submit(contracts)
        pytests = python()
        forges, said = running.result()
    print(said if forges.code else said.rstrip().rpartition("\n")[2])
    print(f"\n{forges.summary()}\n{pytests.summary()}")
    return pytests.code or forges.code


if __name__ == "__main__":
    sys.exit(main())
