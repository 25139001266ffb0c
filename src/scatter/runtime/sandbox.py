"""The local sandbox: one run of job code in bubblewrap.

    node ── order (JSON) ──▶ bwrap ─▶ supervisor (process 1) ─▶ the job's command
         ◀─ report, outputs ────────────┘                          │
         ◀─ stderr ────────────────────────────────────────────────┘

What confines the job: namespaces without a network and without further namespaces, no capabilities, a read-only root, a
seccomp filter, rlimits, bounded tmpfs, a watchdog over memory, the clock. What it hands out passes through one pipe: the
host never opens a path that the job made.
"""

import asyncio
import json
import os
import re
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path, PurePosixPath
from typing import Any, cast

from scatter.ports import SandboxResult, SandboxRun, SandboxUnavailable
from scatter.runtime.bubblewrap import bubblewrap_command, check_mount_point, find_bubblewrap
from scatter.runtime.environments import INSIDE, Environment, environment
from scatter.runtime.report import MAX_HEADER, BrokenReport, Report, read_report, read_started
from scatter.runtime.seccomp import seccomp_filter
from scatter.runtime.staging import JOB_UID, needs_own_user, staged
from scatter.runtime.watchdog import kill_sandbox, watch

STDERR_KEPT = 4 << 10
_STDERR_AT_SPEED = 1 << 20
_MIN_MEMORY = 16 << 20

# One thread and a fixed hash seed: sums come out the same wherever they are computed.
_VARIABLES = {
    "PATH": f"{INSIDE}/bin",
    "HOME": "/tmp",  # noqa: S108
    "LANG": "C.UTF-8",
    "TZ": "UTC",
    "PYTHONHASHSEED": "0",
    "PYTHONDONTWRITEBYTECODE": "1",
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS"), "1"),
}

# Some virtual machines hide what OpenBLAS needs to know of the processor; where the host had to be told, so has the job.
_FROM_HOST = ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE")


class LocalSandbox:
    """`scatter.ports.Sandbox` on this machine, without a daemon and without root. Environments, and copies of mounts when
    the node is root, live under `folder`: for root /var/lib/scatter, else $XDG_DATA_HOME/scatter, unless another is given;
    for root everybody must be able to enter it."""

    def __init__(self, folder: Path | None = None) -> None:
        self._folder = (folder or _default_folder()).absolute()

    async def prepare(self, name: str) -> None:
        """Make an environment now rather than in its first run. SandboxUnavailable as in `run`."""
        await asyncio.to_thread(self._parts, name)

    async def run(self, run: SandboxRun) -> SandboxResult:
        """See `scatter.ports.Sandbox`. The exit code of a job that a signal ended is minus that signal. `reason` is set, and
        the exit code None, when a limit ended the run or an output was not a regular file. Memory is limited for each
        process and, by a watchdog, for all together. ValueError and FileNotFoundError when the run itself makes no sense."""
        _check(run)
        bwrap, surroundings = await asyncio.to_thread(self._parts, run.environment)
        async with _staged(run.mounts, self._folder / "runs") as mounts:
            with _seccomp_descriptor() as seccomp_fd:
                command = bubblewrap_command(bwrap, surroundings, mounts, run.limits.output, seccomp_fd)
                return await _run(command, run, seccomp_fd)

    def _parts(self, name: str) -> tuple[Path, Environment]:
        folder = self._folder / "environments"
        try:
            return find_bubblewrap(folder), environment(name, folder)
        except OSError as error:
            raise SandboxUnavailable(f"cannot use {folder}: {error}") from error


def _default_folder() -> Path:
    if needs_own_user():
        return Path("/var/lib/scatter")
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share") / "scatter"


@asynccontextmanager
async def _staged(mounts: Mapping[str, Path], folder: Path) -> AsyncIterator[Mapping[str, Path]]:
    """`staged` in a thread: it may copy gigabytes."""
    stage = staged(mounts, folder)
    sources = await asyncio.to_thread(stage.__enter__)
    try:
        yield sources
    finally:
        await asyncio.to_thread(stage.__exit__, None, None, None)


@contextmanager
def _seccomp_descriptor() -> Iterator[int]:
    try:
        program = seccomp_filter()
    except ValueError as error:
        raise SandboxUnavailable(str(error)) from error
    reading, writing = os.pipe()
    try:
        os.write(writing, program)
        os.close(writing)
        yield reading
    finally:
        os.close(reading)


