"""Running the real `scatter` command as a process."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SCATTER = [sys.executable, "-m", "scatter"]
LONGEST_RUN = 240.0


@dataclass
class Command:
    """One run of `scatter`, started and not yet ended."""

    process: subprocess.Popen[str]
    log: Path
    out: str = field(default="")

    def wait(self, seconds: float = LONGEST_RUN) -> int:
        """Its exit code; what it wrote on stdout is then in `out`."""
        self.out, _ = self.process.communicate(timeout=seconds)
        return self.process.returncode

    def said(self) -> str:
        """What it has written on stderr so far."""
        return self.log.read_text(errors="replace")

    def until_said(self, text: str, seconds: float = LONGEST_RUN) -> None:
        """Wait until it writes something on stderr."""
        end = time.monotonic() + seconds
        while text not in self.said():
            assert self.process.poll() is None, f"ended before it said {text!r}:\n{self.said()}"
            assert time.monotonic() < end, f"did not say {text!r} in {seconds} s:\n{self.said()}"
            time.sleep(0.05)

    def descendants(self) -> set[int]:
        """Process ids below it."""
        children: dict[int, list[int]] = {}
        for status in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = status.read_text().rpartition(")")[2].split()
            except OSError:
                continue
            children.setdefault(int(fields[1]), []).append(int(status.parent.name))
        found, look = set[int](), [self.process.pid]
        while look:
            for child in children.get(look.pop(), []):
                found.add(child)
                look.append(child)
        return found

    def kill(self) -> None:
        """kill -9 of the process itself: what it started has to die by itself."""
        self.process.kill()
        self.process.wait()

    def interrupt(self) -> None:
        """Ctrl-C."""
        self.process.send_signal(signal.SIGINT)


def alive(pids: set[int]) -> set[int]:
    """Those of the processes that are there and no zombies."""
    found = set()
    for pid in pids:
        try:
            state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
        except OSError:
            continue
        if state not in "ZX":
            found.add(pid)
    return found


def all_gone(pids: set[int], seconds: float = 10.0) -> bool:
    """Whether all of the processes end within some seconds."""
    end = time.monotonic() + seconds
    while alive(pids):
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


Start = Callable[..., Command]


def run_demo(folder: Path, *arguments: str) -> dict[str, Any]:
    """A whole demonstration; the object it prints."""
    done = subprocess.run(
        [*SCATTER, "demo", "--json", "--out", str(folder), *arguments],
        capture_output=True,
        text=True,
        timeout=LONGEST_RUN,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return one_object(done.stdout)


def one_object(text: str) -> dict[str, Any]:
    """The one JSON object that is all of a text."""
    value = json.loads(text)
    assert isinstance(value, dict)
    return value


def shares(outcome: dict[str, Any], names: Sequence[str]) -> dict[str, float]:
    """What trainers got of the trainers' part, by name, penalties left aside."""
    earned = {
        p["name"]: p["balance_after"] - p["balance_before"] for p in outcome["participants"] if p["name"] in names
    }
    return {name: amount / (1000 * 10**18 * 0.7) for name, amount in earned.items()}
