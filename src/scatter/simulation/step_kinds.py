"""The steps of a scenario, one class for each kind: what the file may say, and what the runner gets."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, fields
from typing import Annotated, Any, Literal, TypeAlias, get_args

from pydantic import Discriminator, Field, PlainValidator, WithJsonSchema

from scatter.learning.aggregation import Rule
from scatter.protocol.states import TERMINAL, State
from scatter.protocol.terms import MAX_AUDITORS, MAX_JURY, MAX_MEMBERS, MAX_ROUNDS, MAX_TAU, MAX_TRAINERS
from scatter.simulation.values import (
    DAY,
    TABLE,
    AmountOrDraw,
    Duration,
    Identifier,
    JobReference,
    Options,
    Share,
    Span,
    Whole,
)

MAX_TIMES = 10_000

ENDED = "ended"
CLAIMED = "claimed"
JOB_STATES: tuple[str, ...] = (*(state.name.lower() for state in State if state is not State.NONE), ENDED, CLAIMED)
"""What a job can be waited for: a state of the protocol, `ended` (any terminal one), `claimed` (ended, and everybody paid)."""
ENDS: tuple[str, ...] = tuple(state.name.lower() for state in sorted(TERMINAL))


def one_of(names: tuple[str, ...]) -> tuple[PlainValidator, WithJsonSchema]:
    """What makes a field take one of these names."""

    def check(value: object) -> str:
        if not isinstance(value, str) or value not in names:
            raise ValueError("not one of the names")
        return value

    return PlainValidator(check), WithJsonSchema({"enum": list(names)})


def _rule(value: object) -> Rule:
    found = next((rule for rule in Rule if rule.label == value), None)
    if found is None:
        raise ValueError("not a rule")
    return found


_VALID_STATE, _STATE_SCHEMA = one_of(JOB_STATES)
_DURATION = 'it is a duration like "30s", "2h" or "3d", at most 30d'
_AMOUNT = 'it is an amount like "1000 SCT", or a draw like { between = ["1000 SCT", "2000 SCT"] }'
_JOB = 'it is "$" and the id of an earlier add-topic step, like "$job"'
_NODES = "it is a list of 1 to 500 names of nodes or groups"

StateName = Annotated[str, _VALID_STATE, _STATE_SCHEMA]
RuleName = Annotated[Rule, PlainValidator(_rule), WithJsonSchema({"enum": [rule.label for rule in Rule]})]
Job = Annotated[JobReference, Field(description=_JOB)]
NodeNames = Annotated[tuple[Identifier, ...], Field(min_length=1, max_length=500, description=_NODES)]
Id = Annotated[
    Identifier | None,
    Field(description="it is a name of lower-case letters, digits, _ and -, by which later steps refer to this one"),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainerLimits:
    """How many trainers a job takes, least and most."""

    min: Annotated[Whole, Field(ge=1, le=MAX_TRAINERS, description=f"it must be between 1 and {MAX_TRAINERS}")]
    max: Annotated[Whole, Field(ge=1, le=MAX_TRAINERS, description=f"it must be between 1 and {MAX_TRAINERS}")]


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDurations:
    """How long each state of a job lasts at most, in seconds; None: as the workload's `job.toml` says."""

    open: Annotated[Duration | None, Field(description=_DURATION)] = None
    keys: Annotated[Duration | None, Field(description=_DURATION)] = None
    train: Annotated[Duration | None, Field(description=_DURATION)] = None
    reveal: Annotated[Duration | None, Field(description=_DURATION)] = None
    commit: Annotated[Duration | None, Field(description=_DURATION)] = None
    open_scores: Annotated[Duration | None, Field(description=_DURATION)] = None
    aggregate: Annotated[Duration | None, Field(description=_DURATION)] = None
    challenge: Annotated[Duration | None, Field(description=_DURATION)] = None
    judge: Annotated[Duration | None, Field(description=_DURATION)] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployProtocol:
    """Deploy the contracts with the scenario's `[chain]` parameters. Once, before every other step."""

    do: Literal["deploy-protocol"] = "deploy-protocol"
    id: Id = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TransferInitialSupply:
    """Give every node its `tokens`."""

    do: Literal["transfer-initial-supply"] = "transfer-initial-supply"
    id: Id = None