async def _run(command: list[str], run: SandboxRun, seccomp_fd: int) -> SandboxResult:
    begun = time.monotonic()
    process = await _start(command, seccomp_fd)
    errors = asyncio.create_task(_last_of(cast(asyncio.StreamReader, process.stderr)))
    try:
        end = await _end_of(process, run)
    finally:
        if process.returncode is None:
            kill_sandbox(process.pid)
        await process.wait()
    stderr = await errors
    seconds = time.monotonic() - begun
    if end is None:
        raise SandboxUnavailable(
            f"bubblewrap cannot start a sandbox here: {stderr.strip() or 'no reason given'} (this machine must allow user "
            "namespaces: sysctl user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns; a container, its "
            "seccomp profile)"
        )
    if isinstance(end, str):
        return SandboxResult(None, end, stderr, {}, seconds)
    if end.refused is not None:
        return SandboxResult(None, end.refused, stderr, {}, seconds)
    return SandboxResult(end.exit_code, None, stderr, end.outputs, seconds)


async def _start(command: list[str], seccomp_fd: int) -> asyncio.subprocess.Process:
    owner: dict[str, Any] = {"user": JOB_UID, "group": JOB_UID, "extra_groups": []} if needs_own_user() else {}
    try:
        return await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            limit=MAX_HEADER,
            env={},
            pass_fds=(seccomp_fd,),
            start_new_session=True,  # Ctrl-C is for the node, which then ends its sandboxes
            **owner,
        )
    except OSError as error:
        raise SandboxUnavailable(f"cannot start {command[0]}: {error}") from error


async def _end_of(process: asyncio.subprocess.Process, run: SandboxRun) -> Report | str | None:
    """The report, or why the run is over without one; None when the sandbox did not even start."""
    talking = asyncio.create_task(_talk(process, run))
    watching = asyncio.create_task(watch(process.pid, run.limits.memory))
    try:
        await asyncio.wait({talking, watching}, timeout=run.limits.seconds, return_when=asyncio.FIRST_COMPLETED)
        if talking.done():
            return talking.result()
        return watching.result() if watching.done() else f"ran longer than {run.limits.seconds:g} s"
    except BrokenReport as error:
        return str(error)
    finally:
        talking.cancel()
        watching.cancel()


async def _talk(process: asyncio.subprocess.Process, run: SandboxRun) -> Report | None:
    writer, reader = cast(asyncio.StreamWriter, process.stdin), cast(asyncio.StreamReader, process.stdout)
    with suppress(ConnectionError):
        writer.write(_order(run))
        await writer.drain()
    writer.close()
    if not await read_started(reader):
        return None
    return await read_report(reader, run.outputs, run.limits.output)


def _order(run: SandboxRun) -> bytes:
    from_host = {name: os.environ[name] for name in _FROM_HOST if name in os.environ}
    order = {
        "command": list(run.command),
        "variables": {**_VARIABLES, **from_host, **run.variables},
        "directory": "/job" if "/job" in run.mounts else "/out",
        "outputs": list(run.outputs),
        "limits": {
            "memory": run.limits.memory,
            "processes": run.limits.processes,
            "output": run.limits.output,
        },
    }
    return json.dumps(order).encode()


async def _last_of(stream: asyncio.StreamReader) -> str:
    """The end of a text; a job that floods it is slowed down rather than allowed to keep this process busy."""
    kept, total = b"", 0
    while chunk := await stream.read(1 << 16):
        kept, total = (kept + chunk)[-STDERR_KEPT:], total + len(chunk)
        if total > _STDERR_AT_SPEED:
            await asyncio.sleep(0.01)
    # It will be shown on somebody's terminal, which must not take orders from it.
    return re.sub(r"[^\n\t -~\u00a0-\U0010ffff]", "", kept.decode("utf-8", "replace"))


def _check(run: SandboxRun) -> None:
    if not run.command:
        raise ValueError("a run needs a command")
    if any("\0" in word for word in (*run.command, *run.variables, *run.variables.values())):
        raise ValueError("a command and its variables must not contain NUL")
    if not all(re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) for name in run.variables):
        raise ValueError("a variable's name takes letters, digits and underscores")
    for point in run.mounts:
        check_mount_point(point)
    for name in run.outputs:
        pure = PurePosixPath(name)
        if not pure.parts or pure.is_absolute() or ".." in pure.parts or str(pure) != name or "\0" in name:
            raise ValueError(f"an output is named relative to /out and without '..', not {name!r}")
    limits = run.limits
    if not (limits.seconds > 0 and limits.memory >= _MIN_MEMORY and limits.processes >= 1 and limits.output >= 1):
        raise ValueError(f"limits must leave room to run: {limits}")
