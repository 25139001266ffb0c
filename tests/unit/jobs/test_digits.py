"""The example job: its arrays are scikit-learn's, its scripts run without a sandbox, and federated learning with them works."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from sklearn.datasets import load_digits  # type: ignore[import-untyped]

from scatter.jobs.check import Severity, check_job
from scatter.jobs.examples import Examples, array_bytes
from scatter.jobs.folder import JobPackage, load_job
from scatter.jobs.phases import round_file
from scatter.jobs.shards import cut_shards
from scatter.learning.aggregation import aggregate
from scatter.learning.contributions import ZERO_LANE, ContributionModels, classify, score_round
from scatter.learning.metrics import report_value
from scatter.learning.models import Model, read_model, write_model

DIGITS = Path(__file__).parents[3] / "examples/jobs/digits"
TRAINERS = 6


@pytest.fixture(scope="module")
def package() -> JobPackage:
    return load_job(DIGITS)


def script(path: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(Path(path).stem, DIGITS / path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_job_has_no_errors(package: JobPackage) -> None:
    findings = check_job(package, minimum_duration=1)
    assert [finding.severity for finding in findings] == [Severity.WARNING]
    assert "min_jury" in findings[0].message


def test_every_image_is_scikit_learns_and_is_there_once(package: JobPackage) -> None:
    assert package.data is not None
    assert (package.evaluation.rows, package.data.rows) == (450, 1347)
    images, digits = load_digits(return_X_y=True)
    ours = np.vstack([package.evaluation.inputs, package.data.inputs])
    labels = np.concatenate([package.evaluation.truth.array, package.data.truth.array])
    assert sorted(zip(map(bytes, ours), labels, strict=True)) == sorted(
        zip(map(bytes, images.astype(np.uint8)), digits, strict=True)
    )


def test_the_arrays_are_those_that_prepare_makes(tmp_path: Path) -> None:
    script("prepare.py").main(tmp_path)
    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert len(made) == 5
    assert all((DIGITS / path).read_bytes() == content for path, content in made.items())


def test_the_initial_model_is_canonical(package: JobPackage) -> None:
    assert (DIGITS / "model/model.safetensors").read_bytes() == package.model


def dealt(data: Examples, seed: int) -> list[Examples]:
    """Different and unequal shares of the images for each trainer: Dirichlet, α = 1."""
    generator = np.random.default_rng(seed)
    parts: list[list[int]] = [[] for _ in range(TRAINERS)]
    for digit in range(10):
        rows = generator.permutation(np.flatnonzero(data.truth.array == digit))
        cuts = (np.cumsum(generator.dirichlet([1.0] * TRAINERS))[:-1] * len(rows)).astype(int)
        for part, chunk in zip(parts, np.split(rows, cuts), strict=True):
            part.extend(chunk.tolist())
    return [data.take(np.array(part)) for part in parts]


def play_round(package: JobPackage, model: Model, parts: list[Examples], number: int) -> Model:
    train, predict = script("train/train.py").train, script("predict/predict.py").predict
    definition = package.definition
    shard = cut_shards(package.evaluation, definition.rounds, definition.seed)[number - 1]
    published = []
    for slot, part in enumerate(parts):
        trained, _ = train(
            model, part.inputs, part.truth.array, seed=[definition.seed, number], **definition.hyperparameters
        )
        published.append((f"0x{slot:040x}", write_model(Model(trained))))
    classified = classify(model, published)
    predictions = [predict(candidate, shard.inputs) for candidate in ContributionModels(model, classified.readable)]
    lanes = score_round(classified, predictions, shard.truth, definition.report).lanes
    contributions = {trainer: lane - ZERO_LANE for trainer, lane in lanes.items() if lane > ZERO_LANE}
    accepted = [(trainer, update) for trainer, update in classified.readable if trainer in contributions]
    return aggregate(definition.rule, model, accepted, contributions)


def accuracy(package: JobPackage, model: Model) -> int:
    predictions = script("predict/predict.py").predict(model, package.evaluation.inputs)
    return report_value(package.definition.report, predictions, package.evaluation.truth)


@pytest.mark.parametrize("seed", [1, 8])
def test_three_rounds_make_a_good_model(package: JobPackage, seed: int) -> None:
    assert package.data is not None
    parts = dealt(package.data, seed)
    model = read_model(package.model)
    assert accuracy(package, model) < 2_000
    for number in range(1, package.definition.rounds + 1):
        before, model = model, play_round(package, model, parts, number)
        assert model != before
    assert accuracy(package, model) >= 9_000


def run(path: str, root: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, str(DIGITS / path), str(root)], capture_output=True, text=True, timeout=60, check=False
    )


def sandbox_like(root: Path, files: dict[str, bytes]) -> Path:
    for path, content in {**files, "out/.keep": b""}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_bytes(content)
    return root


def test_training_twice_gives_the_same_bytes(package: JobPackage, tmp_path: Path) -> None:
    assert package.data is not None
    few = package.data.take(np.arange(100))
    files: dict[str, Any] = {f"data/{name}": content for name, content in few.to_files().items()}
    files |= {"in/model.safetensors": package.model, "in/round.json": round_file(package.definition, 1)}
    roots = [sandbox_like(tmp_path / name, files) for name in ("first", "second")]
    for root in roots:
        result = run("train/train.py", root)
        assert result.returncode == 0, result.stderr
    first, second = ((root / "out/model.safetensors").read_bytes() for root in roots)
    assert first == second
    assert read_model(first, like=read_model(package.model)) != read_model(package.model)
    metrics = json.loads((roots[0] / "out/metrics.json").read_text())
    assert metrics["examples"] == 100
    assert 0 < metrics["loss"] < 1


def test_predicting_writes_an_array_for_each_model(package: JobPackage, tmp_path: Path) -> None:
    files = {f"in/models/{number}.safetensors": package.model for number in range(2)}
    files["in/inputs.npy"] = array_bytes(package.evaluation.inputs[:7])
    result = run("predict/predict.py", sandbox_like(tmp_path, files))
    assert result.returncode == 0, result.stderr
    arrays = [np.load(tmp_path / f"out/{number}.npy") for number in range(2)]
    assert np.array_equal(arrays[0], np.full((7, 10), 0.1))
    assert np.array_equal(*arrays)
