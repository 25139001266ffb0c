"""Runs the tests of the project: the contracts', one tool after the other, beside Python's, which some processes share. With
`--long` those that are too long for every day, which the others do not repeat. Further arguments go to pytest.

What the contracts' tests say is printed when Python's are through, so that the two do not mix, and only the last line of what
passed. The last lines say for each suite whether it passed, how long it took, and what failed.
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
TOOLS = ROOT / "contracts" / "tools"
FORGE_TESTS = {"the contracts' tests (forge)": [sys.executable, str(TOOLS / "forge.py"), "test"]}
# They share what forge compiles, so one comes after the other.
LONG_CAMPAIGNS = {
    "the campaign of invariant tests": [sys.executable, str(TOOLS / "invariants.py")],
    "some mutants of the contracts": [sys.executable, str(TOOLS / "mutants.py"), "--often"],
}
# Three on two cores, as much of a test is waiting. A file's tests stay together: their fixtures are dear.
PYTEST = [sys.executable, "-m", "pytest", "-n", "3", "--dist", "loadfile", "--durations=15"]
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


def python(arguments: list[str]) -> Suite:
    """Run pytest, which speaks for itself; what it came to."""
    began = time.monotonic()
    with TemporaryDirectory() as place:
        report = Path(place, "pytest.xml")
        ran = subprocess.run([*PYTEST, f"--junitxml={report}", *arguments], cwd=ROOT, check=False)
        return Suite("Python's tests", ran.returncode, time.monotonic() - began, failures_of_pytest(report))


class Contracts:
    """The contracts' suites, commands by name, one by one, until they are through or told to stop."""

    def __init__(self, commands: dict[str, list[str]]) -> None:
        self._commands = commands
        self.suites: list[Suite] = []
        self.said: list[str] = []
        self._running: subprocess.Popen[str] | None = None
        self._stopped = False

    def run(self) -> None:
        """Run all of them; what each came to is kept, and what it said: of one that passed the last line."""
        for name, command in self._commands.items():
            if self._stopped:
                return
            began = time.monotonic()
            with subprocess.Popen(
                command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
            ) as self._running:
                said, _ = self._running.communicate()
            code = self._running.returncode
            self.said.append(said if code else said.rstrip().rpartition("\n")[2])
            self.suites.append(Suite(name, code, time.monotonic() - began, failures_of_forge(said) if code else []))

    def stop(self) -> None:
        """End what runs, and begin nothing more."""
        self._stopped = True
        if self._running is not None:
            self._running.kill()


def main() -> int:
    """0 when all suites pass, else the exit code of one that did not."""
    long = sys.argv[1:2] == ["--long"]
    contracts = Contracts(LONG_CAMPAIGNS if long else FORGE_TESTS)
    with ThreadPoolExecutor(max_workers=1) as beside:
        running = beside.submit(contracts.run)
        try:
            pytests = python(["-m", "long", *sys.argv[2:]] if long else ["-m", "not long", *sys.argv[1:]])
            running.result()
        except BaseException:
            contracts.stop()
            raise
    suites = [*contracts.suites, pytests]
    print("\n".join(contracts.said), *(suite.summary() for suite in suites), sep="\n")
    return next((suite.code for suite in suites if suite.code), 0)


if __name__ == "__main__":
    sys.exit(main())
