"""What must hold between the parts of a scenario: names that are there, steps in an order that can be done."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NoReturn

from scatter.jobs.positions import Path
from scatter.protocol.rates import BPS
from scatter.protocol.states import Role
from scatter.simulation.measures import check_expectation
from scatter.simulation.scenario import MAX_NODES, MAX_STEPS, QUALITY_RANGES, NodeGroup, Scenario
from scatter.simulation.step_kinds import (
    AddTopic,
    ChangeBehaviour,
    DeployProtocol,
    InitializeRoles,
    Repeat,
    StartNode,
    StartTraining,
    Step,
    StopNode,
    TrainerJoins,
    TransferInitialSupply,
    Wait,
    name_of,
)

CheckBehaviour = Callable[[str, Role, Mapping[str, object]], None]
"""Raises ValueError, with what is wrong, for a behaviour (by name) that there is not, or options that it does not take in a role."""

Complain = Callable[[Path, str], NoReturn]
"""Refuses the scenario: the key at a path has a problem, told as the rest of a sentence."""


def check_coherence(scenario: Scenario, complain: Complain, check_behaviour: CheckBehaviour) -> None:
    """Complain of the first thing in the scenario that does not fit the rest of it."""
    parts = scenario.chain.trainers_bps + scenario.chain.members_bps
    if parts > BPS:
        complain(("chain", "members_bps"), f"makes, with chain.trainers_bps, {parts} of {BPS} parts")
    for index, group in enumerate(scenario.nodes):
        _check_group(scenario, index, group, complain, check_behaviour)
    _check_sums(scenario, complain)
    _Steps(scenario, complain, check_behaviour).check()
    known = {name for group in scenario.nodes for name in (group.group, *group.names)}
    for index, intervention in enumerate(scenario.interventions):
        for place, name in enumerate(intervention.nodes):
            if name not in known:
                complain(("interventions", index, "nodes", place), f'is "{name}"; no node and no group has that name')
    for index, expectation in enumerate(scenario.expect):
        try:
            check_expectation(expectation, scenario)
        except ValueError as error:
            key, problem = error.args
            complain(("expect", index, *key.split(".")), problem)


def _check_group(
    scenario: Scenario, index: int, group: NodeGroup, complain: Complain, check_behaviour: CheckBehaviour
) -> None:
    at: Path = ("nodes", index)
    before = scenario.nodes[:index]
    taken = {other.group for other in before}.union(*(other.names for other in before))
    if group.group in taken or taken.intersection(group.names):
        complain((*at, "group"), f'is "{group.group}", which an earlier group or node is called')
    ticket = scenario.chain.ticket(group.role)
    if group.stake not in (None, 0, ticket):
        complain((*at, "stake"), f"is neither the ticket of a {group.role.name.lower()} nor nothing")
    if group.staked and group.tokens < ticket:
        complain((*at, "tokens"), "does not suffice for the ticket")
    if group.joins == "by-itself" and group.role is not Role.TRAINER:
        complain((*at, "joins"), "is for trainers only")
    _check_data(scenario, group, at, complain)
    try:
        check_behaviour(group.behaviour, group.role, group.options)
    except ValueError as error:
        complain((*at, "behaviour"), f'is "{group.behaviour}": {error}')


def _check_data(scenario: Scenario, group: NodeGroup, at: Path, complain: Complain) -> None:
    """What a group says of its trainers' data has to be of the kind that the workload deals out."""
    quality = group.quality.given
    said: list[tuple[Path, str]] = [((*at, "quality", name), "synthetic") for name in quality]
    if group.data_share != 1:
        said.append(((*at, "data_share"), "real"))
    for path, kind in said:
        if group.role is not Role.TRAINER:
            complain(path, "is for trainers only")
        if scenario.workload.kind != kind:
            complain(path, f'is for a workload of the kind "{kind}"; this one is "{scenario.workload.kind}"')
    for low, high in QUALITY_RANGES:
        if low in quality and high in quality and quality[low] > quality[high]:
            complain((*at, "quality", low), f"is {quality[low]}; it is at most {high}, {quality[high]}")


def _check_sums(scenario: Scenario, complain: Complain) -> None:
    nodes = sum(group.count for group in scenario.nodes)
    if nodes > MAX_NODES:
        complain(("nodes",), f"has {nodes} nodes in all its groups; there can be {MAX_NODES}")
    if sum(group.count * group.tokens for group in scenario.nodes) > scenario.chain.supply:
        complain(("nodes",), "has more tokens in all its groups than chain.supply")


