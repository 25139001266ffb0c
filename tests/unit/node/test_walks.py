"""ARCHITECTURE.md's walks name the files that an update and a challenge really pass: jobs are played, and what ran is compared."""

import re
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

from tests.unit.node.played import posted
from tests.unit.node.test_disputed_job import lied_to
from tests.unit.node.world import World
from tests.unit.test_docs import ARCHITECTURE, paths, section

import scatter
from scatter.protocol.states import State

SOURCES = Path(scatter.__file__).parent
ROOMS = {"protocol", "learning", "jobs", "content", "node"}
"""What runs here as it does anywhere. Chain, peers, sandbox and database are stood in for, and walks name what stands there."""
ELSEWHERE = {"node/trial.py"}
"""Named, but passed only where a round is refused."""


@contextmanager
def recorded(ran: set[str]) -> Iterator[None]:
    """Collect the source files whose functions are called, in all threads."""

    def called(frame: FrameType, event: str, _: Any) -> None:
        if event == "call":
            ran.add(frame.f_code.co_filename)

    threading.setprofile(called)
    sys.setprofile(called)
    try:
        yield
    finally:
        sys.setprofile(None)
        threading.setprofile(None)


def ours(ran: set[str]) -> set[str]:
    """Of what ran, the files of the rooms that are compared; a room's face is no step."""
    found = {str(Path(file).relative_to(SOURCES)) for file in ran if file.startswith(str(SOURCES))}
    return {file for file in found if file.partition("/")[0] in ROOMS and file != "node/__init__.py"}


def walk(title: str) -> set[str]:
    """The files that a walk names, and that it says all steps pass."""
    named = set(paths(section(ARCHITECTURE, title))) | set(paths(section(ARCHITECTURE, "What every step passes")))
    return {file for file in named if file.partition("/")[0] in ROOMS and file.endswith(".py")}


async def test_an_update_passes_the_files_that_its_walk_names(world: World) -> None:
    ran: set[str] = set()
    with recorded(ran):
        played = await posted(world, rounds=2, trainers=2, validators=3, auditors=1)
        await played.by_themselves()
    assert played.job.state is State.SETTLED
    assert ours(ran) == walk("The walk of an update")


async def test_a_challenge_passes_the_files_that_the_walks_name(world: World) -> None:
    ran: set[str] = set()
    with recorded(ran):
        played = await lied_to(world)
        await played.by_themselves()
    assert played.job.state is State.SETTLED
    assert played.job.items
    assert ours(ran) == (walk("The walk of an update") | walk("The walk of a challenge")) - ELSEWHERE


def test_the_walks_say_how_long_they_are() -> None:
    for title in ("The walk of an update", "The walk of a challenge"):
        text = section(ARCHITECTURE, title)
        said = re.search(r"names (\d+) files", text)
        assert said, title
        assert int(said[1]) == len({file for file in paths(text) if file.endswith((".py", ".sol"))}), title
