"""Fixtures of the end-to-end tests."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from e2e.running import SCATTER, Command, Start, run_demo


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    """Start `scatter` with arguments, in a folder of the test's own."""
    started: list[Command] = []

    def run(*arguments: str | Path) -> Command:
        log = tmp_path / f"stderr-{len(started)}.log"
        with log.open("w") as stderr:
            process = subprocess.Popen(
                [*SCATTER, *map(str, arguments)],
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
                cwd=tmp_path,
                env={**os.environ, "NO_COLOR": "1"},
                start_new_session=True,
            )
        started.append(Command(process, log))
        return started[-1]

    yield run
    for command in started:
        if command.process.poll() is None:
            command.kill()


@pytest.fixture(scope="session")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The demonstration with the default seed, once for all tests: its folder and what it printed."""
    folder = tmp_path_factory.mktemp("demo") / "played"
    return folder, run_demo(folder)
