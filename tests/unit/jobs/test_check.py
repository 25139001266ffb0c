import dataclasses
from pathlib import Path

import numpy as np
import pytest

from scatter.jobs.check import Finding, Severity, check_job, reproducibility_probe
from scatter.jobs.examples import Examples, array_bytes
from scatter.jobs.folder import JobPackage, load_job
from scatter.jobs.shards import cut_shards
from scatter.learning.predictions import Outputs, Truth
from scatter.protocol.ids import SCT


@pytest.fixture
def package(job_folder: Path) -> JobPackage:
    return load_job(job_folder)


NO_JURY = Finding(
    Severity.WARNING, "job.min_jury is 0: no jury stands behind the committee, so what a wrong one decides is final"
)


def changed(package: JobPackage, **fields: object) -> JobPackage:
    definition = dataclasses.replace(package.definition, **fields)  # type: ignore[arg-type]
    return dataclasses.replace(package, code=dataclasses.replace(package.code, definition=definition))


def test_a_good_job_is_warned_of_the_missing_jury_only(package: JobPackage) -> None:
    assert check_job(package) == (NO_JURY,)


def test_a_job_with_a_jury_is_not(package: JobPackage) -> None:
    assert NO_JURY not in check_job(changed(package, min_jury=3))


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"fault_bps": 0}, "job.fault is 0: a trainer whose updates are never accepted loses nothing"),
        ({"max_share_bps": 4_999}, "job.max_share times 2 trainers is less than 1"),
        ({"rounds": 3}, "evaluation: a round is scored on 26 rows only"),
    ],
)
def test_unwise_terms_are_warned_of(package: JobPackage, fields: dict[str, object], sentence: str) -> None:
    _, finding = check_job(changed(package, **fields))
    assert finding.severity is Severity.WARNING
    assert sentence in finding.message


def test_terms_that_the_contract_refuses_are_errors(package: JobPackage) -> None:
    finding, _ = check_job(changed(package, reward=SCT))
    assert finding.severity is Severity.ERROR
    assert "the contract would refuse the job" in finding.message


def test_scripts_must_be_in_their_folder(package: JobPackage) -> None:
    train = dataclasses.replace(package.definition.train, command=("python", "/usr/lib/x.py", "predict.py", "--fast"))
    assert check_job(changed(package, train=train)) == (
        Finding(Severity.ERROR, "job.toml: train.command names predict.py, which is not in train/"),
        NO_JURY,
    )


def test_too_few_rows_are_an_error(package: JobPackage) -> None:
    few = dataclasses.replace(package, evaluation=package.evaluation.take(np.array([0])))
    assert Finding(Severity.ERROR, "evaluation has 1 rows; 2 rounds need at least one each") in check_job(few)


def test_shards_without_a_class_are_warned_of(package: JobPackage) -> None:
    labels = np.array([0] * 79 + [1])
    rare = dataclasses.replace(package, evaluation=Examples(np.zeros(80), Truth(Outputs.PROBABILITIES, labels)))
    _, finding = check_job(rare)
    assert finding.message.startswith("evaluation: a round's shard has 1 of the 2 classes")


def test_values_that_are_all_equal_are_an_error(job_folder: Path) -> None:
    text = (job_folder / "job.toml").read_text()
    (job_folder / "job.toml").write_text(text.replace('"probabilities"', '"values"').replace('"accuracy"', '"r2"'))
    (job_folder / "evaluation" / "outputs.npy").write_bytes(array_bytes(np.ones((80, 1))))
    messages = [finding.message for finding in check_job(load_job(job_folder))[:-1]]
    assert messages == [
        f"evaluation: all expected outputs of round {number}'s shard are equal, so nothing can be scored on it"
        for number in (1, 2)
    ]


def test_the_probe_is_the_first_shard_with_the_initial_model(package: JobPackage) -> None:
    model, inputs = reproducibility_probe(package)
    assert model == package.model
    assert inputs == array_bytes(cut_shards(package.evaluation, 2, 7)[0].inputs)
