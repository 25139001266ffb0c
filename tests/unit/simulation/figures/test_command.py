"""`scatter figures`."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from scatter.cli.main import app
from scatter.simulation.figures.drawing import FIGURES


def test_it_lists_what_it_wrote(simulated: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["figures", str(simulated), "--out", str(tmp_path), "--format", "PNG", "--json"])
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout) == {"files": [str(tmp_path / f"{name}.png") for name in FIGURES]}
    assert done.stderr.splitlines()[0] == f"1/{len(FIGURES)} earnings-by-node"


def test_figures_lie_beside_the_recording(simulated: Path, tmp_path: Path) -> None:
    (tmp_path / "recording").symlink_to(simulated / "recording")
    done = CliRunner().invoke(app, ["figures", str(tmp_path), "--format", "svg"])
    assert done.exit_code == 0, done.output
    assert done.stdout == ""
    assert len(list((tmp_path / "figures").iterdir())) == len(FIGURES)


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        ([], "holds no recording: there is no recording.json in it"),
        (["--format", "pdf"], "--format takes png and svg, not 'pdf'"),
        (["--format", "png,,svg"], "--format takes png and svg, not ''"),
    ],
)
def test_bad_input(tmp_path: Path, arguments: list[str], why: str) -> None:
    done = CliRunner().invoke(app, ["figures", str(tmp_path), *arguments])
    assert done.exit_code == 2
    assert why in done.stderr
    assert done.stderr.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_a_place_that_cannot_be_written(simulated: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    done = CliRunner().invoke(app, ["figures", str(simulated), "--out", str(tmp_path / "file")])
    assert done.exit_code == 1
    assert "error: the figures cannot be written" in done.stderr
