"""Files that are there whole or not at all."""

import os
from pathlib import Path

import pytest

from scatter.files import create_secret_file, replace_file


class Killed(BaseException):
    """What a test throws where a process would die."""


def die(*_: object) -> None:
    raise Killed


def test_a_file_takes_the_place_of_another(tmp_path: Path) -> None:
    file = tmp_path / "settings"
    replace_file(file, "one")
    replace_file(file, b"two")
    assert file.read_bytes() == b"two"
    assert list(tmp_path.iterdir()) == [file]


def test_what_was_there_stands_when_writing_ends_early(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = tmp_path / "settings"
    replace_file(file, "one")
    monkeypatch.setattr(os, "fsync", die)
    with pytest.raises(Killed):
        replace_file(file, "two")
    assert file.read_text() == "one"


def test_a_secret_is_for_its_owner_and_is_never_overwritten(tmp_path: Path) -> None:
    file = tmp_path / "key"
    create_secret_file(file, "secret")
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(FileExistsError):
        create_secret_file(file, "another")
    assert file.read_text() == "secret"
    assert list(tmp_path.iterdir()) == [file]


def test_a_secret_that_was_not_finished_is_not_there_and_can_be_made_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "key"
    with monkeypatch.context() as dying:
        dying.setattr(os, "fsync", die)
        with pytest.raises(Killed):
            create_secret_file(file, "half")
    assert not file.exists()
    (tmp_path / f".key.{os.getpid()}").write_text("what a killed process of the same number left")
    create_secret_file(file, "whole")
    assert file.read_text() == "whole"
