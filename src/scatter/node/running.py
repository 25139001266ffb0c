"""Running a job's own code in the sandbox: what it is given, what is read of what it leaves."""

import asyncio
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
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
        with tempfile.TemporaryDirectory(dir=self.workspace, prefix="train-") as place:
            inputs = {
                "model.safetensors": write_model(start),
                "round.json": phases.round_file(definition, round_),
            }
            await asyncio.to_thread(_write, Path(place), inputs)
            result = await self.sandbox.run(
                SandboxRun(
                    command=definition.train.command,
                    mounts={
                        phases.CODE: package.folder / "train",
                        phases.DATA: data,
                        phases.MODEL_IN: Path(place, "model.safetensors"),
                        phases.ROUND_IN: Path(place, "round.json"),
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

    async def predict(self, package: Package, examples: Examples, models: Sequence[Model]) -> list[Float64Array | None]:
        """Predictions of each model for the examples' inputs, None where they cannot be used.

        The first usable ones set how many columns the others must have. JobCodeFailed when a whole run fails.
        """
        predictions: list[Float64Array | None] = []
        for first in range(0, len(models), phases.MODELS_PER_RUN):
            files = await self._predicted(package, examples, models[first : first + phases.MODELS_PER_RUN])
            for content in files:
                columns = next((array.shape[1] for array in predictions if array is not None), None)
                predictions.append(_usable(content, package, examples.rows, columns))
        return predictions

    async def _predicted(self, package: Package, examples: Examples, models: Sequence[Model]) -> list[bytes | None]:
        definition = package.definition
        names = [phases.prediction_name(number) for number in range(len(models))]
        with tempfile.TemporaryDirectory(dir=self.workspace, prefix="predict-") as place:
            inputs = {f"models/{phases.model_name(n)}": write_model(model) for n, model in enumerate(models)}
            await asyncio.to_thread(_write, Path(place), {**inputs, INPUTS: examples.to_files()[INPUTS]})
            result = await self.sandbox.run(
                SandboxRun(
                    command=definition.predict.command,
                    mounts={
                        phases.CODE: package.folder / "predict",
                        phases.MODELS_IN: Path(place, "models"),
                        phases.INPUTS_IN: Path(place, INPUTS),
                    },
                    limits=Limits(definition.predict.timeout, definition.predict.memory),
                    outputs=names,
                    environment=definition.environment,
                )
            )
        _require_success("the predictor", result)
        return [result.outputs.get(name) for name in names]


def _write(folder: Path, files: dict[str, bytes]) -> None:
    """Write what job code reads, so that the job's own uid can read it."""
    folder.chmod(0o755)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(mode=0o755, exist_ok=True)
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
