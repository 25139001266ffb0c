"""Running job code that nobody trusts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from scatter.errors import Failure


@dataclass(frozen=True, slots=True)
class Limits:
    """What job code may use: wall-clock seconds, bytes of memory per process, processes, bytes of output in all."""

    seconds: float
    memory: int
    processes: int = 64
    output: int = 1 << 30


@dataclass(frozen=True, slots=True)
class SandboxRun:
    """One run of job code. `mounts` maps absolute paths inside the sandbox (`/in/model.safetensors`, `/data`, `/job`)
    to host files or folders, all read-only; `/out` is the only place it can write, apart from a bounded `/tmp`."""

    command: Sequence[str]
    mounts: Mapping[str, Path]
    limits: Limits
    outputs: Sequence[str]
    """Names (relative to /out) to collect; a missing one is not an error of the run. Everything else is thrown
    away."""
    environment: str = "python-3.11"
    variables: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SandboxResult:
    """How a run ended: exit code (None when it was killed for `reason`), the last lines of stderr, collected outputs
    as bytes."""

    exit_code: int | None
    reason: str | None
    stderr: str
    outputs: Mapping[str, bytes]
    seconds: float

    @property
    def succeeded(self) -> bool:
        """Exit code 0."""
        return self.exit_code == 0


class Sandbox(Protocol):
    """Runs job code that nobody trusts."""

    async def run(self, run: SandboxRun) -> SandboxResult:
        """Run to the end or to a limit. Cancelling the call kills everything that the run started. SandboxUnavailable
        when it cannot start."""
        ...


class SandboxUnavailable(Failure):
    """The sandbox cannot run here; the message says what to install."""
