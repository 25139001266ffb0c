import os
import socket
from pathlib import Path

import pytest

from scatter.jobs import tree
from scatter.jobs.archives import ArchiveLimits
from scatter.jobs.errors import JobError
from scatter.jobs.tree import read_tree

LIMITS = ArchiveLimits(entries=3, file=100, total=150)


def test_files_come_by_path_and_sorted(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "c.txt").write_text("c")
    (tmp_path / "a.txt").write_text("a")
    assert list(read_tree(tmp_path, LIMITS).items()) == [("a.txt", b"a"), ("b/c.txt", b"c")]


def test_litter_and_unwanted_files_are_passed_over(tmp_path: Path) -> None:
    (tmp_path / "__pycache__").mkdir()
    (tmp_path / "__pycache__" / "x.pyc").write_bytes(b"x")
    (tmp_path / ".DS_Store").write_bytes(b"x")
    (tmp_path / "big").write_bytes(bytes(1_000))
    (tmp_path / "a").write_bytes(b"a")
    assert read_tree(tmp_path, LIMITS, lambda path: path == "a") == {"a": b"a"}


def test_links_are_refused_wanted_or_not(tmp_path: Path) -> None:
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "x").symlink_to("/etc/passwd")
    with pytest.raises(JobError, match='"sub/x" is a link to "/etc/passwd"'):
        read_tree(tmp_path, LIMITS, lambda _: False)


def test_links_to_folders_are_refused(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path)
    with pytest.raises(JobError, match='"loop" is a link to'):
        read_tree(tmp_path, LIMITS)


def test_fifos_and_sockets_are_refused_without_waiting_for_them(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    with pytest.raises(JobError, match='"fifo" is a device, a FIFO or a socket'):
        read_tree(tmp_path, LIMITS)
    (tmp_path / "fifo").unlink()
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(os.path.relpath(tmp_path / "socket"))
        with pytest.raises(JobError, match='"socket" is a device, a FIFO or a socket'):
            read_tree(tmp_path, LIMITS)


def test_a_file_that_becomes_a_fifo_or_a_link_is_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x").write_bytes(b"x")
    (tmp_path / "target").write_bytes(b"secret")

    def swapped(make: str) -> None:
        def wanted(path: str) -> bool:
            (tmp_path / "x").unlink(missing_ok=True)
            if make == "fifo":
                os.mkfifo(tmp_path / "x")
            else:
                (tmp_path / "x").symlink_to(tmp_path / "target")
            return path == "x"

        read_tree(tmp_path, LIMITS, wanted)

    with pytest.raises(JobError, match='"x" is not a plain file any more'):
        swapped("fifo")
    (tmp_path / "x").unlink()
    (tmp_path / "x").write_bytes(b"x")
    with pytest.raises(JobError, match='"x" cannot be read'):
        swapped("link")


def test_a_link_that_goes_away_is_still_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "x").symlink_to("y")

    def gone(_: Path) -> Path:
        raise FileNotFoundError

    monkeypatch.setattr(Path, "readlink", gone)
    with pytest.raises(JobError, match='"x" is a link to "somewhere"'):
        read_tree(tmp_path, LIMITS)


@pytest.mark.parametrize(
    ("sizes", "sentence"),
    [
        ((101,), '"0" is too big: 100 bytes are left'),
        ((80, 80), '"1" is too big: 70 bytes are left'),
        ((0, 0, 0, 0), "more than 3 files that belong to the job"),
    ],
)
def test_sizes_and_numbers_are_bounded(tmp_path: Path, sizes: tuple[int, ...], sentence: str) -> None:
    for number, size in enumerate(sizes):
        (tmp_path / str(number)).write_bytes(bytes(size))
    with pytest.raises(JobError, match=sentence):
        read_tree(tmp_path, LIMITS)


def test_the_number_of_entries_is_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tree, "MAX_ENTRIES", 2)
    for name in "abc":
        (tmp_path / name).mkdir()
    with pytest.raises(JobError, match="more than 2 files and folders"):
        read_tree(tmp_path, LIMITS)


def test_the_depth_is_bounded(tmp_path: Path) -> None:
    tmp_path.joinpath(*"a" * 17).mkdir(parents=True)
    with pytest.raises(JobError, match="is deeper than 16 folders"):
        read_tree(tmp_path, LIMITS)


def test_names_that_cannot_travel_are_refused(tmp_path: Path) -> None:
    (tmp_path / "a\nb").write_bytes(b"")
    with pytest.raises(JobError, match=r"'a\\nb' has characters"):
        read_tree(tmp_path, LIMITS)


def test_names_that_are_not_utf8_are_refused(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"a\xff")).write_bytes(b"")
    with pytest.raises(JobError, match="has characters"):
        read_tree(tmp_path, LIMITS)


def test_a_folder_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(JobError, match="nowhere cannot be read: No such file or directory"):
        read_tree(tmp_path / "nowhere", LIMITS)
