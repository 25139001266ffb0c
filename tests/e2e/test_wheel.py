"""What `pip install` would bring: the wheel stands without the checkout."""

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The content of a freshly built wheel."""
    place = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(place), str(ROOT)]
    subprocess.run(build, check=True, capture_output=True)
    (wheel,) = place.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(place / "content")
    return place / "content"


def test_the_whole_package_and_the_example_are_in_it(unpacked: Path) -> None:
    names = {str(path.relative_to(unpacked)) for path in unpacked.rglob("*") if path.is_file()}
    package = ROOT / "src" / "scatter"
    ours = {f"scatter/{path.relative_to(package)}" for path in package.rglob("*") if path.is_file()}
    ours = {name for name in ours if "__pycache__" not in name}
    assert {"scatter/chain/artifacts/ScatterProtocol.json", "scatter/py.typed"} <= ours
    assert ours <= names
    example = ROOT / "examples" / "jobs" / "digits"
    wanted = {str(path.relative_to(example)) for path in example.rglob("*") if path.is_file()}
    wanted = {name for name in wanted if "__pycache__" not in name}
    assert {f"scatter/examples/jobs/digits/{name}" for name in wanted} <= names
    assert not any("node_modules" in name or name.startswith("tests/") for name in names)


def test_it_runs_from_the_wheel_alone(unpacked: Path, tmp_path: Path) -> None:
    code = "import scatter, scatter.localnet.example as e; print(scatter.__file__); print(e.example_job())"
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(unpacked)},
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    )
    where, job = done.stdout.split()
    assert Path(where).is_relative_to(unpacked)
    assert Path(job) == unpacked / "scatter" / "examples" / "jobs" / "digits"
    assert (Path(job) / "job.toml").is_file()
