"""A job's package on disk."""

import asyncio
from pathlib import Path

import pytest
from tests.unit.node.played import posted
from tests.unit.node.world import World, duty

from scatter.jobs.archives import pack
from scatter.jobs.errors import ArchiveError
from scatter.node import packages as module
from scatter.node.doing import do
from scatter.node.packages import package_of
from scatter.protocol.duties import DutyKind

FILES = {f"train/{number}.py": bytes([number]) * 1000 for number in range(200)}


def read(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


async def test_a_package_is_unpacked_once_for_all_who_need_it(world: World) -> None:
    played = await posted(world)
    trainer = played.trainers[0]
    await do(trainer, duty(played.job, DutyKind.FETCH, played.job.terms.training_job.hex()))
    made = await asyncio.gather(*(package_of(trainer, played.job) for _ in range(8)))
    assert len({package.folder for package in made}) == 1
    assert set(read(made[0].folder)) == {"job.toml", "train/train.py", "predict/predict.py"}
    assert [path.name for path in made[0].folder.parent.iterdir()] == [made[0].folder.name]
    assert made[0].definition.name == "tiny"


async def test_workers_that_unpack_at_the_same_time_do_not_disturb_one_another(tmp_path: Path) -> None:
    archive = pack(FILES)
    for attempt in range(5):
        folder = tmp_path / "packages" / str(attempt)
        await asyncio.gather(*(asyncio.to_thread(module._unpack_once, archive, folder) for _ in range(6)))
        assert read(folder) == FILES
    assert len(list((tmp_path / "packages").iterdir())) == 5


async def test_a_bad_archive_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "packages" / "bad"
    with pytest.raises(ArchiveError):
        module._unpack_once(b"not an archive", folder)
    assert not list(folder.parent.iterdir())
