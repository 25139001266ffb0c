"""Runs every test of the project: the contracts' with forge beside Python's, which two processes share. Arguments go to pytest.

What forge says is printed when Python's tests are through, so that the two do not mix.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FORGE = [sys.executable, "contracts/tools/forge.py", "test"]
# A file's tests stay together: their fixtures are dear.
PYTEST = [sys.executable, "-m", "pytest", "-n", "2", "--dist", "loadfile", *sys.argv[1:]]


def main() -> int:
    """0 when both suites pass, else the exit code of one that did not."""
    with subprocess.Popen(FORGE, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as forge:
        try:
            python = subprocess.run(PYTEST, cwd=ROOT, check=False).returncode
            said, _ = forge.communicate()
        except BaseException:
            forge.kill()
            raise
    print(said)
    verdicts = {"the contracts' tests (forge)": forge.returncode, "Python's tests (pytest)": python}
    for suite, code in verdicts.items():
        print(f"{suite}: {'passed' if code == 0 else f'FAILED with exit code {code}'}")
    return python or forge.returncode


if __name__ == "__main__":
    sys.exit(main())
