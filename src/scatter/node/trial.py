"""Trying a job's predictor: before the job is posted, and when its committee says that it cannot be used."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from scatter.jobs.archives import unpack_to
from scatter.jobs.errors import JobError
from scatter.jobs.examples import Examples
from scatter.jobs.folder import CODE_LIMITS, JobPackage
from scatter.jobs.shards import cut_shards
from scatter.learning.clipping import Float64Array
from scatter.learning.models import Model, read_model
from scatter.node.running import JobCodeFailed, Package, Runner
from scatter.ports import Sandbox


async def try_job(package: JobPackage, sandbox: Sandbox) -> None:
    """Let the predictor run twice over the initial model and the first round's shard.

    JobError when it fails, leaves nothing usable, or disagrees with itself: honest validators would be slashed.
    """
    definition = package.definition
    shard = cut_shards(package.evaluation, definition.rounds, definition.seed)[0]
    start = read_model(package.model)
    with TemporaryDirectory(prefix="scatter-trial-") as place:
        workspace = Path(place)
        await asyncio.to_thread(workspace.chmod, 0o755)
        code = workspace / "code"
        await asyncio.to_thread(unpack_to, package.code.archive(), code, CODE_LIMITS)
        runner, tried = Runner(sandbox, workspace), Package(definition, code)
        await try_predictor(runner, tried, shard, [start])


async def try_predictor(
    runner: Runner, package: Package, shard: Examples, models: Sequence[Model]
) -> list[Float64Array]:
    """Predictions of each model (rows, columns), after two runs of the predictor over all of them.

    JobError when it fails, leaves nothing usable for a model, or disagrees with itself.
    """
    try:
        first, second = [await runner.predict(package, shard, models) for _ in range(2)]
    except JobCodeFailed as error:
        raise JobError(f"predict: {error}") from error
    return [_agreed(package, once, again) for once, again in zip(first, second, strict=True)]


def _agreed(package: Package, once: Float64Array | None, again: Float64Array | None) -> Float64Array:
    if once is None or again is None:
        outputs = package.definition.outputs.value
        raise JobError(f"predict: what it writes for the initial model is not {outputs} with a row for each input")
    if once.shape != again.shape or (once != again).any():
        raise JobError("predict: two runs over the same model and inputs disagree; a predictor must be deterministic")
    return once
