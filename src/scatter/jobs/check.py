"""What is wrong or unwise in a job that could be loaded, as far as reading tells: no job code runs here.

The node layer adds what only running can tell: it lets `predict` run twice over `reproducibility_probe` and refuses a
predictor that disagrees with itself.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import PurePosixPath

import numpy as np

from scatter.jobs.errors import JobError
from scatter.jobs.examples import Examples
from scatter.jobs.folder import JobPackage
from scatter.jobs.shards import cut_shards
from scatter.jobs.terms import check_definition_terms
from scatter.learning.predictions import Outputs
from scatter.protocol.rates import Rates
from scatter.protocol.terms import DEFAULT_MINIMUM_DURATION, DEFAULT_RATES, MAX_BPS

FEW_ROWS = 30
_SCRIPTS = frozenset({".py", ".sh", ".pl", ".r", ".jl", ".js"})


class Severity(StrEnum):
    """An error stops a job from being posted; a warning is for its owner to weigh."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True, slots=True)
class Finding:
    """One sentence about a job."""

    severity: Severity
    message: str


def check_job(
    package: JobPackage,
    *,
    rates: Rates = DEFAULT_RATES,
    minimum_duration: int = DEFAULT_MINIMUM_DURATION,
) -> tuple[Finding, ...]:
    """All findings on a loaded job, errors first. `rates` and `minimum_duration` (seconds) are those of the contract."""
    errors = [*_term_errors(package, rates, minimum_duration), *_command_errors(package)]
    warnings = list(_term_warnings(package))
    try:
        shards = cut_shards(package.evaluation, package.definition.rounds, package.definition.seed)
    except JobError as error:
        errors.append(str(error))
    else:
        errors.extend(_shard_errors(shards))
        warnings.extend(_shard_warnings(shards))
    return (
        *(Finding(Severity.ERROR, message) for message in errors),
        *(Finding(Severity.WARNING, message) for message in warnings),
    )


def reproducibility_probe(package: JobPackage) -> tuple[bytes, bytes]:
    """What to run the predictor on, twice: the initial model's file, and `inputs.npy` of the first round's shard.

    Raises JobError when the evaluation is too small to be cut.
    """
    definition = package.definition
    shard = cut_shards(package.evaluation, definition.rounds, definition.seed)[0]
    return package.model, shard.to_files()["inputs.npy"]


def _term_errors(package: JobPackage, rates: Rates, minimum_duration: int) -> Iterator[str]:
    try:
        check_definition_terms(package.definition, rates=rates, minimum_duration=minimum_duration)
    except JobError as error:
        yield str(error)


def _command_errors(package: JobPackage) -> Iterator[str]:
    """Scripts that a command names but its folder lacks."""
    phases = {"train": package.definition.train, "predict": package.definition.predict}
    for name, phase in phases.items():
        for argument in phase.command:
            script = PurePosixPath(argument)
            if script.is_absolute() or script.suffix.lower() not in _SCRIPTS:
                continue
            if f"{name}/{script}" not in package.code.files:
                yield f"job.toml: {name}.command names {argument}, which is not in {name}/"


def _term_warnings(package: JobPackage) -> Iterator[str]:
    definition = package.definition
    if definition.min_jury == 0:
        yield "job.min_jury is 0: no jury stands behind the committee, so what a wrong one decides is final"
    if definition.fault_bps == 0:
        yield "job.fault is 0: a trainer whose updates are never accepted loses nothing"
    if definition.max_share_bps * definition.min_trainers < MAX_BPS:
        yield (
            f"job.max_share times {definition.min_trainers} trainers is less than 1: "
            "with so few, part of every round's pay goes to the challenge pool"
        )


def _shard_errors(shards: tuple[Examples, ...]) -> Iterator[str]:
    for number, shard in enumerate(shards, start=1):
        expected = shard.truth.array
        if shard.truth.outputs is Outputs.VALUES and (expected == expected[0]).all():
            yield f"evaluation: all expected outputs of round {number}'s shard are equal, so nothing can be scored on it"


def _shard_warnings(shards: tuple[Examples, ...]) -> Iterator[str]:
    smallest = min(shard.rows for shard in shards)
    if smallest < FEW_ROWS:
        yield f"evaluation: a round is scored on {smallest} rows only, so contributions will be noisy"
    if shards[0].truth.outputs is Outputs.PROBABILITIES:
        fewest = min(len(np.unique(shard.truth.array)) for shard in shards)
        classes = len(np.unique(np.concatenate([shard.truth.array for shard in shards])))
        if fewest < classes:
            yield f"evaluation: a round's shard has {fewest} of the {classes} classes, so contributions will be noisy"
