"""Running a job's own code in the sandbox: what it is given, what is read of what it leaves."""

import asyncio
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from scatter.jobs import phases
from scatter.jobs.definition import JobDefinition
from scatter.jobs.examples import INPUTS, Examples
from scatter.learning.clipping import Float64Array
from scatter.learning.errors import PredictionError
from scatter.learning.models import Model, read_model, write_model
from scatter.learning.predictions import read_predictions
from scatter.ports import Limits, Sandbox, SandboxResult, SandboxRun
from scatter.protocol.ids import Round

TRAINING_OUTPUT = 1 << 30
"""Bytes that one training run may leave."""


class JobCodeFailed(RuntimeError):
    """Job code ended with an error or at a limit; the message has the last lines of its stderr."""


@dataclass(frozen=True, slots=True)
class Package:
    """A job's public part: what `job.toml` says, and a folder with `train/` and `predict/`."""

    definition: JobDefinition
    folder: Path


@dataclass(frozen=True, slots=True)
class Runner:
    """A sandbox, and a folder for the inputs of its runs."""

    sandbox: Sandbox
    workspace: Path

    async def train(self, package: Package, start: Model, round_: Round, data: Path) -> Model:
        """The model that training on `data` makes of `start`.

        JobCodeFailed when the code fails or leaves no model, ModelError when what it leaves does not fit `start`.
        """
        definition = package.definition
        with self._place("train-") as place:
            inputs = {
                "model.safetensors": write_model(start),
                "round.json": phases.round_file(definition, round_),
            }
            await asyncio.to_thread(_write, place, inputs)
            result = await self.sandbox.run(
                SandboxRun(
                    command=definition.train.command,
                    mounts={
                        phases.CODE: package.folder / "train",
                        phases.DATA: data,
                        phases.MODEL_IN: place / "model.safetensors",
                        phases.ROUND_IN: place / "round.json",
                    },
                    limits=Limits(definition.train.timeout, definition.train.memory, output=TRAINING_OUTPUT),
                    outputs=[phases.MODEL_OUT, phases.METRICS_OUT],
                    environment=definition.environment,
                )
            )
        _require_success("training", result)
        if phases.MODEL_OUT not in result.outputs:
            raise JobCodeFailed(f"training wrote no /out/{phases.MODEL_OUT}")
        return await asyncio.to_thread(read_model, result.outputs[phases.MODEL_OUT], like=start)

    async def predict(self, package: Package, examples: Examples, models: Iterable[Model]) -> list[Float64Array | None]:
        """Predictions of each model for the examples' inputs, None where they cannot be used. Models are taken one by one, so
        that they need not fit into memory together.

        The first usable ones set how many columns the others must have. Where the predictor fails over many models, it is
        tried with each alone: one update must not stop a round. JobCodeFailed when it fails with all of them, or at a limit.
        """
        predictions: list[Float64Array | None] = []
        remaining = iter(models)
        while files := await self._predicted(package, examples, islice(remaining, phases.MODELS_PER_RUN)):
            for content in files:
                columns = next((array.shape[1] for array in predictions if array is not None), None)
                predictions.append(_usable(content, package, examples.rows, columns))
        return predictions

    def tidy(self) -> None:
        """Remove what runs of a process that was killed have left in the workspace."""
        for place in (*self.workspace.glob("train-*"), *self.workspace.glob("predict-*")):
            shutil.rmtree(place, ignore_errors=True)

    async def _predicted(self, package: Package, examples: Examples, models: Iterator[Model]) -> list[bytes | None]:
        """What the predictor leaves for the models of one run; nothing for no models."""
        with self._place("predict-") as place:
            await asyncio.to_thread(_write, place, {INPUTS: examples.to_files()[INPUTS]})
            count = await asyncio.to_thread(_write_models, place / "models", models)
            if not count:
                return []
            result = await self._run_predictor(package, place, "models", count)
            if result.succeeded or result.exit_code is None or count == 1:
                _require_success("the predictor", result)
                return [result.outputs.get(phases.prediction_name(number)) for number in range(count)]
            return await self._one_by_one(package, place, count, result)

    async def _one_by_one(
        self, package: Package, place: Path, count: int, together: SandboxResult
    ) -> list[bytes | None]:
        files: list[bytes | None] = []
        failed = 0
        for number in range(count):
            alone = place / f"alone-{number}"
            alone.mkdir()
            alone.chmod(0o755)
            (place / "models" / phases.model_name(number)).rename(alone / phases.model_name(0))
            result = await self._run_predictor(package, place, alone.name, 1)
            if result.exit_code is None:
                _require_success("the predictor", result)
            failed += not result.succeeded
            files.append(result.outputs.get(phases.prediction_name(0)) if result.succeeded else None)
        if failed == count:
            _require_success("the predictor", together)
        return files

    async def _run_predictor(self, package: Package, place: Path, models: str, count: int) -> SandboxResult:
        definition = package.definition
        return await self.sandbox.run(
            SandboxRun(
                command=definition.predict.command,
                mounts={
                    phases.CODE: package.folder / "predict",
                    phases.MODELS_IN: place / models,
                    phases.INPUTS_IN: place / INPUTS,
                },
                limits=Limits(definition.predict.timeout, definition.predict.memory),
                outputs=[phases.prediction_name(number) for number in range(count)],
                environment=definition.environment,
            )
        )

    @contextmanager
    def _place(self, prefix: str) -> Iterator[Path]:
        """A folder for the inputs of a run. A thread that still writes when the run is cancelled does not keep it from going."""
        with tempfile.TemporaryDirectory(dir=self.workspace, prefix=prefix, ignore_cleanup_errors=True) as place:
            yield Path(place)


def _write_models(folder: Path, models: Iterator[Model]) -> int:
    """Write the models one by one under the numbers that job code sees; how many there were."""
    folder.mkdir()
    count = 0
    for model in models:
        _write(folder, {phases.model_name(count): write_model(model)})
        count += 1
    return count


def _write(folder: Path, files: dict[str, bytes]) -> None:
    """Write what job code reads, so that the job's own uid can read it."""
    folder.chmod(0o755)
    for name, content in files.items():
        path = folder / name
        path.write_bytes(content)
        path.chmod(0o644)


def _require_success(what: str, result: SandboxResult) -> None:
    if not result.succeeded:
        how = result.reason or f"exit code {result.exit_code}"
        raise JobCodeFailed(f"{what} failed ({how}): {result.stderr.strip() or 'nothing on stderr'}")


def _usable(content: bytes | None, package: Package, rows: int, columns: int | None) -> Float64Array | None:
    if content is None:
        return None
    try:
        return read_predictions(content, rows, package.definition.outputs, columns)
    except PredictionError:
        return None
