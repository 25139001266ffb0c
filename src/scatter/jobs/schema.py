"""The keys of `job.toml`, what each may be, and the sentence that says so when it is not.

Every field's description finishes the sentence "job.toml: job.fault is 2; …", so that the rule and its message stand
side by side. `definition` turns a valid file into a `JobDefinition`.
"""

from collections.abc import Callable
from decimal import Decimal
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from scatter.jobs.quantities import parse_amount, parse_duration, parse_share, parse_size
from scatter.learning.aggregation import Rule
from scatter.learning.metrics import Report
from scatter.learning.predictions import Outputs
from scatter.protocol.ids import topic_of
from scatter.protocol.terms import (
    MAX_AMOUNT,
    MAX_AUDITORS,
    MAX_DURATION,
    MAX_JURY,
    MAX_MEMBERS,
    MAX_ROUNDS,
    MAX_TAU,
    MAX_TRAINERS,
)

MAX_SEED = 2**32 - 1
MAX_TIMEOUT = 24 * 3600
MIN_MEMORY = 64 * 1024**2
MAX_MEMORY = 64 * 1024**3
MAX_HYPERPARAMETERS = 100
MAX_INTEGER = 2**53

HOUR = 3600
DAY = 24 * HOUR

Scalar = str | int | float | bool
Parsed = TypeVar("Parsed")


def _text(parse: Callable[[str], Parsed]) -> BeforeValidator:
    def checked(value: object) -> Parsed:
        if not isinstance(value, str):
            raise ValueError("not text")
        return parse(value)

    return BeforeValidator(checked)


