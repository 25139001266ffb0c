"""A member's work in Committing: what each update of the round contributed, measured by running the job's predictor."""

import asyncio
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path

from scatter.jobs import phases
from scatter.jobs.examples import Examples
from scatter.learning.clipping import Float64Array
from scatter.learning.contributions import ContributionModels, classify, score_round
from scatter.learning.errors import LearningError, PredictionError
from scatter.learning.metrics import Report
from scatter.learning.models import Model, write_model
from scatter.learning.predictions import read_predictions
from scatter.node.doing.sending import job_of
from scatter.node.failures import GiveUp
from scatter.node.models import starting_model, update_file
from scatter.node.packages import Package, package_of, shard_of
from scatter.node.parts import Parts
from scatter.ports import Limits, SandboxRun
from scatter.protocol.duties import Artefact, Duty, artefact_key
from scatter.protocol.scores import pack


async def score(parts: Parts, duty: Duty) -> None:
    """Score every update of the round; keep the words and the salt that they are committed with."""
    job = job_of(parts, duty)
    package = await package_of(parts, job)
    shard = await shard_of(parts, job, duty.round, package)
    start = await starting_model(parts, job, duty.round)
    published = [(slot, await update_file(parts, job, duty.round, slot)) for slot in job.rounds[duty.round].updates]
    classified = await asyncio.to_thread(
        classify, start, [(job.trainers[slot], content) for slot, content in published]
    )
    models = ContributionModels(start, classified.readable)
    predictions = await predict(parts, package, shard, list(models))
    try:
        scores = score_round(classified, predictions, shard.truth, Report(package.definition.report))
    except LearningError as error:
        raise GiveUp(f"round {duty.round} of job {job.name!r} cannot be scored: {error}") from error
    lanes = [scores.report, *(scores.lanes.get(trainer, 0) for trainer in job.trainers)]
    salt = artefact_key(Artefact.SALT, job.id, duty.round)
    await parts.artefacts.keep(salt, parts.secrets(salt))
    await parts.artefacts.keep(artefact_key(Artefact.SCORES, job.id, duty.round), json.dumps(pack(lanes)).encode())


async def predict(
    parts: Parts, package: Package, examples: Examples, models: Sequence[Model]
) -> list[Float64Array | None]:
    """Predictions of all models for the examples' inputs, None where they cannot be used.

    RuntimeError when the predictor fails as a whole, PredictionError when the first model's cannot be used: the others
    are measured against its shape.
    """
    predictions: list[Float64Array | None] = []
    for first in range(0, len(models), phases.MODELS_PER_RUN):
        batch = models[first : first + phases.MODELS_PER_RUN]
        predictions += await _run_predictor(parts, package, examples, batch, predictions)
    return predictions


async def _run_predictor(
    parts: Parts,
    package: Package,
    examples: Examples,
    models: Sequence[Model],
    earlier: Sequence[Float64Array | None],
) -> list[Float64Array | None]:
    definition = package.definition
    with tempfile.TemporaryDirectory(dir=parts.workspace, prefix="predict-") as place:
        folder = Path(place)
        await asyncio.to_thread(_write_inputs, folder, models, examples)
        result = await parts.sandbox.run(
            SandboxRun(
                command=definition.predict.command,
                mounts={
                    phases.CODE: package.folder / "predict",
                    phases.MODELS_IN: folder / "models",
                    phases.INPUTS_IN: folder / "inputs.npy",
                },
                limits=Limits(definition.predict.timeout, definition.predict.memory),
                outputs=[phases.prediction_name(number) for number in range(len(models))],
                environment=definition.environment,
            )
        )
    if not result.succeeded:
        raise RuntimeError(
            f"the predictor failed ({result.reason or f'exit code {result.exit_code}'}): {result.stderr}"
        )
    read: list[Float64Array | None] = []
    for number in range(len(models)):
        content = result.outputs.get(phases.prediction_name(number))
        first = next((array for array in [*earlier, *read] if array is not None), None)
        read.append(_read(content, examples, package, None if first is None else first.shape[1]))
    return read


def _read(content: bytes | None, examples: Examples, package: Package, columns: int | None) -> Float64Array | None:
    if content is None:
        return None
    try:
        return read_predictions(content, examples.rows, package.definition.outputs, columns)
    except PredictionError:
        return None


def _write_inputs(folder: Path, models: Sequence[Model], examples: Examples) -> None:
    folder.chmod(0o755)
    place = folder / "models"
    place.mkdir(mode=0o755)
    for number, model in enumerate(models):
        (place / phases.model_name(number)).write_bytes(write_model(model))
    (folder / "inputs.npy").write_bytes(examples.to_files()["inputs.npy"])
