from pathlib import Path

import pytest

from scatter.jobs.definition import FILE
from scatter.jobs.errors import JobError
from scatter.jobs.folder import JobPackage, load_job, read_code
from scatter.jobs.variants import variant
from scatter.learning.aggregation import Rule
from scatter.localnet.example import example_job
from scatter.protocol.ids import SCT


@pytest.fixture(scope="module")
def digits() -> JobPackage:
    return load_job(example_job())


def test_what_is_named_changes_and_all_else_stays(digits: JobPackage) -> None:
    made = variant(
        digits,
        {
            "job": {"name": "mine", "reward": "12.5 SCT", "trainers": {"max": 8}, "durations": {"train": "2h"}},
            "aggregate": {"rule": "krum"},
            "train": {"hyperparameters": {"epochs": 3}},
        },
    )
    old, new = digits.definition, made.definition
    assert (new.name, new.reward, new.min_trainers, new.max_trainers) == ("mine", 12 * SCT + SCT // 2, 6, 8)
    assert new.durations.train == 7200
    assert new.durations.open == old.durations.open
    assert new.rule is Rule.KRUM
    assert new.hyperparameters == {**old.hyperparameters, "epochs": 3}
    assert (made.model, made.evaluation, made.data) == (digits.model, digits.evaluation, digits.data)
    assert {path for path in made.code.files if made.code.files[path] != digits.code.files[path]} == {FILE}
    assert b"# What each key means" in made.code.files[FILE]


def test_others_read_the_same(digits: JobPackage) -> None:
    made = variant(digits, {"job": {"seed": 99}})
    assert read_code(made.code.archive()).definition == made.definition


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"job": {"rounds": 0}}, "job.rounds is 0"),
        ({"job": {"colour": "red"}}, "job.colour is not a known key"),
        ({"sauce": {"hot": True}}, "sauce is not a known key"),
        ({"job": {"trainers": {"min": 9}}}, "job.trainers.min is 9"),
    ],
)
def test_what_no_job_may_say(digits: JobPackage, changes: dict[str, object], message: str) -> None:
    with pytest.raises(JobError, match=message):
        variant(digits, changes)


def test_the_synthetic_job_can_be_posted() -> None:
    assert load_job(Path(example_job("synthetic"))).definition.name == "synthetic"
