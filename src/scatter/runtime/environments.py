"""Named environments: a Python with a few packages, in a place that the job's user can read.

The node's own Python cannot be mounted as it is: it may lie in a home that the job's user cannot enter, it drags the
node's packages along, and its libraries are spread over the host. So an environment is a copy (about 120 MB, made once in
a second or two, without network): the interpreter, its standard library, the packages, and the shared libraries that any
of these link against. Its versions are locked in `lock.json`, and their hash is part of the folder's name.
"""

import hashlib
import importlib.metadata
import json
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scatter.ports import SandboxUnavailable
from scatter.runtime.installed import copy_file, installed

ENVIRONMENT: Final = f"python-{sys.version_info.major}.{sys.version_info.minor}"
"""The environment that this machine offers."""

PACKAGES: Final = ("numpy", "safetensors")
INSIDE: Final = "/opt/python"
_VERSION: Final = f"python{sys.version_info.major}.{sys.version_info.minor}"
_LEFT_OUT: Final = (
    *("site-packages", "dist-packages", "test", "idlelib", "lib2to3", "tkinter", "turtledemo", "ensurepip"),
    *("_tkinter*.so", "config-*", "*.a", "*.exe"),
)
_LAYOUT: Final = 1
"""To be counted up when what is copied, or where to, changes."""

# What wheels may expect of any Linux beside what they bring and link (PEP 600), and what glibc loads by name.
_EXPECTED_LIBRARIES: Final = ("libstdc++.so.6", "libgcc_s.so.1")


@dataclass(frozen=True, slots=True)
class Environment:
    """An environment on this machine: `folder` holds `python`, `lib` and `etc`."""

    name: str
    folder: Path

    @property
    def python(self) -> str:
        """The interpreter, as a path inside the sandbox."""
        return f"{INSIDE}/bin/{_VERSION}"


def environment(name: str, folder: Path) -> Environment:
    """The environment of that name under `folder`, made on first use. SandboxUnavailable when this machine does not offer
    it or cannot make it."""
    if name != ENVIRONMENT:
        raise SandboxUnavailable(f"there is no environment {name!r} here: this machine offers {ENVIRONMENT!r}")
    try:
        lock = environment_lock()
        key = hashlib.sha256(lock.encode()).hexdigest()[:16]
        return Environment(name, installed(folder / f"{name}-{key}", lambda target: _fill(target, lock)))
    except (OSError, subprocess.CalledProcessError, importlib.metadata.PackageNotFoundError) as error:
        raise SandboxUnavailable(f"cannot make the environment {name!r} in {folder}: {error}") from error


def environment_lock() -> str:
    """The versions that make up the environment, as JSON."""
    versions = {
        "layout": str(_LAYOUT),
        "machine": platform.machine(),
        "libc": " ".join(platform.libc_ver()),
        "python": sys.version,
        **{package: importlib.metadata.version(package) for package in PACKAGES},
    }
    return json.dumps(versions, indent=1, sort_keys=True)


def _fill(target: Path, lock: str) -> None:
    python = target / "python"
    _copy_interpreter(python)
    for package in PACKAGES:
        _copy_package(package, python / "lib" / _VERSION / "site-packages")
    _copy_libraries(python, target / "lib")
    _compile(python)
    (target / "etc").mkdir()
    (target / "etc/passwd").write_text("job:x:1000:1000:job:/tmp:/bin/false\n")
    (target / "etc/group").write_text("job:x:1000:\n")
    (target / "lock.json").write_text(lock + "\n")


def _copy_interpreter(python: Path) -> None:
    """A virtual environment whose base is the copied interpreter, so that Debian's Python finds its packages too."""
    prefix = Path(sys.base_prefix)
    standard_library = Path(sysconfig.get_path("stdlib"))
    copy_file(prefix / "bin" / _VERSION, python / "base/bin" / _VERSION)
    shutil.copytree(
        standard_library,
        python / "base" / standard_library.relative_to(prefix),
        copy_function=lambda source, copy: copy_file(Path(source), Path(copy)),
        ignore=shutil.ignore_patterns(*_LEFT_OUT),
        ignore_dangling_symlinks=True,
    )
    (python / "pyvenv.cfg").write_text(f"home = {INSIDE}/base/bin\ninclude-system-site-packages = false\n")
    (python / "bin").mkdir()
    (python / "bin" / _VERSION).symlink_to(f"../base/bin/{_VERSION}")
    for alias in ("python", "python3"):
        (python / "bin" / alias).symlink_to(_VERSION)


def _copy_package(name: str, site_packages: Path) -> None:
    package = importlib.metadata.distribution(name)
    for file in package.files or ():
        source = Path(str(package.locate_file(file)))
        if ".." not in file.parts and source.is_file():
            copy_file(source, site_packages / file)


def _copy_libraries(python: Path, libraries: Path) -> None:
    """Everything that the copied binaries link against, flat: inside, this folder is /lib, /lib64 and /usr/lib."""
    binaries = [path for path in python.rglob("*") if _is_binary(path)]
    listing = subprocess.run(["ldd", *map(str, binaries)], capture_output=True, text=True, check=False).stdout
    found = {Path(path) for path in re.findall(r"(/\S+) \(0x", listing)}
    for library in {path for path in found if not path.is_relative_to(python)} | _expected(found):
        copy_file(library, libraries / library.name)


def _expected(found: set[Path]) -> set[Path]:
    folders = {path.parent for path in found if path.name.startswith("libc.so")}
    return {folder / name for folder in folders for name in _EXPECTED_LIBRARIES if (folder / name).exists()}


def _is_binary(path: Path) -> bool:
    if path.is_symlink() or not path.is_file() or path.suffix in (".py", ".pyc"):
        return False
    with path.open("rb") as file:
        return file.read(4) == b"\x7fELF"


def _compile(python: Path) -> None:
    """Compiled files for all modules that came without (some distributions strip them): the sandbox cannot write them."""
    subprocess.run(
        [sys.executable, "-I", "-m", "compileall", "-q", "-q", "-s", str(python), "-p", INSIDE, str(python)],
        check=False,  # some libraries ship files that are not meant to compile
        stdout=subprocess.DEVNULL,
    )
