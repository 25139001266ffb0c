"""What is given to job code, and what is made of what it leaves."""

import asyncio
import io
import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from tests.unit.node.jobcode import ScriptedSandbox, examples, result, tiny_job

from scatter.jobs.examples import Examples, read_examples
from scatter.jobs.folder import JobPackage, load_job
from scatter.learning.errors import ModelError
from scatter.learning.models import Model, read_model, write_model
from scatter.learning.predictions import Outputs
from scatter.localnet.example import example_job
from scatter.node.running import JobCodeFailed, Package, Runner
from scatter.ports import SandboxResult, SandboxRun
from scatter.protocol.ids import Round
from scatter.runtime import LocalSandbox

START = Model({"weight": np.zeros((3, 2), np.float32)})


@pytest.fixture
def sandbox() -> ScriptedSandbox:
    return ScriptedSandbox()


@pytest.fixture
def runner(tmp_path: Path, sandbox: ScriptedSandbox) -> Runner:
    (tmp_path / "workspace").mkdir()
    return Runner(sandbox, tmp_path / "workspace")


@pytest.fixture
def package(tmp_path: Path) -> Package:
    return Package(tiny_job(tmp_path / "job", rounds=3).definition, tmp_path / "job")


@pytest.fixture
def data(tmp_path: Path) -> Path:
    (tmp_path / "data").mkdir()
    for name, content in examples(60, 1).items():
        (tmp_path / "data" / name).write_bytes(content)
    return tmp_path / "data"


@pytest.fixture
def shard() -> Examples:
    files = examples(20, 5)
    return read_examples(files["inputs.npy"], files["outputs.npy"], Outputs.PROBABILITIES, where="shard")


def left_behind(runner: Runner) -> list[str]:
    return [path.name for path in runner.workspace.iterdir()]


async def test_training_is_given_what_the_agreement_says(
    runner: Runner, sandbox: ScriptedSandbox, package: Package, data: Path
) -> None:
    def look(run: SandboxRun) -> SandboxResult | None:
        said = json.loads(run.mounts["/in/round.json"].read_bytes())
        assert said == {"round": 2, "rounds": 3, "seed": 7, "hyperparameters": {}}
        assert run.mounts["/in/model.safetensors"].read_bytes() == write_model(START)
        assert run.mounts["/data"] == data
        assert run.mounts["/job"] == package.folder / "train"
        assert run.limits.seconds == 60
        for path in (run.mounts["/in/model.safetensors"], run.mounts["/in/round.json"]):
            assert path.stat().st_mode & 0o777 == 0o644
            assert path.parent.stat().st_mode & 0o777 == 0o755
        return None

    sandbox.instead = look
    trained = await runner.train(package, START, Round(2), data)
    assert trained.layout == START.layout
    assert trained != START
    assert len(sandbox.runs) == 1
    assert not left_behind(runner)


@pytest.mark.parametrize(
    ("answer", "error", "message"),
    [
        (result({}, exit_code=1), JobCodeFailed, r"training failed \(exit code 1\): Traceback: something"),
        (result({}, None, "it took longer than 60 s"), JobCodeFailed, r"training failed \(it took longer than 60 s\)"),
        (result({"metrics.json": b"{}"}), JobCodeFailed, "training wrote no /out/model.safetensors"),
        (result({"model.safetensors": b"\x80\x04pickle"}), ModelError, "pickle"),
        (
            result({"model.safetensors": write_model(Model({"weight": np.zeros((2, 2), np.float32)}))}),
            ModelError,
            "weight",
        ),
        (SandboxResult(3, None, "", {}, 0.1), JobCodeFailed, "nothing on stderr"),
    ],
)
async def test_training_that_leaves_no_model_fails_with_a_reason(
    runner: Runner,
    sandbox: ScriptedSandbox,
    package: Package,
    data: Path,
    answer: SandboxResult,
    error: type[Exception],
    message: str,
) -> None:
    sandbox.instead = lambda run: answer
    with pytest.raises(error, match=message):
        await runner.train(package, START, Round(1), data)
    assert not left_behind(runner)


async def test_many_models_are_predicted_with_in_few_runs(
    runner: Runner, sandbox: ScriptedSandbox, package: Package, shard: Examples
) -> None:
    made = 0

    def models() -> object:
        nonlocal made
        for number in range(130):
            made += 1
            yield Model({"weight": np.full((3, 2), number, np.float32)})

    predictions = await runner.predict(package, shard, models())
    assert made == len(predictions) == 130
    assert all(array is not None and array.shape == (20, 2) for array in predictions)
    assert [len(run.outputs) for run in sandbox.runs] == [64, 64, 2]
    assert await runner.predict(package, shard, []) == []
    assert not left_behind(runner)


def npy(array: np.ndarray) -> bytes:
    out = io.BytesIO()
    np.save(out, array)
    return out.getvalue()