@dataclass(frozen=True, slots=True, kw_only=True)
class InitializeRoles:
    """Every node registers its role; validators and challengers put up their stake."""

    do: Literal["initialize-roles"] = "initialize-roles"
    id: Id = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AddTopic:
    """A requestor posts a job, called by the step's id (or "job") and the number that it has among all jobs of the scenario; the
    step's result is that job. None: as the workload's `job.toml` says.

    `requestor` None: the only one. Amounts in base units or a draw,
    shares in basis points, `tau` in units of 1e-5.
    """

    do: Literal["add-topic"] = "add-topic"
    id: Id = None
    requestor: Annotated[Identifier | None, Field(description="it is the name of a requestor, like requestor-1")] = None
    reward: Annotated[AmountOrDraw | None, Field(description=_AMOUNT)] = None
    slot_stake: Annotated[AmountOrDraw | None, Field(description=_AMOUNT)] = None
    rounds: Annotated[
        Whole | None, Field(ge=1, le=MAX_ROUNDS, description=f"it must be between 1 and {MAX_ROUNDS}")
    ] = None
    trainers: Annotated[TrainerLimits | None, Field(description="it is a table like { min = 4, max = 10 }")] = None
    committee: Annotated[
        Whole | None, Field(ge=1, le=MAX_MEMBERS, description=f"it must be between 1 and {MAX_MEMBERS}")
    ] = None
    auditors: Annotated[
        Whole | None, Field(ge=0, le=MAX_AUDITORS, description=f"it must be between 0 and {MAX_AUDITORS}")
    ] = None
    min_jury: Annotated[Whole | None, Field(ge=0, le=MAX_JURY, description=f"it must be between 0 and {MAX_JURY}")] = (
        None
    )
    fault: Annotated[Share | None, Field(description="it is a share of the slot stake between 0 and 1")] = None
    max_share: Annotated[Share | None, Field(ge=1, description="it is a share above 0 and at most 1")] = None
    tau: Annotated[Whole | None, Field(ge=1, le=MAX_TAU, description=f"it must be between 1 and {MAX_TAU}")] = None
    rule: Annotated[RuleName | None, Field(description=f"it is one of {', '.join(rule.label for rule in Rule)}")] = None
    durations: Annotated[JobDurations, Field(description='it is a table like { train = "2h" }')] = JobDurations()


@dataclass(frozen=True, slots=True, kw_only=True)
class TrainerJoins:
    """Trainers join a job, whoever is first, until they have or it is full. `trainers` None: all of the scenario."""

    do: Literal["trainer-joins"] = "trainer-joins"
    id: Id = None
    job: Job
    trainers: NodeNames | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StartTraining:
    """The requestor has the committee drawn once the least number of trainers joined. Nothing when the job is full: then the
    last trainer did it."""

    do: Literal["start-training"] = "start-training"
    id: Id = None
    job: Job


@dataclass(frozen=True, slots=True, kw_only=True)
class Wait:
    """Nodes work until a job is in a state, in a round if one is given; an error when that can come no more, or does not come
    within so many seconds of the chain's time."""

    do: Literal["wait"] = "wait"
    id: Id = None
    job: Job
    state: Annotated[StateName, Field(description=f"it is one of {', '.join(JOB_STATES)}")] = CLAIMED
    round: Annotated[Whole | None, Field(ge=1, le=MAX_ROUNDS, description=f"it must be between 1 and {MAX_ROUNDS}")] = (
        None
    )
    within: Annotated[Span, Field(description='it is a duration like "60d", at most 3650d')] = 365 * DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class AdvanceTime:
    """Nodes work while so many seconds of the chain's time pass."""

    do: Literal["advance-time"] = "advance-time"
    id: Id = None
    by: Annotated[Span, Field(description='it is a duration like "3d", at most 3650d')]


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeBehaviour:
    """Nodes behave otherwise from now on."""

    do: Literal["change-behaviour"] = "change-behaviour"
    id: Id = None
    nodes: NodeNames
    behaviour: Annotated[Identifier, Field(description="it is the name of a registered behaviour")]
    options: Annotated[Options, Field(description="it is a table of at most 20 options")] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class StopNode:
    """Nodes do nothing, and hand out nothing, until they are started again."""

    do: Literal["stop-node"] = "stop-node"
    id: Id = None
    nodes: NodeNames


@dataclass(frozen=True, slots=True, kw_only=True)
class StartNode:
    """Nodes that were stopped go on with what they owe now."""

    do: Literal["start-node"] = "start-node"
    id: Id = None
    nodes: NodeNames


@dataclass(frozen=True, slots=True, kw_only=True)
class Repeat:
    """The same steps again and again. Ids in them refer to the latest result."""

    do: Literal["repeat"] = "repeat"
    id: Id = None
    times: Annotated[Whole, Field(ge=0, le=MAX_TIMES, description=f"it must be between 0 and {MAX_TIMES}")]
    steps: Annotated["tuple[Step, ...]", Field(description="it is a list of steps")]


Step: TypeAlias = Annotated[
    DeployProtocol
    | TransferInitialSupply
    | InitializeRoles
    | AddTopic
    | TrainerJoins
    | StartTraining
    | Wait
    | AdvanceTime
    | ChangeBehaviour
    | StopNode
    | StartNode
    | Repeat,
    Discriminator("do"),
]


def name_of(kind: type[Any]) -> str:
    """What a scenario calls a kind of steps."""
    return str(next(field.default for field in fields(kind) if field.name == "do"))


STEP_KINDS: Mapping[str, type[Any]] = {name_of(kind): kind for kind in get_args(get_args(Step)[0])}
"""Every kind of step by the name that a scenario calls it."""


def all_steps(steps: Iterable[Step]) -> Iterator[Step]:
    """Every step, those in repeats too, each once."""
    for step in steps:
        yield step
        if isinstance(step, Repeat):
            yield from all_steps(step.steps)


_TABLE_CLASSES: tuple[type[Any], ...] = (TrainerLimits, JobDurations, *STEP_KINDS.values())
for _table_class in _TABLE_CLASSES:
    _table_class.__pydantic_config__ = TABLE
