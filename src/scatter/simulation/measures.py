"""What each measure is of, and which keys an expectation may give it."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from scatter.simulation.scenario import HONEST, Expectation, Scenario, Selection
from scatter.simulation.step_kinds import ChangeBehaviour, all_steps

_EACH = frozenset({"each"})
_NODES = frozenset({"each", "mean", "min", "max", "sum", "count"})


@dataclass(frozen=True, slots=True)
class Measure:
    """`unit`: what its values are counted in; `keys`: those that narrow it down, `needed` of them; `aggregates`: how values may
    be put together."""

    unit: str
    keys: Collection[str] = ()
    needed: Collection[str] = ()
    aggregates: Collection[str] = _EACH


MEASURES: Mapping[str, Measure] = {
    "gain": Measure("SCT", ("of",), aggregates=_NODES),
    "gain_percent": Measure("%", ("of",), aggregates=_NODES),
    "tokens": Measure("SCT", ("of",), aggregates=_NODES),
    "stake": Measure("SCT", ("of",), aggregates=_NODES),
    "stake_sequence": Measure("SCT", ("of",)),
    "penalties": Measure("SCT", ("of",), aggregates=_NODES),
    "share": Measure("%", ("of",), aggregates=_NODES),
    "unexplained_losses": Measure("SCT", ("of",), aggregates=_NODES),
    "jobs_in_state": Measure("jobs", ("state",), ("state",)),
    "accuracy": Measure("", aggregates=_NODES),
    "challenges": Measure("challenges", ("of", "outcome", "kind")),
    "challenge_pool": Measure("SCT"),
    "max_tx_gas": Measure("gas"),
    "supply_change": Measure("SCT"),
    "scores_out_of_range": Measure("scores"),
}
"""docs/simulation.md says what each is."""


def check_expectation(expectation: Expectation, scenario: Scenario) -> None:
    """Raises ValueError(key, problem) when the measure cannot be taken, or nothing could ever fail."""
    measure = MEASURES[expectation.measure]
    _check_keys(expectation, measure)
    if expectation.aggregate not in measure.aggregates:
        allowed = ", ".join(sorted(measure.aggregates))
        raise ValueError("aggregate", f'is "{expectation.aggregate}"; for {expectation.measure} it is {allowed}')
    _check_bounds(expectation)
    if "of" in measure.keys:
        _check_selection(expectation, scenario)


def _check_keys(expectation: Expectation, measure: Measure) -> None:
    given = {key for key in ("state", "outcome", "kind") if getattr(expectation, key) is not None}
    if any(getattr(expectation.of, key) is not None for key in ("role", "group", "name", "behaviour", "honest")):
        given.add("of")
    for key in sorted(given.difference(measure.keys)):
        raise ValueError(key, f"is not for {expectation.measure}")
    for key in sorted(set(measure.needed) - given):
        raise ValueError(key, f"is missing; {expectation.measure} needs it")


def _check_bounds(expectation: Expectation) -> None:
    bounds = (expectation.at_least, expectation.at_most, expectation.equals)
    if bounds == (None, None, None):
        raise ValueError("measure", "has no at_least, at_most or equals beside it")
    if expectation.equals is not None and bounds[:2] != (None, None):
        raise ValueError("equals", "stands beside at_least or at_most; either it or they are given")
    if expectation.measure == "stake_sequence":
        if not isinstance(expectation.equals, tuple):
            raise ValueError("equals", "is not a list; for stake_sequence it is a list of numbers, one for each job")
    elif isinstance(expectation.equals, tuple):
        raise ValueError("equals", f"is a list; for {expectation.measure} it is a number")
    least, most = expectation.at_least, expectation.at_most
    if least is not None and most is not None and least > most:
        raise ValueError("at_least", f"is {least}, which is more than at_most, {most}")


def _check_selection(expectation: Expectation, scenario: Scenario) -> None:
    """There are nodes that the expectation is about: of none, everything holds."""
    of = expectation.of
    groups = [group for group in scenario.nodes if group.count]
    changed = _later_behaviours(scenario)
    if of.group is not None and of.group not in {group.group for group in scenario.nodes}:
        raise ValueError("of.group", f'is "{of.group}"; no group has that name')
    if of.name is not None and of.name not in {name for group in groups for name in group.names}:
        raise ValueError("of.name", f'is "{of.name}"; no node has that name')
    if of.behaviour is not None and of.behaviour not in {group.behaviour for group in groups}.union(*changed.values()):
        raise ValueError("of.behaviour", f'is "{of.behaviour}"; no node behaves so')
    if of.role is not None and not scenario.nodes_of(of.role):
        raise ValueError("of.role", "is a role that no node has")
    if not any(
        selects(of, group.role.name.lower(), group.group, name, {group.behaviour} | changed.get(name, set()))
        for group in groups
        for name in group.names
    ):
        raise ValueError("of", "selects no node")


def selects(of: Selection, role: str, group: str, name: str, behaviours: Collection[str]) -> bool:
    """Whether a node is one of those that an expectation is about. `behaviours`: all that it had."""
    return (
        (of.role is None or of.role.name.lower() == role)
        and of.group in (None, group)
        and of.name in (None, name)
        and (of.behaviour is None or of.behaviour in behaviours)
        and of.honest in (None, set(behaviours) == {HONEST})
    )


def _later_behaviours(scenario: Scenario) -> Mapping[str, set[str]]:
    """What steps change the behaviours of nodes to."""
    changed: dict[str, set[str]] = {}
    for step in all_steps(scenario.steps):
        if isinstance(step, ChangeBehaviour):
            for name in scenario.named(step.nodes):
                changed.setdefault(name, set()).add(step.behaviour)
    return changed
