"""Folders that are made once and then shared by every process and every user of a machine."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

READABLE, EXECUTABLE = 0o644, 0o755


def installed(folder: Path, fill: Callable[[Path], None]) -> Path:
    """`folder`, after `fill` made its content when it was not there. It appears whole or not at all; of several processes
    that want it at once one makes it and the others wait. OSError when it cannot be written."""
    if folder.is_dir():
        return folder
    open_folder(folder.parent)
    with (folder.parent / f".{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if folder.is_dir():
            return folder
        unfinished = f".{folder.name}.making-"
        for left_over in folder.parent.glob(f"{unfinished}*"):
            shutil.rmtree(left_over)
        making = Path(tempfile.mkdtemp(prefix=unfinished, dir=folder.parent))
        try:
            fill(making)
            _open_to_everybody(making)
            making.rename(folder)
        except BaseException:
            shutil.rmtree(making, ignore_errors=True)
            raise
    return folder


def open_folder(folder: Path) -> None:
    """Make a folder, and those above it, that everybody may enter, whatever the umask says."""
    if not folder.is_dir():
        open_folder(folder.parent)
        folder.mkdir(exist_ok=True)
        folder.chmod(EXECUTABLE)


def copy_file(source: Path, target: Path) -> None:
    """Copy what `source` is or points to, with its time (compiled Python checks it)."""
    target.parent.mkdir(parents=True, exist_ok=True)
    status = source.stat()
    shutil.copyfile(source, target)
    target.chmod(EXECUTABLE if status.st_mode & 0o100 else READABLE)
    os.utime(target, ns=(status.st_atime_ns, status.st_mtime_ns))


def _open_to_everybody(folder: Path) -> None:
    for parent, _, names in os.walk(folder):
        Path(parent).chmod(EXECUTABLE)
        for name in names:
            path = Path(parent, name)
            if not path.is_symlink():
                path.chmod(EXECUTABLE if path.stat().st_mode & 0o100 else READABLE)
