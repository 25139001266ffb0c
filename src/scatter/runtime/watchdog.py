"""Watching a running sandbox from outside: memory of all its processes together, and files it makes in memory.

Limits of the kernel (rlimits) hold for each process; a job has many. There is no cgroup here because an ordinary user is
seldom given one. The watchdog looks ten times a second, so a job can overshoot for a tenth of a second.
"""

import asyncio
import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from scatter.runtime.bubblewrap import WRITABLE

INTERVAL = 0.1
MAX_FILES = 20_000
"""Files in /out, /tmp and /dev/shm together: an empty one still costs the kernel a kilobyte."""

_PAGE = os.sysconf("SC_PAGE_SIZE")


async def watch(bwrap: int, memory: int) -> str:
    """Look at the sandbox of a bubblewrap process until it uses more than it may; returns why, or never. `memory` is bytes
    for all processes together."""
    while True:
        await asyncio.sleep(INTERVAL)
        used = _memory_of(list(_descendants(bwrap)), memory)
        if used > memory:
            return f"used more than {memory >> 20} MiB of memory"
        if _files_of(bwrap) > MAX_FILES:
            return f"made more than {MAX_FILES} files"


def kill_sandbox(bwrap: int) -> None:
    """Kill everything in the sandbox of a bubblewrap process that has not been waited for. With process 1 of a namespace
    the kernel ends all others, and bubblewrap, which waits for it, ends last: who waits for bubblewrap waits for all."""
    with suppress(ProcessLookupError):
        os.kill(bwrap, signal.SIGSTOP)  # from here on it starts nothing
        children = list(_children(bwrap))
        for child in children:
            os.kill(child, signal.SIGKILL)
        os.kill(bwrap, signal.SIGCONT if children else signal.SIGKILL)


def _children(pid: int) -> Iterator[int]:
    with suppress(OSError):
        for thread in Path(f"/proc/{pid}/task").iterdir():
            with suppress(OSError):
                yield from map(int, (thread / "children").read_text().split())


def _descendants(pid: int) -> Iterator[int]:
    for child in _children(pid):
        yield child
        yield from _descendants(child)


def _memory_of(pids: list[int], enough: int) -> int:
    """Bytes that processes hold. Shared pages are counted once for each of them at first; only when that is too much they
    are shared out, which costs the kernel a walk through all pages."""
    resident = sum(map(_resident, pids))
    return resident if resident <= enough else sum(map(_proportional, pids))


def _resident(pid: int) -> int:
    with suppress(OSError):
        status = Path(f"/proc/{pid}/status").read_text()
        lines = dict(line.split(":", 1) for line in status.splitlines() if ":" in line)
        return sum(int(lines[name].split()[0]) << 10 for name in ("VmRSS", "VmSwap") if name in lines)
    return 0


def _proportional(pid: int) -> int:
    try:
        rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    except OSError:
        return _resident(pid)
    lines = dict(line.split(":", 1) for line in rollup.splitlines()[1:])
    return sum(int(lines[name].split()[0]) << 10 for name in ("Pss", "SwapPss"))


def _files_of(bwrap: int) -> int:
    """Inodes in use; 0 when this process may not look (root without CAP_SYS_PTRACE)."""
    return sum(_inodes_in_use(Path(f"/proc/{first}/root"), folder) for first in _children(bwrap) for folder in WRITABLE)


def _inodes_in_use(root: Path, folder: str) -> int:
    with suppress(OSError):
        # On a busy machine a look can come before bubblewrap has changed the root: then these folders are the machine's.
        if not root.samefile("/"):
            usage = os.statvfs(f"{root}{folder}")
            return usage.f_files - usage.f_ffree
    return 0
