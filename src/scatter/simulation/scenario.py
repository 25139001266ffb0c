"""What a scenario asks for: nodes and how they behave, a workload, steps, and what is expected in the end.

`reading` makes one of a TOML file; docs/simulation.md is its reference. Every field's description finishes the sentence
"paper.toml:31: nodes[2].count is -1; …", so that the rule and its message stand side by side.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, fields, replace
from typing import Annotated, Any, Literal

from pydantic import Field

from scatter.chain.parameters import ChainParameters
from scatter.protocol.ids import SCT
from scatter.protocol.rates import BPS, Rates
from scatter.protocol.states import Role
from scatter.protocol.terms import MAX_DURATION
from scatter.simulation.interventions import MAX_INTERVENTIONS, Intervention
from scatter.simulation.step_kinds import ENDS, Step, one_of
from scatter.simulation.values import (
    MAX_WEIGHT,
    MIN_WEIGHT,
    TABLE,
    Amount,
    Chance,
    Flag,
    Identifier,
    Number,
    Numbers,
    Options,
    Positive,
    RoleName,
    Span,
    Text,
    Weight,
    Whole,
)

MAX_NODES = 500
MAX_GROUPS = 100
MAX_STEPS = 10_000
MAX_EXPECTATIONS = 200
MAX_SEED = 2**32 - 1
HONEST = "honest"
MAX_UNITS = 10_000
"""The most that an update of a synthetic trainer can be made to contribute, in units of 1e-5."""

_PARAMETERS = ChainParameters.development()
_AMOUNT = 'it is an amount like "200 SCT"'
_PARTS = f"it must be between 0 and {BPS}, in 1/{BPS}"
_SPAN = 'it is a duration like "12s", "2h" or "14d"'
_UNITS = f"it is a whole number of units of 0.00001 between -{MAX_UNITS} and {MAX_UNITS}"
_STAKED = (Role.VALIDATOR, Role.CHALLENGER)

MEASURES = (
    "gain",
    "gain_percent",
    "tokens",
    "stake",
    "stake_sequence",
    "penalties",
    "share",
    "unexplained_losses",
    "jobs_in_state",
    "accuracy",
    "challenges",
    "challenge_pool",
    "max_tx_gas",
    "supply_change",
    "scores_out_of_range",
)
"""What can be expected of; `expectations` says what each is."""
AGGREGATES = ("each", "mean", "min", "max", "sum", "count")
OUTCOMES = ("changed", "stands", "no verdict", "void")
CHALLENGED = ("scores", "aggregate", "refusal")


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What the scenario is called, in one sentence what it shows, and the seed of everything that is drawn."""

    name: Annotated[Identifier, Field(description="it is a name of lower-case letters, digits, _ and -, at most 31")]
    title: Annotated[Text, Field(description="it is one sentence of at most 200 characters")]
    seed: Annotated[Whole, Field(ge=0, le=MAX_SEED, description=f"it must be between 0 and {MAX_SEED}")] = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class ChainSettings:
    """What the contracts are deployed with (as `ChainParameters`: base units, seconds, basis points), and the chain's seconds
    from block to block while somebody acts."""

    validator_ticket: Annotated[Amount, Field(description=_AMOUNT)] = _PARAMETERS.validator_ticket
    challenger_ticket: Annotated[Amount, Field(description=_AMOUNT)] = _PARAMETERS.challenger_ticket
    lock_bps: Annotated[Whole, Field(ge=0, le=BPS, description=_PARTS)] = _PARAMETERS.lock_bps
    slash_base: Annotated[Amount, Field(description=_AMOUNT)] = _PARAMETERS.slash_base
    trainers_bps: Annotated[Whole, Field(ge=0, le=BPS, description=_PARTS)] = _PARAMETERS.trainers_bps
    members_bps: Annotated[Whole, Field(ge=0, le=BPS, description=_PARTS)] = _PARAMETERS.members_bps
    min_seat_pay: Annotated[Amount, Field(description=_AMOUNT)] = _PARAMETERS.min_seat_pay
    withdrawal_delay: Annotated[Span, Field(description=_SPAN)] = _PARAMETERS.withdrawal_delay
    minimum_duration: Annotated[Span, Field(description=_SPAN)] = _PARAMETERS.minimum_duration
    challenge_bond: Annotated[Amount, Field(description=_AMOUNT)] = _PARAMETERS.challenge_bond
    juror_fee_bps: Annotated[Whole, Field(ge=0, le=BPS, description=_PARTS)] = _PARAMETERS.juror_fee_bps
    supply: Annotated[Amount, Field(description=_AMOUNT)] = _PARAMETERS.supply
    block_seconds: Annotated[Whole, Field(ge=1, le=MAX_DURATION, description="it is a number of seconds from 1")] = 12

    @property
    def parameters(self) -> ChainParameters:
        """What the contracts are deployed with."""
        return ChainParameters(
            **{part.name: getattr(self, part.name) for part in fields(self) if part.name != "block_seconds"}
        )

    @property
    def rates(self) -> Rates:
        """What of it money depends on."""
        return Rates(**{part.name: getattr(self, part.name) for part in fields(Rates)})

    def ticket(self, role: Role) -> int:
        """What a node of a role stakes, in base units; 0 for roles without a ticket."""
        return {Role.VALIDATOR: self.validator_ticket, Role.CHALLENGER: self.challenger_ticket}.get(role, 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkloadSettings:
    """What jobs train: a job folder (`job`: an example's name, or a path from the scenario's folder), in the sandbox or, for our
    own example code, in this process. `alpha`: the Dirichlet concentration by which real data is dealt to trainers.
    `quality`: numbers of the synthetic workload's model of trainer quality, by behaviour."""

    kind: Annotated[Literal["synthetic", "real"], Field(description='it is "synthetic" or "real"')] = "synthetic"
    job: Annotated[Text, Field(description="it is the name of an example job, or the path of a job's folder")] = (
        "synthetic"
    )
    run: Annotated[Literal["in-process", "sandbox"], Field(description='it is "in-process" or "sandbox"')] = (
        "in-process"
    )
    alpha: Annotated[Positive, Field(description="it is a number above 0")] = 1.0
    quality: Annotated[
        dict[Identifier, Options],
        Field(max_length=50, description="it is a table of tables of numbers, by behaviour"),
    ] = field(default_factory=dict)


_Units = Annotated[Whole, Field(ge=-MAX_UNITS, le=MAX_UNITS)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Quality:
    """How good the updates of synthetic trainers are; what is None is as the workload says. An update contributes between `least`
    and `most` when it is good, between `worst` and `least_bad` when it is bad, in units of 1e-5. `bad_days`: the part of its
    updates, 0 to 1, in which a good one does harm instead."""

    least: Annotated[_Units | None, Field(description=_UNITS)] = None
    most: Annotated[_Units | None, Field(description=_UNITS)] = None
    worst: Annotated[_Units | None, Field(description=_UNITS)] = None
    least_bad: Annotated[_Units | None, Field(description=_UNITS)] = None
    bad_days: Annotated[Chance | None, Field(description="it must be between 0 and 1")] = None

    @property
    def given(self) -> dict[str, float]:
        """What it says, by name."""
        return {each.name: value for each in fields(self) if (value := getattr(self, each.name)) is not None}


QUALITY_RANGES = (("least", "most"), ("worst", "least_bad"))
"""Fields of `Quality` that are the two ends of one draw."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeGroup:
    """Nodes that are alike, called `<group>-1` to `<group>-<count>`.

    `tokens`: what each gets, in base units. `stake`: what each puts up out of it: the ticket of its role (None) or nothing.
    `conspiracy`: those with the same name collude. `joins`: trainers join jobs by a step, or whatever they have data for.
    Of a trainer's own data: `data_share`, how much of real data is dealt to each, beside 1.0 of others; `quality` of synthetic
    ones, before what the workload says of their behaviour.
    """

    group: Annotated[
        Identifier, Field(description="it is a name of lower-case letters, digits, _ and -, and no other group's")
    ]
    role: Annotated[RoleName, Field(description="it is requestor, trainer, validator or challenger")]
    count: Annotated[Whole, Field(ge=0, le=MAX_NODES, description=f"it must be between 0 and {MAX_NODES}")] = 1
    tokens: Annotated[Amount, Field(description='it is an amount like "100000 SCT"')] = 100_000 * SCT
    stake: Annotated[Amount | None, Field(description='it is the ticket of the role, or "0 SCT"')] = None
    behaviour: Annotated[Identifier, Field(description="it is the name of a registered behaviour")] = HONEST
    options: Annotated[Options, Field(description="it is a table of at most 20 options")] = field(default_factory=dict)
    conspiracy: Annotated[
        Identifier | None, Field(description="it is a name of lower-case letters, digits, _ and -")
    ] = None
    joins: Annotated[Literal["by-step", "by-itself"], Field(description='it is "by-step" or "by-itself"')] = "by-step"
    data_share: Annotated[
        Weight, Field(description=f"it is a number between {MIN_WEIGHT} and {MAX_WEIGHT}, where others have 1")
    ] = 1.0
    quality: Annotated[Quality, Field(description="it is a table like { least = 20, most = 400 }")] = Quality()

    @property
    def names(self) -> tuple[str, ...]:
        """The nodes' names."""
        return tuple(f"{self.group}-{number}" for number in range(1, self.count + 1))

    @property
    def staked(self) -> bool:
        """Whether its nodes put up a ticket."""
        return self.role in _STAKED and self.stake != 0


_MEASURE, _MEASURE_SCHEMA = one_of(MEASURES)
_AGGREGATE, _AGGREGATE_SCHEMA = one_of(AGGREGATES)
_OUTCOME, _OUTCOME_SCHEMA = one_of(OUTCOMES)
_CHALLENGED, _CHALLENGED_SCHEMA = one_of(CHALLENGED)
_END, _END_SCHEMA = one_of(ENDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selection:
    """Nodes that have all that is named; by default all nodes. `honest`: they were never given another behaviour."""

    role: Annotated[RoleName | None, Field(description="it is requestor, trainer, validator or challenger")] = None
    group: Annotated[Identifier | None, Field(description="it is the name of a group")] = None
    name: Annotated[Identifier | None, Field(description="it is the name of a node")] = None
    behaviour: Annotated[Identifier | None, Field(description="it is the name of a behaviour")] = None
    honest: Annotated[Flag | None, Field(description="it is true or false")] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Expectation:
    """Something that must hold in the end. Bounds are in the measure's unit, amounts in SCT; `when`: in which form of the
    scenario it is asked for."""

    text: Annotated[Text, Field(description="it is a sentence of at most 200 characters")]
    measure: Annotated[str, _MEASURE, _MEASURE_SCHEMA, Field(description=f"it is one of {', '.join(MEASURES)}")]
    of: Annotated[Selection, Field(description='it is a table like { role = "trainer", honest = true }')] = Selection()
    aggregate: Annotated[
        str, _AGGREGATE, _AGGREGATE_SCHEMA, Field(description=f"it is one of {', '.join(AGGREGATES)}")
    ] = "each"
    at_least: Annotated[Number | None, Field(description="it is a number")] = None
    at_most: Annotated[Number | None, Field(description="it is a number")] = None
    equals: Annotated[Numbers | None, Field(description="it is a number, or a list of them for stake_sequence")] = None
    state: Annotated[Annotated[str, _END, _END_SCHEMA] | None, Field(description=f"it is one of {', '.join(ENDS)}")] = (
        None
    )
    outcome: Annotated[
        Annotated[str, _OUTCOME, _OUTCOME_SCHEMA] | None, Field(description=f"it is one of {', '.join(OUTCOMES)}")
    ] = None
    kind: Annotated[
        Annotated[str, _CHALLENGED, _CHALLENGED_SCHEMA] | None,
        Field(description=f"it is one of {', '.join(CHALLENGED)}"),
    ] = None
    when: Annotated[Literal["always", "full", "short"], Field(description='it is "always", "full" or "short"')] = (
        "always"
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """A checked scenario: variables are in their places, and of the expectations there are those of the form it was read in."""

    scenario: About
    nodes: Annotated[
        tuple[NodeGroup, ...], Field(min_length=1, max_length=MAX_GROUPS, description="it is a list of 1 to 100 groups")
    ]
    steps: Annotated[tuple[Step, ...], Field(min_length=1, description="it is a list of steps")]
    chain: Annotated[ChainSettings, Field(description="it is a table")] = ChainSettings()
    workload: Annotated[WorkloadSettings, Field(description="it is a table")] = WorkloadSettings()
    expect: Annotated[
        tuple[Expectation, ...],
        Field(max_length=MAX_EXPECTATIONS, description=f"it is a list of at most {MAX_EXPECTATIONS} expectations"),
    ] = ()
    interventions: Annotated[
        tuple[Intervention, ...],
        Field(max_length=MAX_INTERVENTIONS, description=f"it is a list of at most {MAX_INTERVENTIONS} interventions"),
    ] = ()

    @property
    def name(self) -> str:
        """What it is called."""
        return self.scenario.name

    @property
    def seed(self) -> int:
        """The seed of everything that is drawn."""
        return self.scenario.seed

    def in_form(self, short: bool) -> "Scenario":
        """The scenario with the expectations of its short form, or of its full one."""
        asked = ("always", "short" if short else "full")
        return replace(self, expect=tuple(one for one in self.expect if one.when in asked))

    def named(self, names: Iterable[str]) -> tuple[str, ...]:
        """Nodes by their names or their groups', each once, in the order in which they are named."""
        groups = {group.group: group.names for group in self.nodes}
        return tuple(dict.fromkeys(node for name in names for node in groups.get(name, (name,))))

    def nodes_of(self, role: Role) -> tuple[str, ...]:
        """The names of all nodes of a role, in the order of the file."""
        return tuple(name for group in self.nodes if group.role is role for name in group.names)


_TABLE_CLASSES: tuple[type[Any], ...] = (
    About,
    ChainSettings,
    WorkloadSettings,
    Quality,
    NodeGroup,
    Selection,
    Expectation,
    Scenario,
)
for _table_class in _TABLE_CLASSES:
    _table_class.__pydantic_config__ = TABLE
