"""Checks what pip and npm cannot bring, before anything is installed. Runs on any Python 3, says what to do, changes nothing."""

import platform
import shutil
import sys


def problems():
    """One sentence for each thing that is missing, with the command that brings it."""
    if sys.version_info[:2] != (3, 11):
        # Job code runs in a copy of the node's own Python, and the example job asks for python-3.11.
        yield (
            f"this is Python {platform.python_version()}, the example job runs in Python 3.11: "
            "apt-get install python3.11-venv, then make PYTHON=python3.11 ..."
        )
        return
    try:
        import ensurepip  # noqa: F401
    except ImportError:
        yield "this Python cannot make virtual environments: apt-get install python3-venv"
    if platform.system() != "Linux":
        yield f"job code runs in bubblewrap, which needs Linux; this is {platform.system()}: use a Linux machine or container"
    if shutil.which("cc") is None and platform.machine() not in ("x86_64", "aarch64"):
        yield f"there are no ready-made packages for {platform.machine()}: apt-get install build-essential python3-dev"


def main():
    """Exit code 1 when something is missing."""
    found = list(problems())
    for sentence in found:
        print("scatter:", sentence, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
