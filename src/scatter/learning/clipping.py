"""Steps (update − starting model), their norms, and scaling them down to a bound.

Clipping to the median norm bounds what one update can do however large it is; see Sun et al., "Can You Really Backdoor
Federated Learning?" (2019, arXiv:1911.07963) for norm bounding as a defence.

To the bit: a norm is the square root of the sum of squares, added in float64 from left to right, tensor by tensor in the
order of names, each in C order. `np.add.accumulate` is that loop by definition (each partial sum is one of its results);
its error grows with the number of terms, for 10^7 parameters to 10^-9 of the norm at worst. `math.fsum` would be exact at thirty
times the cost.
"""

import math
from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from scatter.learning.models import MAX_MAGNITUDE, Model

Float64Array = NDArray[np.float64]

BLOCK = 1 << 13
"""Elements handled at once: a block of 63 updates stays in the processor's cache. Results do not depend on it."""


def blocks(model: Model) -> Iterator[tuple[str, slice]]:
    """All elements of a model in pieces: a tensor's name and a range of its elements in C order."""
    for name, tensor in model.items():
        for begin in range(0, tensor.size, BLOCK):
            yield name, slice(begin, min(begin + BLOCK, tensor.size))


def values(model: Model, name: str, part: slice) -> Float64Array:
    """A range of a tensor's elements in C order, as float64 (exact)."""
    return model[name].reshape(-1)[part].astype(np.float64)


def step(start: Model, update: Model, name: str, part: slice) -> Float64Array:
    """update − start over a range of elements, in float64."""
    difference = values(update, name, part)
    difference -= values(start, name, part)
    return difference


def step_norm(start: Model, update: Model) -> float:
    """Euclidean norm of update − start: finite, 0 for a copy."""
    total = 0.0
    for name, part in blocks(start):
        squares = np.square(step(start, update, name, part))
        squares[0] += total
        total = float(np.add.accumulate(squares)[-1])
    return math.sqrt(total)


def lower_median(norms: Sequence[float]) -> float:
    """The smallest value that at least half of the values do not exceed; `norms` is not empty."""
    return sorted(norms)[(len(norms) - 1) // 2]


def weighted_lower_median(norms: Sequence[float], weights: Sequence[int]) -> float:
    """The smallest value such that the values up to it carry half of the weight; weights are positive integers."""
    total, carried = sum(weights), 0
    for norm, weight in sorted(zip(norms, weights, strict=True)):
        carried += weight
        if 2 * carried >= total:
            return norm
    raise ValueError("the median of nothing")


def clip_factor(norm: float, bound: float) -> float:
    """What a step of this norm is multiplied by so that its norm is at most `bound`: 0 to 1, 1 when it fits."""
    return 1.0 if norm <= bound else bound / norm


def rounded(elements: Float64Array, dtype: np.dtype[np.floating]) -> NDArray[np.floating]:
    """The one cast at the end: float64 to a tensor's dtype, to nearest even, kept within what a model may hold."""
    limit = min(float(np.finfo(dtype).max), MAX_MAGNITUDE)
    return np.clip(elements, -limit, limit).astype(dtype)
