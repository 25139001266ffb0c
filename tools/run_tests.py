"""Runs every test of the project: the contracts' with forge, then Python's. Arguments go to pytest."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SUITES = (
    [sys.executable, "contracts/tools/forge.py", "test"],
    [sys.executable, "-m", "pytest", *sys.argv[1:]],
)


def main() -> int:
    """The exit code of the first suite that fails, else 0."""
    for suite in SUITES:
        code = subprocess.run(suite, cwd=ROOT, check=False).returncode
        if code:
            return code
    return 0


if __name__ == "__main__":
    sys.exit(main())
