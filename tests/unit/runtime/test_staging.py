import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from scatter.runtime.staging import JOB_UID, needs_own_user, staged


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that everybody can reach; pytest's own are private."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_what_everybody_can_read_stays_where_it_is(folder: Path) -> None:
    (folder / "data").mkdir(mode=0o755)
    (folder / "data/rows").write_text("1")
    (folder / "data/rows").chmod(0o644)
    with staged({"/data": folder / "data"}, folder / "runs") as mounts:
        assert mounts == {"/data": (folder / "data").resolve()}


@pytest.mark.parametrize("private", ["data", "data/deep", "data/deep/rows"])
def test_what_is_private_is_copied_for_the_job_under_root_only(folder: Path, private: str) -> None:
    (folder / "data/deep").mkdir(parents=True)
    (folder / "data/deep/rows").write_text("1")
    (folder / "data/link").symlink_to("/etc/shadow")
    os.mkfifo(folder / "data/fifo", mode=0o644)
    (folder / private).chmod(0o600 if private.endswith("rows") else 0o700)
    with staged({"/data": folder / "data"}, folder / "runs") as mounts:
        source = mounts["/data"]
        assert (source != (folder / "data").resolve()) == needs_own_user()
        assert (source / "deep/rows").read_text() == "1"
        assert (source / "link").is_symlink()
        if needs_own_user():
            assert not (source / "fifo").exists()
            assert {path.lstat().st_uid for path in (source, *source.rglob("*"))} == {JOB_UID}
            assert source.parent.stat().st_mode & 0o777 == 0o700
    assert list((folder / "runs").glob("run-*")) == []


def test_copies_of_a_killed_process_are_removed_and_those_of_a_living_one_are_not(folder: Path) -> None:
    (folder / "secret").touch(mode=0o600)
    (folder / "runs/run-dead").mkdir(parents=True)
    with staged({"/a": folder / "secret"}, folder / "runs") as first:
        with staged({"/a": folder / "secret"}, folder / "runs") as second:
            assert first["/a"].exists()
            assert second["/a"].exists()
        assert (folder / "runs/run-dead").exists() == (not needs_own_user())
        assert first["/a"].exists()


def test_a_source_must_be_there(folder: Path) -> None:
    with pytest.raises(FileNotFoundError, match="absent"), staged({"/a": folder / "absent"}, folder / "runs"):
        pass
