from pathlib import Path

import pytest

from scatter.jobs.errors import JobError
from scatter.jobs.folder import load_job
from scatter.jobs.templates import copy_job

DIGITS = Path(__file__).parents[3] / "examples/jobs/digits"


@pytest.mark.parametrize("name", ["mine", "Größe 7", 'say "hi"', "back\\slash"])
def test_a_copy_is_the_same_job_under_another_name(tmp_path: Path, name: str) -> None:
    copy_job(DIGITS, tmp_path / "mine", name)
    copy, original = load_job(tmp_path / "mine"), load_job(DIGITS)
    assert copy.definition.name == name
    assert (copy.definition.rounds, copy.definition.reward) == (3, original.definition.reward)
    assert copy.evaluation.to_files() == original.evaluation.to_files()
    assert copy.data is not None
    assert original.data is not None
    assert copy.data.to_files() == original.data.to_files()
    assert b"# Federated learning" in (tmp_path / "mine/job.toml").read_bytes()


def test_a_job_without_data_can_be_copied(job_folder: Path, tmp_path: Path) -> None:
    copy_job(job_folder, tmp_path / "copy", "copy")
    assert load_job(tmp_path / "copy").data is None


@pytest.mark.parametrize("name", ["", "x" * 33, "a\nb", " a"])
def test_a_name_that_cannot_be_a_topic_writes_nothing(tmp_path: Path, name: str) -> None:
    with pytest.raises(JobError, match=r"^job.toml: job.name is "):
        copy_job(DIGITS, tmp_path / "mine", name)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_with_something_in_it_stays_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "kept").write_text("kept")
    for place in (tmp_path, tmp_path / "kept"):
        with pytest.raises(JobError, match="is there already, and has something in it"):
            copy_job(DIGITS, place, "mine")
    assert [path.name for path in tmp_path.iterdir()] == ["kept"]


def test_a_name_written_in_another_way_is_not_changed(job_folder: Path, tmp_path: Path) -> None:
    text = (job_folder / "job.toml").read_text()
    (job_folder / "job.toml").write_text(text.replace('name = "tiny"', '"name" = "tiny"'))
    with pytest.raises(JobError, match="has no line 'name = …' that could be changed"):
        copy_job(job_folder, tmp_path / "copy", "other")
