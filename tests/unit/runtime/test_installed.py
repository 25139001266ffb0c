import threading
from pathlib import Path

import pytest

from scatter.runtime.installed import installed


def test_it_is_made_once_and_readable(tmp_path: Path) -> None:
    made = []

    def fill(folder: Path) -> None:
        made.append(folder)
        (folder / "file").write_text("content")
        (folder / "file").chmod(0o600)
        (folder / "program").touch(mode=0o700)
        (folder / "private").mkdir(mode=0o700)

    threads = [threading.Thread(target=installed, args=(tmp_path / "a/b/thing", fill)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    thing = installed(tmp_path / "a/b/thing", fill)
    assert len(made) == 1
    modes = {path.name: path.stat().st_mode & 0o777 for path in (thing, thing.parent, *thing.iterdir())}
    assert modes == {"thing": 0o755, "b": 0o755, "file": 0o644, "program": 0o755, "private": 0o755}


def test_a_failure_leaves_nothing(tmp_path: Path) -> None:
    def fail(folder: Path) -> None:
        (folder / "half").touch()
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        installed(tmp_path / "thing", fail)
    assert [path.name for path in tmp_path.iterdir()] == [".thing.lock"]
    assert installed(tmp_path / "thing", lambda folder: (folder / "whole").touch()).is_dir()


def test_what_a_killed_process_left_is_removed(tmp_path: Path) -> None:
    (tmp_path / ".thing.making-dead/deep").mkdir(parents=True)
    installed(tmp_path / "thing", lambda folder: None)
    assert sorted(path.name for path in tmp_path.iterdir()) == [".thing.lock", "thing"]
