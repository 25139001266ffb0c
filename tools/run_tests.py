"""Runs every test of the project: the contracts', one tool after the other, beside Python's, which two processes share. Arguments
go to pytest.

What the contracts' tests say is printed when Python's are through, so that the two do not mix.
"""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
TOOLS = ROOT / "contracts" / "tools"
# They share what forge compiles, so one comes after the other.
CONTRACTS = {
    "the contracts' tests (forge)": [sys.executable, str(TOOLS / "forge.py"), "test"],
    "the campaign of invariant tests": [sys.executable, str(TOOLS / "invariants.py")],
    "some mutants of the contracts": [sys.executable, str(TOOLS / "mutants.py"), "--often"],
}
# A file's tests stay together: their fixtures are dear.
PYTEST = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadfile", *sys.argv[1:]]


class Contracts:
    """The contracts' suites, one by one, until they are through or told to stop."""

    def __init__(self) -> None:
        self.codes: dict[str, int] = {}
        self.said: list[str] = []
        self._running: subprocess.Popen[str] | None = None
        self._stopped = False

    def run(self) -> None:
        """Run all of them; each one's exit code and output are kept."""
        for suite, command in CONTRACTS.items():
            if self._stopped:
                return
            with subprocess.Popen(
                command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
            ) as self._running:
                said, _ = self._running.communicate()
            self.said.append(said)
            self.codes[suite] = self._running.returncode

    def stop(self) -> None:
        """End what runs, and begin nothing more."""
        self._stopped = True
        if self._running is not None:
            self._running.kill()


def main() -> int:
    """0 when all suites pass, else the exit code of one that did not."""
    contracts = Contracts()
    with ThreadPoolExecutor(max_workers=1) as beside:
        running = beside.submit(contracts.run)
        try:
            python = subprocess.run(PYTEST, cwd=ROOT, check=False).returncode
            running.result()
        except BaseException:
            contracts.stop()
            raise
    print("\n".join(contracts.said))
    verdicts = {**contracts.codes, "Python's tests (pytest)": python}
    for suite, code in verdicts.items():
        print(f"{suite}: {'passed' if code == 0 else f'FAILED with exit code {code}'}")
    return next((code for code in verdicts.values() if code), 0)


if __name__ == "__main__":
    sys.exit(main())
