"""Krum: the update whose nearest neighbours are nearest (Blanchard, El Mhamdi, Guerraoui, Stainer, "Machine Learning with
Adversaries: Byzantine Tolerant Gradient Descent", NeurIPS 2017).

Of n updates it is taken to tolerate f = ⌊(n − 3)/2⌋ bad ones, the most for which n ≥ 2f + 3. An update's score is the sum of
its squared distances to its n − f − 2 nearest others, at least one; the lowest wins, ties go to the larger settled
contribution and then to the lower address. With two updates both scores are equal, so the contribution decides.

Distances are exact integers, so their order cannot depend on how they were summed. A coordinate of a step is counted in
units of 2^-16 of the power of two next above the lower median norm of all steps, rounded to nearest even, and held within
±2^23, 128 times that power. Whatever leaves this range stays farther from every step within the median than those are from
each other, but is not told apart from what left it on the same side.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scatter.learning.clipping import blocks, lower_median, step, step_norm
from scatter.learning.models import Model

UNIT_BITS = 16
REACH = 1 << 23


def krum_index(start: Model, models: Sequence[Model], settled: Sequence[int]) -> int:
    """Which of `models` (in the order of addresses, one or more) Krum chooses; `settled` are their contributions."""
    distances = _squared_distances(start, models)
    neighbours = max(1, len(models) - max(0, (len(models) - 3) // 2) - 2)
    scores = [
        sum(sorted(distance for other, distance in enumerate(row) if other != index)[:neighbours])
        for index, row in enumerate(distances)
    ]
    return min(range(len(models)), key=lambda index: (scores[index], -settled[index], index))


def _squared_distances(start: Model, models: Sequence[Model]) -> list[list[int]]:
    """Squared distances between all steps, in squared units; symmetric, zeros on the diagonal."""
    _, exponent = math.frexp(lower_median([step_norm(start, model) for model in models]))
    total = [[0] * len(models) for _ in models]
    for name, part in blocks(start):
        steps = np.stack([_units(start, model, name, part, UNIT_BITS - exponent) for model in models])
        for index in range(len(models) - 1):
            # At most 2^24 apart, squared 2^48, over a block of 2^13 elements 2^61: int64 holds the sum.
            apart = steps[index + 1 :] - steps[index]
            apart *= apart
            for other, squared in enumerate(apart.sum(axis=1).tolist(), index + 1):
                total[index][other] += squared
                total[other][index] += squared
    return total


def _units(start: Model, model: Model, name: str, part: slice, shift: int) -> NDArray[np.int64]:
    """A step over a range of elements, times 2^shift (exact but for what is next to nothing), rounded, within reach."""
    with np.errstate(over="ignore"):
        scaled = np.ldexp(step(start, model, name, part), shift)
    units: NDArray[np.int64] = np.rint(np.clip(scaled, -REACH, REACH)).astype(np.int64)
    return units
