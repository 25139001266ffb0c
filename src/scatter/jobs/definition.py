"""`job.toml`, read and checked: what runs, how often, how it is scored, and what it pays."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from scatter.jobs.errors import JobError
from scatter.jobs.paths import shown
from scatter.jobs.schema import JobFile, Scalar
from scatter.jobs.seen import seen
from scatter.learning.aggregation import Rule
from scatter.learning.metrics import Report
from scatter.learning.predictions import Outputs
from scatter.protocol.terms import Durations

FILE = "job.toml"
MAX_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Phase:
    """One kind of run of job code: the command, its working folder in the sandbox being the phase's own, wall-clock
    seconds and bytes of memory."""

    command: tuple[str, ...]
    timeout: int
    memory: int


@dataclass(frozen=True, slots=True)
class JobDefinition:
    """A checked `job.toml`. Amounts are base units, shares basis points, durations seconds, `tau` units of 1e-5."""

    name: str
    rounds: int
    seed: int
    min_trainers: int
    max_trainers: int
    committee: int
    auditors: int
    min_jury: int
    reward: int
    slot_stake: int
    fault_bps: int
    max_share_bps: int
    dataset: str
    tau: int
    durations: Durations
    train: Phase
    hyperparameters: Mapping[str, Scalar]
    predict: Phase
    outputs: Outputs
    report: Report
    rule: Rule
    environment: str


def parse_definition(content: bytes) -> JobDefinition:
    """Check the bytes of a `job.toml`.

    Raises JobError with one sentence that names the file, the key, what was found there and what is allowed.
    """
    if len(content) > MAX_BYTES:
        raise JobError(f"{FILE} has {len(content)} bytes; {MAX_BYTES} are allowed")
    try:
        table = tomllib.loads(content.decode(), parse_float=Decimal)
    except UnicodeDecodeError as error:
        raise JobError(f"{FILE} is not UTF-8 text: {error.reason} at byte {error.start}") from error
    except ValueError as error:
        raise JobError(f"{FILE} is not valid TOML: {error}") from error
    except (ArithmeticError, RecursionError) as error:
        raise JobError(f"{FILE} has a number that is too large, or is nested too deeply") from error
    try:
        file = JobFile.model_validate(table)
    except ValidationError as error:
        raise JobError(_sentence(error)) from error
    _check_together(file)
    return _definition(file)


def _check_together(file: JobFile) -> None:
    trainers = file.job.trainers
    if trainers.min > trainers.max:
        raise JobError(f"{FILE}: job.trainers.min is {trainers.min}; it is at most job.trainers.max, {trainers.max}")
    allowed = [report for report in Report if report.outputs is file.predict.outputs]
    if file.predict.report not in allowed:
        raise JobError(
            f'{FILE}: predict.report is "{file.predict.report}"; with outputs "{file.predict.outputs}" '
            f"it is {' or '.join(allowed)}"
        )


def _definition(file: JobFile) -> JobDefinition:
    job, train, predict = file.job, file.train, file.predict
    return JobDefinition(
        name=job.name,
        rounds=job.rounds,
        seed=job.seed,
        min_trainers=job.trainers.min,
        max_trainers=job.trainers.max,
        committee=job.committee,
        auditors=job.auditors,
        min_jury=job.min_jury,
        reward=job.reward,
        slot_stake=job.slot_stake,
        fault_bps=job.fault,
        max_share_bps=job.max_share,
        dataset=job.dataset,
        tau=job.tau,
        durations=Durations(**job.durations.model_dump()),
        train=Phase(tuple(train.command), train.timeout, train.memory),
        hyperparameters=train.hyperparameters,
        predict=Phase(tuple(predict.command), predict.timeout, predict.memory),
        outputs=predict.outputs,
        report=predict.report,
        rule=file.aggregate.rule,
        environment=file.runtime.environment,
    )


def _sentence(error: ValidationError) -> str:
    """The most telling of all errors: unknown keys first, they explain missing ones."""
    errors = error.errors(include_url=False, include_context=False)
    unknown = [detail for detail in errors if detail["type"] == "extra_forbidden"]
    detail = (unknown or errors)[0]
    key = ".".join(shown(part)[1:-1] if isinstance(part, str) else str(part) for part in detail["loc"])
    if unknown:
        return f"{FILE}: {key} is not a known key; {_known_keys(detail)}"
    found = "missing" if detail["type"] == "missing" else seen(detail["input"])
    return f"{FILE}: {key} is {found}; {_rule_of(detail['loc'])}"


def _known_keys(detail: ErrorDetails) -> str:
    table, _ = _schema_of(detail["loc"][:-1])
    return f"[{'.'.join(map(str, detail['loc'][:-1])) or FILE}] takes {', '.join(table.model_fields)}"


def _rule_of(location: Sequence[int | str]) -> str:
    return _schema_of(location)[1]


def _schema_of(location: Sequence[int | str]) -> tuple[type[BaseModel], str]:
    """The innermost table that a location leads through, and the description of the last key that it knows."""
    table: type[BaseModel] = JobFile
    description = "it is a table"
    for part in location:
        field = table.model_fields.get(str(part))
        if field is None:
            break
        description = field.description or description
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            table = field.annotation
    return table, description
