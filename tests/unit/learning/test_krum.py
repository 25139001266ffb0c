"""Krum's distances are integers to the last unit."""

import numpy as np

from scatter.learning.krum import krum_index
from scatter.learning.models import Model

ELEMENTS = 8192
OUT_OF_REACH = 1e9
NEAR = 2.0**15
"""The lower median of the norms is NEAR * √2, so that a unit is 1."""


def model(values: dict[int, float], everywhere: float = 0.0) -> Model:
    array = np.full(ELEMENTS, everywhere, dtype=np.float32)
    for index, value in values.items():
        array[index] = value
    return Model({"weights": array})


def test_a_difference_that_floats_would_lose_decides() -> None:
    """Three near ones of six have two near neighbours each, so the third is far: 2^59 squared units, where floats count in steps
    of 128. The first is 12 squared units better, and the settled contributions speak for the second."""
    near = [model({0: 1, 1: -1}), model({0: 2, 1: -2}), model({2: NEAR, 3: -NEAR})]
    alternating = np.where(np.arange(ELEMENTS) % 2, OUT_OF_REACH, -OUT_OF_REACH).astype(np.float32)
    far = [model({}, OUT_OF_REACH), model({}, -OUT_OF_REACH), Model({"weights": alternating})]
    assert krum_index(model({}), [*near, *far], [0, 1, 0, 0, 0, 0]) == 0
    assert krum_index(model({}), [near[1], near[0], near[2], *far], [1, 0, 0, 0, 0, 0]) == 1
