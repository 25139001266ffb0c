"""Running job code in this process, unconfined: only code that is known byte by byte, such as this project's own examples.

For simulations, where thousands of short runs would mostly wait for processes to start. A phase's script has to have a
function `main(root)` that takes another root than `/`, as the examples do. Limits do not count here, nor does the environment.
"""

import asyncio
import hashlib
import runpy
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from scatter.ports import SandboxResult, SandboxRun, SandboxUnavailable

JOB = "/job"
_PYTHON = "python"


class CodeNotTrusted(SandboxUnavailable):
    """Code that nobody has vouched for was to run unconfined."""


class TrustedRunner:
    """`scatter.ports.Sandbox` for code whose files have been vouched for: `trusted` are the sha2-256 of scripts."""

    def __init__(self, trusted: Iterable[bytes]) -> None:
        self._trusted = frozenset(trusted)
        self._mains: dict[bytes, Callable[[Path], Any]] = {}

    async def run(self, run: SandboxRun) -> SandboxResult:
        """See `Sandbox`. CodeNotTrusted when the script is not one that was vouched for, or is not started as
        `python <script>`."""
        main = self._main(run)
        began = time.monotonic()
        with tempfile.TemporaryDirectory(prefix="scatter-trusted-") as place:
            root = Path(place)
            _lay_out(root, run.mounts)
            failure = await asyncio.to_thread(_attempt, main, root)
            outputs = {} if failure else _collected(root / "out", run.outputs)
        return SandboxResult(1 if failure else 0, None, failure, outputs, time.monotonic() - began)

    def _main(self, run: SandboxRun) -> Callable[[Path], Any]:
        if len(run.command) != len((_PYTHON, "script")) or run.command[0] != _PYTHON:
            raise CodeNotTrusted(f"{' '.join(run.command)!r} cannot run in this process; only `python <script>` can")
        script = run.mounts[JOB] / run.command[1]
        code = hashlib.sha256(script.read_bytes()).digest()
        if code not in self._trusted:
            raise CodeNotTrusted(f"{run.command[1]} is not code that came with Scatter: it has to run in the sandbox")
        if code not in self._mains:
            self._mains[code] = runpy.run_path(str(script), run_name="scatter_job")["main"]
        return self._mains[code]


def scripts_of(folders: Iterable[Path]) -> list[bytes]:
    """The digests of all Python files below folders, to vouch for them."""
    return [
        hashlib.sha256(script.read_bytes()).digest() for folder in folders for script in sorted(folder.rglob("*.py"))
    ]


def _lay_out(root: Path, mounts: Mapping[str, Path]) -> None:
    (root / "out").mkdir()
    for where, what in mounts.items():
        link = root / where.lstrip("/")
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(what.absolute())


def _attempt(main: Callable[[Path], Any], root: Path) -> str:
    """Run it; nothing, or the traceback of what went wrong."""
    try:
        main(root)
    except Exception:
        return traceback.format_exc()
    return ""


def _collected(folder: Path, names: Iterable[str]) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in names if (folder / name).is_file()}
