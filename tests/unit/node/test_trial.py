"""A job's predictor is tried before the job is posted."""

import io
from pathlib import Path

import numpy as np
import pytest
from tests.unit.node.jobcode import ScriptedSandbox, result, tiny_job

from scatter.jobs.errors import JobError
from scatter.jobs.folder import JobPackage
from scatter.node.trial import try_job
from scatter.ports import SandboxResult, SandboxRun


@pytest.fixture
def package(tmp_path: Path) -> JobPackage:
    return tiny_job(tmp_path / "job")


def predictions(value: float) -> SandboxResult:
    out = io.BytesIO()
    np.save(out, np.tile([value, 1 - value], (80, 1)))
    return result({"0.npy": out.getvalue()})


async def test_a_predictor_that_agrees_with_itself_is_fine(package: JobPackage) -> None:
    sandbox = ScriptedSandbox()
    await try_job(package, sandbox)
    assert len(sandbox.runs) == 2


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ([result({}, exit_code=2)], r"predict: the predictor failed \(exit code 2\)"),
        ([result({}, None, "out of memory")], "predict: the predictor failed .out of memory."),
        ([result({}), result({})], "is not probabilities with a row for each input"),
        ([predictions(0.5), result({"0.npy": b"?"})], "is not probabilities with a row for each input"),
        ([predictions(0.5), predictions(0.5000001)], "disagree; a predictor must be deterministic"),
    ],
)
async def test_one_that_fails_or_disagrees_is_refused(
    package: JobPackage, answers: list[SandboxResult], message: str
) -> None:
    left = list(answers)

    def answer(run: SandboxRun) -> SandboxResult:
        return left.pop(0)

    with pytest.raises(JobError, match=message):
        await try_job(package, ScriptedSandbox(instead=answer))


async def test_nothing_is_left_of_a_trial(package: JobPackage, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    place = tmp_path / "tmp"
    place.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(place))
    await try_job(package, ScriptedSandbox())
    assert not list(place.iterdir())