UNUSABLE = {
    "nothing": None,
    "garbage": b"\x93NUMPY garbage",
    "too few rows": npy(np.full((19, 2), 0.5)),
    "other columns": npy(np.full((20, 4), 0.25)),
    "no numbers": npy(np.full((20, 2), np.nan)),
    "no probabilities": npy(np.full((20, 2), 2.0)),
    "objects": npy(np.array([{}], dtype=object)),
}


@pytest.mark.parametrize("content", UNUSABLE.values(), ids=UNUSABLE.keys())
async def test_bad_predictions_are_none_and_others_are_not(
    runner: Runner, sandbox: ScriptedSandbox, package: Package, shard: Examples, content: bytes | None
) -> None:
    good = npy(np.full((20, 2), 0.5))
    files = {"0.npy": good, "2.npy": good} | ({} if content is None else {"1.npy": content})
    sandbox.instead = lambda run: result(files)
    first, second, third = await runner.predict(package, shard, [START] * 3)
    assert second is None
    assert first is not None
    assert third is not None


async def test_the_first_usable_predictions_say_how_many_columns(
    runner: Runner, sandbox: ScriptedSandbox, package: Package, shard: Examples
) -> None:
    files = {"0.npy": b"bad", "1.npy": npy(np.full((20, 3), 1 / 3)), "2.npy": npy(np.full((20, 2), 0.5))}
    sandbox.instead = lambda run: result(files)
    assert [a is not None for a in await runner.predict(package, shard, [START] * 3)] == [False, True, False]


def crash_over(bad: set[bytes]) -> Callable[[SandboxRun], SandboxResult | None]:
    def answer(run: SandboxRun) -> SandboxResult | None:
        models = {path.read_bytes() for path in run.mounts["/in/models"].iterdir()}
        return result({}, exit_code=1) if models & bad else None

    return answer


async def test_a_model_over_which_the_predictor_fails_fails_alone(
    runner: Runner, sandbox: ScriptedSandbox, package: Package, shard: Examples
) -> None:
    models = [Model({"weight": np.full((3, 2), number, np.float32)}) for number in range(4)]
    whole = await runner.predict(package, shard, models)
    sandbox.instead = crash_over({write_model(models[2])})
    found = await runner.predict(package, shard, models)
    assert found[2] is None
    for number in (0, 1, 3):
        assert found[number] is not None
        assert (found[number] == whole[number]).all()
    sandbox.instead = crash_over({write_model(model) for model in models})
    with pytest.raises(JobCodeFailed, match="the predictor failed"):
        await runner.predict(package, shard, models)
    assert not left_behind(runner)


async def test_a_predictor_at_its_limit_is_not_tried_model_by_model(
    runner: Runner, sandbox: ScriptedSandbox, package: Package, shard: Examples
) -> None:
    sandbox.instead = lambda run: result({}, None, "it took longer than 60 s")
    with pytest.raises(JobCodeFailed, match="longer than 60 s"):
        await runner.predict(package, shard, [START] * 3)
    assert len(sandbox.runs) == 1


async def test_what_killed_processes_left_is_removed(runner: Runner) -> None:
    for name in ("train-abc", "predict-xyz", "packages"):
        (runner.workspace / name / "models").mkdir(parents=True)
    runner.tidy()
    assert left_behind(runner) == ["packages"]


async def test_a_cancelled_run_leaves_nothing(
    runner: Runner, sandbox: ScriptedSandbox, package: Package, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def forever(run: SandboxRun) -> SandboxResult:
        await asyncio.Event().wait()
        raise AssertionError

    monkeypatch.setattr(sandbox, "run", forever)
    training = asyncio.create_task(runner.train(package, START, Round(1), data))
    await asyncio.sleep(0.05)
    assert left_behind(runner)
    training.cancel()
    with pytest.raises(asyncio.CancelledError):
        await training
    assert not left_behind(runner)


async def test_in_the_real_sandbox(tmp_path: Path) -> None:
    """The digits job: what it trains predicts better than what it starts from."""
    digits: JobPackage = load_job(example_job())
    assert digits.data is not None
    place = tmp_path / "data"
    place.mkdir()
    for name, content in digits.data.take(np.arange(200)).to_files().items():
        (place / name).write_bytes(content)
    for folder in (tmp_path, place):
        folder.chmod(0o755)
    runner, package = Runner(LocalSandbox(), tmp_path), Package(digits.definition, example_job())
    start = read_model(digits.model)
    trained = await runner.train(package, start, Round(1), place)
    few = digits.evaluation.take(np.arange(50))
    before, after = await runner.predict(package, few, [start, trained])
    assert before is not None
    assert after is not None
    right = [(array.argmax(axis=1) == few.truth.array).mean() for array in (before, after)]
    assert right[1] > right[0] + 0.3