def _share(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        raise ValueError("not a number")
    return parse_share(value)


def _rule(label: str) -> Rule:
    by_label = {rule.label: rule for rule in Rule}
    if label not in by_label:
        raise ValueError("not a rule")
    return by_label[label]


def _printable(text: str) -> str:
    if not text.isprintable() or text != text.strip():
        raise ValueError("not printable, or with spaces around it")
    return text


def _topic(text: str) -> str:
    topic_of(text)
    return _printable(text)


def _argument(text: str) -> str:
    if "\0" in text:
        raise ValueError("has a NUL in it")
    return text


def _scalar(value: object) -> Scalar:
    if isinstance(value, Decimal) and value.is_finite():
        value = float(value)
    if isinstance(value, int) and abs(value) > MAX_INTEGER:
        raise ValueError("an integer that not every language can hold")
    if not isinstance(value, str | int | float) or value in (float("inf"), float("-inf")):
        raise ValueError("not a scalar")
    return value


Amount = Annotated[int, _text(parse_amount), Field(ge=0, le=MAX_AMOUNT)]
Duration = Annotated[int, _text(parse_duration), Field(ge=1, le=MAX_DURATION)]
Timeout = Annotated[int, _text(parse_duration), Field(ge=1, le=MAX_TIMEOUT)]
Memory = Annotated[int, _text(parse_size), Field(ge=MIN_MEMORY, le=MAX_MEMORY)]
Share = Annotated[int, BeforeValidator(_share)]
Label = Annotated[str, StringConstraints(min_length=1, max_length=100), AfterValidator(_printable)]
Hyperparameter = Annotated[Any, AfterValidator(_scalar)]
Argument = Annotated[str, StringConstraints(min_length=1, max_length=4096), AfterValidator(_argument)]
Command = Annotated[list[Argument], Field(min_length=1, max_length=64)]
Environment = Annotated[str, StringConstraints(pattern=r"\A[a-z0-9][a-z0-9.-]{0,63}\z")]

_DURATION = f'it is a duration like "30s", "15m", "2h" or "3d", at most {MAX_DURATION // DAY}d'
_TIMEOUT = 'it is a duration like "60s", at most 1d'
_MEMORY = 'it is a size like "512MiB" or "2GiB", from 64MiB to 64GiB'
_COMMAND = 'it is a list of 1 to 64 texts like ["python", "train.py"]'


class Section(BaseModel):
    """A table of `job.toml`: no unknown keys, no conversions."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True, arbitrary_types_allowed=True)


class TrainersTable(Section):
    """`job.trainers`: how many trainers the job takes."""

    min: int = Field(ge=1, le=MAX_TRAINERS, description=f"it is a number of trainers from 1 to {MAX_TRAINERS}")
    max: int = Field(ge=1, le=MAX_TRAINERS, description=f"it is a number of trainers from 1 to {MAX_TRAINERS}")


class DurationsTable(Section):
    """`job.durations`: how long each state lasts at most, in seconds."""

    open: Duration = Field(default=3 * DAY, description=_DURATION)
    keys: Duration = Field(default=DAY, description=_DURATION)
    train: Duration = Field(default=DAY, description=_DURATION)
    reveal: Duration = Field(default=DAY, description=_DURATION)
    commit: Duration = Field(default=DAY, description=_DURATION)
    open_scores: Duration = Field(default=DAY, description=_DURATION)
    aggregate: Duration = Field(default=DAY, description=_DURATION)
    challenge: Duration = Field(default=2 * DAY, description=_DURATION)
    judge: Duration = Field(default=2 * DAY, description=_DURATION)


class JobTable(Section):
    """`[job]`: what the contract enforces."""

    name: Annotated[str, AfterValidator(_topic)] = Field(description="it is a name of 1 to 32 bytes, the job's topic")
    rounds: int = Field(ge=1, le=MAX_ROUNDS, description=f"it is a number of rounds from 1 to {MAX_ROUNDS}")
    seed: int = Field(default=0, ge=0, le=MAX_SEED, description=f"it is an integer from 0 to {MAX_SEED}")
    trainers: TrainersTable = Field(description="it is a table like { min = 4, max = 10 }")
    committee: int = Field(ge=1, le=MAX_MEMBERS, description=f"it is a number of members from 1 to {MAX_MEMBERS}")
    auditors: int = Field(
        default=0,
        ge=0,
        le=MAX_AUDITORS,
        description=f"it is a number of auditors from 0 to {MAX_AUDITORS}",
    )
    min_jury: int = Field(
        default=0,
        ge=0,
        le=MAX_JURY,
        description=f"it is the least number of jurors, up to {MAX_JURY}; with 0 there are no disputes",
    )
    reward: Amount = Field(description='it is an amount like "1000 SCT" for all rounds')
    slot_stake: Amount = Field(description='it is an amount like "500 SCT" that each trainer stakes')
    fault: Share = Field(
        default=5_000, description="it is a share of the slot stake between 0 and 1, in steps of 0.0001"
    )
    max_share: Annotated[Share, Field(ge=1)] = Field(
        default=5_000,
        description="it is the largest share of the trainers' part, above 0 and at most 1, in steps of 0.0001",
    )
    dataset: Label = Field(description='it is what a trainer\'s data must be called, like "digits-8x8/v1"')
    tau: int = Field(
        default=10, ge=1, le=MAX_TAU, description=f"it is an integer from 1 to {MAX_TAU}, in units of 1e-5"
    )
    durations: DurationsTable = Field(default=DurationsTable(), description='it is a table like { train = "2h" }')


class TrainTable(Section):
    """`[train]`: the code that trainers run on their own data."""

    command: Command = Field(description=_COMMAND)
    timeout: Timeout = Field(default=60, description=_TIMEOUT)
    memory: Memory = Field(default=1024**3, description=_MEMORY)
    hyperparameters: dict[Label, Hyperparameter] = Field(
        default={},
        max_length=MAX_HYPERPARAMETERS,
        description=f"hyperparameters are numbers, texts and booleans, at most {MAX_HYPERPARAMETERS} of them",
    )


class PredictTable(Section):
    """`[predict]`: the code that turns models and inputs into predictions."""

    command: Command = Field(description=_COMMAND)
    timeout: Timeout = Field(default=60, description=_TIMEOUT)
    memory: Memory = Field(default=1024**3, description=_MEMORY)
    outputs: Annotated[Outputs, _text(Outputs)] = Field(description=f"it is one of {', '.join(Outputs)}")
    report: Annotated[Report, _text(Report)] = Field(description=f"it is one of {', '.join(Report)}")


class AggregateTable(Section):
    """`[aggregate]`: how updates become the next model."""

    rule: Annotated[Rule, _text(_rule)] = Field(
        default=Rule.CONTRIBUTION, description=f"it is one of {', '.join(rule.label for rule in Rule)}"
    )


class RuntimeTable(Section):
    """`[runtime]`: what the code runs in."""

    environment: Environment = Field(
        default="python-3.11", description='it is the name of an environment, like "python-3.11"'
    )
    network: Literal[False] = Field(default=False, description="it is false: job code never has a network")


class JobFile(Section):
    """All of `job.toml`."""

    job: JobTable = Field(description="it is a table")
    train: TrainTable = Field(description="it is a table")
    predict: PredictTable = Field(description="it is a table")
    aggregate: AggregateTable = Field(default=AggregateTable(), description="it is a table")
    runtime: RuntimeTable = Field(default=RuntimeTable(), description="it is a table")
