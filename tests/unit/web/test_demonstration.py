"""The demonstration's cast and job as a scenario."""

from pathlib import Path

import pytest

from scatter.jobs.folder import JobError
from scatter.localnet.cast import Cast, CastError
from scatter.localnet.settings import FolderUnusable
from scatter.web.demonstration import check_folder, document_of
from scatter.web.documents.checking import read


def test_everybody_of_the_cast_takes_part() -> None:
    cast = Cast(trainers=7, lazy=1, poison=2, validators=4, lying_validators=2, challengers=2, bystanders=3)
    scenario = read(document_of(cast, None, 9, 0.5))
    assert [(each.group, each.count, each.behaviour, each.conspiracy) for each in scenario.nodes] == [
        ("requestor", 1, "honest", None),
        ("trainer", 4, "honest", None),
        ("lazy", 1, "lazy", None),
        ("poison", 2, "label-flip", None),
        ("validator", 2, "honest", None),
        ("liar", 2, "inverted-scores", "liars"),
        ("challenger", 2, "honest", None),
        ("bystander", 3, "honest", None),
    ]
    assert (scenario.seed, scenario.workload.kind, scenario.workload.alpha) == (9, "real", 0.5)
    assert [step.min_jury for step in scenario.steps if step.do == "add-topic"] == [3], "there are enough for a jury"
    assert document_of(cast, None, 9, 0.5) == document_of(cast, None, 9, 0.5)


def test_what_cannot_be_played_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CastError, match="needs a committee of 3, there are 2 validators"):
        document_of(Cast(validators=2), None, 1, 1.0)
    with pytest.raises(JobError):
        document_of(Cast(), tmp_path / "nothing", 1, 1.0)


def test_folders_of_something_else_are_left_alone(tmp_path: Path) -> None:
    check_folder(tmp_path, resume=False)
    with pytest.raises(FolderUnusable, match="start one without --resume"):
        check_folder(tmp_path, resume=True)
    (tmp_path / "thesis.tex").touch()
    with pytest.raises(FolderUnusable, match="choose another with --out"):
        check_folder(tmp_path, resume=False)
    (tmp_path / "web.sqlite").touch()
    check_folder(tmp_path, resume=True)
