"""Whether a simulation came out as its scenario expects: each measure taken, put together and held against its bounds."""

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any

from scatter.protocol.ids import SCT
from scatter.simulation.losses import Grounds
from scatter.simulation.measures import selects
from scatter.simulation.result import NodeResult, SimulationResult
from scatter.simulation.scenario import Expectation, Selection

Seen = Fraction | tuple[Fraction, ...]
"""One value of a measure, in the measure's unit; a sequence for `stake_sequence`."""

DIGITS = 4
"""So many decimals are shown of what was seen. What is compared is exact."""


def evaluate(expectations: Sequence[Expectation], result: SimulationResult) -> list[dict[str, Any]]:
    """For each expectation its text, whether it held, and what was seen: a number, or numbers by node or job. JSON values."""
    return [_evaluated(expectation, result) for expectation in expectations]


def _evaluated(expectation: Expectation, result: SimulationResult) -> dict[str, Any]:
    values = _values(expectation, result)
    if expectation.aggregate != "each" and values:
        together = _TOGETHER[expectation.aggregate]([value for value in values.values() if isinstance(value, Fraction)])
        values = {"": together}
    # Of nothing everything would hold.
    held = bool(values) and all(_holds(expectation, value) for value in values.values())
    shown = {name: _shown(value) for name, value in values.items()}
    return {"text": expectation.text, "held": held, "seen": shown[""] if list(shown) == [""] else shown}


def _holds(expectation: Expectation, value: Seen) -> bool:
    if isinstance(value, tuple):
        wanted = expectation.equals if isinstance(expectation.equals, tuple) else ()
        return value[: len(wanted)] == tuple(map(Fraction, wanted))
    if isinstance(expectation.equals, Decimal):
        return value == Fraction(expectation.equals)
    least, most = expectation.at_least, expectation.at_most
    return (least is None or value >= Fraction(least)) and (most is None or value <= Fraction(most))


def _shown(value: Seen) -> Any:
    if isinstance(value, tuple):
        return [_shown(one) for one in value]
    return int(value) if value.denominator == 1 else round(float(value), DIGITS)


def _mean(values: Sequence[Fraction]) -> Fraction:
    return sum(values, Fraction(0)) / len(values)


def _total(values: Sequence[Fraction]) -> Fraction:
    return sum(values, Fraction(0))


def _above_zero(values: Sequence[Fraction]) -> Fraction:
    return Fraction(sum(value > 0 for value in values))


_TOGETHER: Mapping[str, Callable[[Sequence[Fraction]], Fraction]] = {
    "mean": _mean,
    "min": min,
    "max": max,
    "sum": _total,
    "count": _above_zero,
}


def _values(expectation: Expectation, result: SimulationResult) -> dict[str, Seen]:
    """The measure's values: by name of a node or a job, or one under an empty name."""
    measure = expectation.measure
    if measure in _OF_NODES:
        take = _OF_NODES[measure]
        return {node.name: take(node, result) for node in result.nodes if _selected(expectation.of, node)}
    if measure == "accuracy":
        metrics = {job.name: job.final_metric for job in result.jobs}
        return {name: Fraction(metric) for name, metric in metrics.items() if metric is not None}
    return {"": _OF_ALL[measure](expectation, result)}


def _selected(of: Selection, node: NodeResult) -> bool:
    return selects(of, node.role, node.group, node.name, node.behaviours)


def _sct(amount: int) -> Fraction:
    return Fraction(amount, SCT)


def _gain_percent(node: NodeResult, result: SimulationResult) -> Fraction:
    del result
    before = node.before.tokens + node.before.stake
    return Fraction(100 * node.gain, before) if before else Fraction(0)


def _stake_sequence(node: NodeResult, result: SimulationResult) -> tuple[Fraction, ...]:
    del result
    stakes = [node.before.stake]
    for stake in node.stakes:
        if stake != stakes[-1]:
            stakes.append(stake)
    return tuple(map(_sct, stakes))


def _share(node: NodeResult, result: SimulationResult) -> Fraction:
    all_shares = sum(sum(job.shares.values()) for job in result.jobs)
    own = sum(job.shares.get(node.name, 0) for job in result.jobs)
    return Fraction(100 * own, all_shares) if all_shares else Fraction(0)


def _unexplained(node: NodeResult, result: SimulationResult) -> Fraction:
    lost = (loss.amount for loss in result.losses if loss.node == node.name and loss.grounds is Grounds.UNEXPLAINED)
    return _sct(sum(lost))


_OF_NODES: Mapping[str, Callable[[NodeResult, SimulationResult], Seen]] = {
    "gain": lambda node, result: _sct(node.gain),
    "gain_percent": _gain_percent,
    "tokens": lambda node, result: _sct(node.after.tokens),
    "stake": lambda node, result: _sct(node.after.stake),
    "stake_sequence": _stake_sequence,
    "penalties": lambda node, result: _sct(node.penalties),
    "share": _share,
    "unexplained_losses": _unexplained,
}


def _challenges(expectation: Expectation, result: SimulationResult) -> Fraction:
    filers = {node.name for node in result.nodes if _selected(expectation.of, node)}
    return Fraction(
        sum(
            expectation.outcome in (None, challenge.outcome)
            and expectation.kind in (None, challenge.kind)
            and not filers.isdisjoint(challenge.challengers)
            for job in result.jobs
            for challenge in job.challenges
        )
    )


_OF_ALL: Mapping[str, Callable[[Expectation, SimulationResult], Fraction]] = {
    "jobs_in_state": lambda expectation, result: Fraction(result.jobs_by_state.get(str(expectation.state), 0)),
    "challenges": _challenges,
    "challenge_pool": lambda expectation, result: _sct(result.challenge_pool),
    "max_tx_gas": lambda expectation, result: Fraction(result.max_tx_gas),
    "supply_change": lambda expectation, result: _sct(result.supply_after - result.supply_before),
    "scores_out_of_range": lambda expectation, result: Fraction(len(result.crossings)),
}
