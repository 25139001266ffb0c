"""The rules by which the accepted updates of a round become the next global model. Equal inputs give equal bits everywhere.

Updates are taken in the order of their trainers' addresses, whatever order they come in. Every element is computed in
float64, one operation after the other, and cast once at the end to the tensor's dtype, to nearest even. Square roots and
divisions are those of IEEE 754.

- `contribution` (0): start + Σ wᵢ·dᵢ, where dᵢ = uᵢ − start scaled down to the contribution-weighted lower median norm and
  wᵢ = √cᵢ / Σ√c. docs/protocol.md says why.
- `mean` (1): Σ uᵢ / n, the FedAvg of McMahan et al. 2017 (arXiv:1602.05629), but unweighted: a trainer's word on its number of
  examples is worth nothing here.
- `median` (2): the median of each coordinate, of an even number the mean of the two in the middle (Yin et al. 2018,
  arXiv:1803.01498).
- `trimmed_mean` (3): the mean of each coordinate without the ⌊n/5⌋ smallest and the ⌊n/5⌋ largest values (Yin et al. 2018, β = 0.2).
- `krum` (4): the one update that is nearest to its neighbours (Blanchard et al. 2017, NeurIPS; see `krum`).

One update: each rule gives that update (`contribution` to within one rounding). Two: `contribution` clips to the norm of the
smaller when it carries at least half of the contribution, else not at all; `median`, `trimmed_mean` and `mean` agree but for
rounding; `krum` takes the one with the larger contribution.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from enum import IntEnum
from typing import TypeVar

import numpy as np

from scatter.learning.clipping import (
    BLOCK,
    Float64Array,
    blocks,
    clip_factor,
    rounded,
    step,
    step_norm,
    values,
    weighted_lower_median,
)
from scatter.learning.errors import AggregationError, ModelError, shown
from scatter.learning.krum import krum_index
from scatter.learning.models import Model, require_layout

Account = TypeVar("Account", bound=str)

TRIMMED_FRACTION = 5
"""`trimmed_mean` leaves out one in five updates at each end, rounded down: none of fewer than five."""


class Rule(IntEnum):
    """An aggregation rule. Its value is the uint8 that names it on the chain, its lower-case name the one in job.toml."""

    CONTRIBUTION = 0
    MEAN = 1
    MEDIAN = 2
    TRIMMED_MEAN = 3
    KRUM = 4

    @property
    def label(self) -> str:
        """The name in job.toml: `contribution`, `mean`, `median`, `trimmed_mean`, `krum`."""
        return self.name.lower()

    @classmethod
    def named(cls, label: str) -> "Rule":
        """The rule of a name; AggregationError that lists all names when there is none."""
        for rule in cls:
            if rule.label == label:
                return rule
        known = ", ".join(rule.label for rule in cls)
        raise AggregationError(f"there is no aggregation rule {shown(label)!r}; rules are {known}")


def aggregate(
    rule: Rule, start: Model, updates: Sequence[tuple[Account, Model]], contributions: Mapping[Account, int]
) -> Model:
    """The next global model.

    `start` is the model the round started from, `updates` the accepted updates by trainer (lower-case address, each once),
    `contributions` the settled contribution of each of them in units of 1e-5, positive integers.
    AggregationError when there are no updates, when addresses repeat or do not match the contributions, when a contribution is
    not positive, or when an update's tensors are not those of `start`.
    """
    ordered = sorted(updates, key=lambda update: update[0])
    addresses, models = [address for address, _ in ordered], [model for _, model in ordered]
    _check(start, ordered, contributions)
    settled = [contributions[address] for address in addresses]
    if rule is Rule.KRUM:
        return models[krum_index(start, models, settled)]
    if rule is Rule.CONTRIBUTION:
        return _by_contribution(start, models, settled)
    return _by_coordinate(models, _COORDINATE_RULES[rule])


def _check(start: Model, ordered: Sequence[tuple[Account, Model]], contributions: Mapping[Account, int]) -> None:
    addresses = [address for address, _ in ordered]
    if not ordered:
        raise AggregationError("no update was accepted, so there is nothing to aggregate")
    if len(set(addresses)) != len(addresses):
        raise AggregationError("a trainer has two updates in one round")
    if any(address != address.lower() for address in addresses):
        raise AggregationError("addresses must be in lower case: their order decides roundings")
    if set(addresses) != set(contributions):
        raise AggregationError("every accepted update needs a contribution, and every contribution an update")
    for address, model in ordered:
        if contributions[address] <= 0:
            raise AggregationError(f"the contribution of {shown(address)} is not positive: its update is not accepted")
        try:
            require_layout(model, start)
        except ModelError as error:
            raise AggregationError(
                f"the update of {shown(address)} does not fit the starting model: {error}"
            ) from error


def _by_contribution(start: Model, models: Sequence[Model], settled: Sequence[int]) -> Model:
    norms = [step_norm(start, model) for model in models]
    bound = weighted_lower_median(norms, settled)
    roots = [math.sqrt(contribution) for contribution in settled]
    total = math.fsum(roots)
    factors = [root / total * clip_factor(norm, bound) for root, norm in zip(roots, norms, strict=True)]
    result = {name: np.empty_like(tensor) for name, tensor in start.items()}
    for name, part in blocks(start):
        moved = np.zeros(part.stop - part.start)
        for model, factor in zip(models, factors, strict=True):
            moved += step(start, model, name, part) * factor
        moved += values(start, name, part)
        result[name].reshape(-1)[part] = rounded(moved, start[name].dtype)
    return Model(result)


def _by_coordinate(models: Sequence[Model], reduce: Callable[[Float64Array], Float64Array]) -> Model:
    first = models[0]
    result = {name: np.empty_like(tensor) for name, tensor in first.items()}
    buffer = np.empty((BLOCK, len(models)))
    for name, part in blocks(first):
        columns = buffer[: part.stop - part.start]
        for index, model in enumerate(models):
            columns[:, index] = model[name].reshape(-1)[part]
        result[name].reshape(-1)[part] = rounded(reduce(columns), first[name].dtype)
    return Model(result)


def _mean(columns: Float64Array) -> Float64Array:
    """Rows are coordinates, columns are updates: added from left to right, divided once."""
    total = np.zeros(len(columns))
    for column in columns.T:
        total += column
    total /= columns.shape[1]
    return total


def _median(columns: Float64Array) -> Float64Array:
    middle = columns.shape[1] // 2
    ordered = np.sort(columns, axis=1)
    return ordered[:, middle] if columns.shape[1] % 2 else (ordered[:, middle - 1] + ordered[:, middle]) / 2


def _trimmed_mean(columns: Float64Array) -> Float64Array:
    """Added from the smallest kept value up."""
    cut = columns.shape[1] // TRIMMED_FRACTION
    return _mean(np.sort(columns, axis=1)[:, cut : columns.shape[1] - cut])


_COORDINATE_RULES = {Rule.MEAN: _mean, Rule.MEDIAN: _median, Rule.TRIMMED_MEAN: _trimmed_mean}
