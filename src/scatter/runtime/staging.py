"""Making mounts readable for the job's user when the node runs as root.

Root is not a user that job code may have, not even inside a namespace, so bubblewrap is started as a user of its own. What
that user cannot read is copied for the run to a folder of his; what everybody can read anyway is mounted where it is.
"""

import fcntl
import os
import secrets
import shutil
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from scatter.runtime.installed import open_folder

JOB_UID = 65_531
"""Not given out by Debian's policy (65000-65533 are reserved) nor by systemd, and within the 65,536 ids of a container."""


def needs_own_user() -> bool:
    """Whether job code must not run as the user of this process."""
    return os.geteuid() == 0


@contextmanager
def staged(mounts: Mapping[str, Path], folder: Path) -> Iterator[Mapping[str, Path]]:
    """The mounts with sources that the job's user can read, until the end of the block; copies are kept under `folder` and
    are removed. FileNotFoundError when a source is not there."""
    sources = {point: source.resolve(strict=True) for point, source in mounts.items()}
    if not needs_own_user():
        yield sources
        return
    with _private_folder(folder) as stage:
        yield {
            point: source if _open_to_everybody(source) else _copied(source, stage / str(index))
            for index, (point, source) in enumerate(sources.items())
        }


@contextmanager
def _private_folder(folder: Path) -> Iterator[Path]:
    """A new folder that only the job's user may enter. Its lock shows that its owner lives; folders that a killed process
    left behind are removed by the next one."""
    open_folder(folder)
    with (folder / ".lock").open("w") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        for other in folder.glob("run-*"):
            with _locked(other) as abandoned:
                if abandoned:
                    shutil.rmtree(other, ignore_errors=True)
        stage = folder / f"run-{secrets.token_hex(8)}"
        stage.mkdir(mode=0o700)
        os.chown(stage, JOB_UID, JOB_UID)
        mine = os.open(stage, os.O_RDONLY | os.O_DIRECTORY)
        fcntl.flock(mine, fcntl.LOCK_EX)
    try:
        yield stage
    finally:
        shutil.rmtree(stage)
        os.close(mine)


@contextmanager
def _locked(folder: Path) -> Iterator[bool]:
    """Whether nobody else holds the lock of a folder."""
    try:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    except FileNotFoundError:
        yield False
        return
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        yield True
    except BlockingIOError:
        yield False
    finally:
        os.close(descriptor)


def _open_to_everybody(source: Path) -> bool:
    if not all(parent.stat().st_mode & stat.S_IXOTH for parent in source.parents):
        return False
    return all(_readable(path) for path in (source, *source.rglob("*")))


def _readable(path: Path) -> bool:
    mode = path.lstat().st_mode
    if stat.S_ISDIR(mode):
        return mode & (stat.S_IROTH | stat.S_IXOTH) == stat.S_IROTH | stat.S_IXOTH
    return bool(mode & stat.S_IROTH)


def _copied(source: Path, target: Path) -> Path:
    """A copy that belongs to the job's user. Links stay links: they lead nowhere but into the sandbox."""
    if source.is_dir():
        shutil.copytree(source, target, symlinks=True, copy_function=_copy_regular)
    else:
        _copy_regular(str(source), str(target))
    for path in (target, *target.rglob("*")):
        os.chown(path, JOB_UID, JOB_UID, follow_symlinks=False)
    return target


def _copy_regular(source: str, target: str) -> None:
    """Copy a regular file; anything else (FIFO, device, socket) has no content to copy and is left out."""
    if stat.S_ISREG(Path(source).lstat().st_mode):
        shutil.copyfile(source, target, follow_symlinks=False)
        Path(target).chmod(0o500)
