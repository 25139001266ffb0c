"""Trying a job's predictor before the job is posted."""

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory

from scatter.jobs.archives import unpack_to
from scatter.jobs.errors import JobError
from scatter.jobs.folder import CODE_LIMITS, JobPackage
from scatter.jobs.shards import cut_shards
from scatter.learning.models import read_model
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
        try:
            runs = [(await runner.predict(tried, shard, [start]))[0] for _ in range(2)]
        except JobCodeFailed as error:
            raise JobError(f"predict: {error}") from error
    first, second = runs
    if first is None or second is None:
        raise JobError(
            f"predict: what it writes for the initial model is not {definition.outputs.value} with a row for each input"
        )
    if first.shape != second.shape or (first != second).any():
        raise JobError("predict: two runs over the same model and inputs disagree; a predictor must be deterministic")
