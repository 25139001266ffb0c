"""Processes that do not outlive the one that started them, even when that is killed (Linux)."""

import os
import sys
from collections.abc import Sequence

# Runs first in the new process: die with the parent, then become the command.
_LAUNCH = """
import ctypes, os, signal, sys
parent, command = int(sys.argv[1]), sys.argv[2:]
if sys.platform == "linux":
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)
    if os.getppid() != parent:
        sys.exit(1)
os.execv(command[0], command)
"""


def dying_with_parent(command: Sequence[str]) -> list[str]:
    """The command line of a process that becomes `command`, whose first part is a path, and dies with this process."""
    return [sys.executable, "-I", "-S", "-c", _LAUNCH, str(os.getpid()), *command]