_PREPARING = (DeployProtocol, TransferInitialSupply, InitializeRoles)


class _Steps:
    """Steps in the order in which they run, and what they can refer to by then."""

    def __init__(self, scenario: Scenario, complain: Complain, check_behaviour: CheckBehaviour) -> None:
        self._scenario, self._complain, self._check_behaviour = scenario, complain, check_behaviour
        self._prepared = 0
        self._ids: set[str] = set()
        self._jobs: set[str] = set()
        self._roles = {name: group.role for group in scenario.nodes for name in group.names}
        self._known = {group.group for group in scenario.nodes}.union(self._roles)

    def check(self) -> None:
        """All steps."""
        self._walk(self._scenario.steps, ("steps",), repeated=False)

    def _walk(self, steps: Sequence[Step], at: Path, *, repeated: bool) -> int:
        """How many steps they come to."""
        count = 0
        for index, step in enumerate(steps):
            here = (*at, index)
            count += self._check(step, here, repeated)
            if count > MAX_STEPS:
                self._complain(here, f"makes more than {MAX_STEPS} steps, repeated ones counted each time")
        return count

    def _check(self, step: Step, at: Path, repeated: bool) -> int:
        self._check_order(step, at, repeated)
        if step.id is not None:
            if step.id in self._ids:
                self._complain((*at, "id"), f'is "{step.id}", which is the id of an earlier step')
            self._ids.add(step.id)
        count = 1
        match step:
            case AddTopic():
                self._check_topic(step, at)
            case TrainerJoins() | StartTraining() | Wait():
                if step.job.id not in self._jobs:
                    self._complain((*at, "job"), f'is "${step.job.id}"; no add-topic step before it has that id')
                if isinstance(step, TrainerJoins) and step.trainers is not None:
                    self._check_names(step.trainers, (*at, "trainers"), Role.TRAINER)
            case ChangeBehaviour():
                self._check_names(step.nodes, (*at, "nodes"))
                self._check_change(step, at)
            case StopNode() | StartNode():
                self._check_names(step.nodes, (*at, "nodes"))
            case Repeat():
                before = set(self._jobs)
                count += step.times * self._walk(step.steps, (*at, "steps"), repeated=True)
                self._jobs = self._jobs if step.times else before
        return count

    def _check_order(self, step: Step, at: Path, repeated: bool) -> None:
        """The protocol is deployed, then tokens handed out, then roles taken, each once; everything else follows."""
        if isinstance(step, _PREPARING):
            if repeated or _PREPARING.index(type(step)) != self._prepared:
                wanted = ", then ".join(map(name_of, _PREPARING))
                self._complain((*at, "do"), f'is "{step.do}"; a scenario begins with {wanted}, each once')
            self._prepared += 1
        elif self._prepared < len(_PREPARING) and not isinstance(step, Repeat):
            missing = name_of(_PREPARING[self._prepared])
            self._complain((*at, "do"), f'is "{step.do}"; {missing} comes before it')

    def _check_topic(self, step: AddTopic, at: Path) -> None:
        if step.requestor is None:
            count = len(self._scenario.nodes_of(Role.REQUESTOR))
            if count != 1:
                self._complain((*at, "requestor"), f"is missing; the scenario has {count} requestors")
        else:
            self._check_names([step.requestor], (*at, "requestor"), Role.REQUESTOR)
            if step.requestor not in self._roles:
                self._complain(
                    (*at, "requestor"), f'is "{step.requestor}", which is a group; it is the name of one node'
                )
        if step.trainers is not None and step.trainers.min > step.trainers.max:
            self._complain((*at, "trainers", "min"), f"is {step.trainers.min}; it is at most max, {step.trainers.max}")
        if step.id is not None:
            self._jobs.add(step.id)

    def _check_names(self, names: Iterable[str], at: Path, role: Role | None = None) -> None:
        for index, name in enumerate(names):
            here = at if role is Role.REQUESTOR else (*at, index)
            if name not in self._known:
                self._complain(here, f'is "{name}"; no node and no group has that name')
            for node in self._scenario.named([name]):
                if role is not None and self._roles[node] is not role:
                    self._complain(
                        here, f'is "{name}", a {self._roles[node].name.lower()}; it takes a {role.name.lower()}'
                    )

    def _check_change(self, step: ChangeBehaviour, at: Path) -> None:
        for node in self._scenario.named(step.nodes):
            try:
                self._check_behaviour(step.behaviour, self._roles[node], step.options)
            except ValueError as error:
                self._complain((*at, "behaviour"), f'is "{step.behaviour}": {error}')
