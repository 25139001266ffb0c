"""Runs every test of the project: the contracts' with forge, then Python's. Arguments go to pytest."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """The exit code of the first suite that fails, else 0."""
    contracts = ROOT / "contracts"
    forge = [str(contracts / "node_modules" / ".bin" / "forge"), "test"]
    code = subprocess.run(forge, cwd=contracts, check=False, env={**os.environ, "FOUNDRY_DISABLE_NIGHTLY_WARNING": "1"})
    if code.returncode:
        return code.returncode
    return subprocess.run([sys.executable, "-m", "pytest", *sys.argv[1:]], cwd=ROOT, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
