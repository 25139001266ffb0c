"""Every implementation of `ports.Artefacts` keeps these promises."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from scatter.ports import Artefacts
from scatter.storage.artefacts import SqlArtefacts
from scatter.storage.database import Database
from scatter.storage.memory import MemoryArtefacts

MAKERS: dict[str, Callable[[Database], Artefacts]] = {"sqlite": SqlArtefacts, "memory": lambda _: MemoryArtefacts()}


@pytest.fixture(params=MAKERS)
async def artefacts(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Artefacts]:
    async with await Database.open(tmp_path / "node.db") as database:
        yield MAKERS[request.param](database)


async def test_the_first_value_stays(artefacts: Artefacts) -> None:
    assert await artefacts.get("salt/1") is None
    assert await artefacts.keep("salt/1", b"first") == b"first"
    assert await artefacts.keep("salt/1", b"second") == b"first"
    assert await artefacts.get("salt/1") == b"first"


async def test_an_empty_value_is_a_value(artefacts: Artefacts) -> None:
    assert await artefacts.keep("empty", b"") == b""
    assert await artefacts.keep("empty", b"late") == b""
    assert await artefacts.get("empty") == b""


async def test_of_many_at_once_one_wins_and_all_see_it(artefacts: Artefacts) -> None:
    values = [bytes([n]) * 32 for n in range(20)]
    kept = await asyncio.gather(*(artefacts.keep("content-key/7", value) for value in values))
    assert len(set(kept)) == 1
    assert kept[0] in values
    assert await artefacts.get("content-key/7") == kept[0]


async def test_keys_by_prefix_are_literal(artefacts: Artefacts) -> None:
    for key in ("job/a/1", "job/a/2", "job/A/1", "job/ab", "jobs", "100%_done", "100x"):
        await artefacts.keep(key, b"x")
    assert await artefacts.keys("job/a/") == {"job/a/1", "job/a/2"}
    assert await artefacts.keys("job/A") == {"job/A/1"}
    assert await artefacts.keys("100%") == {"100%_done"}
    assert await artefacts.keys("nothing") == frozenset()
    assert len(await artefacts.keys("")) == 7


async def test_what_is_forgotten_may_be_kept_anew(artefacts: Artefacts) -> None:
    await artefacts.keep("complete/1", b"first")
    await artefacts.keep("complete/10", b"another")
    await artefacts.forget("complete/1")
    await artefacts.forget("complete/1")
    assert await artefacts.keys("complete/") == {"complete/10"}
    assert await artefacts.keep("complete/1", b"second") == b"second"
