import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from scatter.ports import Limits, SandboxRun
from scatter.runtime import LocalSandbox
from scatter.runtime.environments import ENVIRONMENT, environment


@pytest.fixture
def fresh() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


async def test_a_fresh_machine(fresh: Path) -> None:
    sandbox = LocalSandbox(fresh)
    run = SandboxRun(["python", "-c", "import numpy, safetensors.numpy"], {}, Limits(20, 512 << 20), [], ENVIRONMENT)
    result = await sandbox.run(run)
    assert result.succeeded, result.stderr
    made = environment(ENVIRONMENT, fresh / "environments")
    lock = json.loads((made.folder / "lock.json").read_text())
    assert {"numpy", "safetensors", "python", "libc", "machine"} <= set(lock)
    everything = [path for path in made.folder.rglob("*") if not path.is_symlink()]
    assert all(path.stat().st_mode & 0o005 == 0o005 for path in everything if path.is_dir())
    assert all(path.stat().st_mode & 0o004 for path in everything)


def test_the_folder_follows_the_versions(fresh: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scatter.runtime.environments._fill", lambda folder, lock: (folder / "lock").write_text(lock))
    before = environment(ENVIRONMENT, fresh).folder
    assert environment(ENVIRONMENT, fresh).folder == before
    monkeypatch.setattr("importlib.metadata.version", lambda package: "99")
    after = environment(ENVIRONMENT, fresh).folder
    assert after != before
    assert "99" in (after / "lock").read_text()
