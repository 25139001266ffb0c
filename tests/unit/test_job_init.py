"""`scatter job init` makes a job that can be posted, or makes nothing."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from scatter.cli.main import app
from scatter.jobs.folder import load_job


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_it_copies_the_example_under_the_name(here: Path) -> None:
    done = CliRunner().invoke(app, ["job", "init", "mine"])
    assert done.exit_code == 0, done.output
    package = load_job(here / "mine")
    assert package.definition.name == "mine"
    assert package.data is not None


def test_it_copies_another_job_to_another_place(here: Path) -> None:
    CliRunner().invoke(app, ["job", "init", "mine"])
    done = CliRunner().invoke(app, ["job", "init", "yours", "--from", "mine", "--folder", "else/where"])
    assert done.exit_code == 0, done.output
    assert load_job(here / "else" / "where").definition.name == "yours"


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "../b", "x" * 33])
def test_a_name_that_cannot_be_is_refused_and_nothing_is_made(here: Path, name: str) -> None:
    done = CliRunner().invoke(app, ["job", "init", "--", name])
    assert done.exit_code == 2
    assert "error:" in done.output
    assert not list(here.iterdir())


def test_what_is_there_stays(here: Path) -> None:
    (here / "mine").mkdir()
    (here / "mine" / "note").write_text("keep me")
    done = CliRunner().invoke(app, ["job", "init", "mine"])
    assert done.exit_code == 2
    assert [path.name for path in (here / "mine").iterdir()] == ["note"]
