import math

import numpy as np
import pytest

from scatter.learning.clipping import (
    BLOCK,
    blocks,
    clip_factor,
    lower_median,
    rounded,
    step_norm,
    weighted_lower_median,
)
from scatter.learning.models import Model


def test_blocks_cover_every_element_once_in_order():
    model = Model({"b": np.zeros((2, BLOCK)), "a": np.zeros(()), "c": np.zeros(BLOCK + 1)})
    assert list(blocks(model)) == [
        ("a", slice(0, 1)),
        ("b", slice(0, BLOCK)),
        ("b", slice(BLOCK, 2 * BLOCK)),
        ("c", slice(0, BLOCK)),
        ("c", slice(BLOCK, BLOCK + 1)),
    ]


def test_a_norm_is_summed_from_left_to_right_across_blocks_and_tensors():
    rng = np.random.default_rng(1)
    start = {"a": rng.normal(size=(3, 5000)).astype(np.float32), "b": rng.normal(size=700)}
    update = {name: tensor + rng.normal(size=tensor.shape).astype(tensor.dtype) for name, tensor in start.items()}
    total = 0.0
    for name in ("a", "b"):
        for before, after in zip(start[name].ravel().tolist(), update[name].ravel().tolist(), strict=True):
            total += (after - before) * (after - before)
    assert step_norm(Model(start), Model(update)) == math.sqrt(total)


def test_norms_of_extremes_are_finite():
    start, far = Model({"x": np.full(4, -3.4e38)}), Model({"x": np.full(4, 3.4e38)})
    assert step_norm(start, far) == pytest.approx(13.6e38)
    assert step_norm(start, start) == 0


@pytest.mark.parametrize(
    ("norms", "median"), [([3.0], 3.0), ([3.0, 1.0], 1.0), ([5.0, 1.0, 3.0], 3.0), ([4.0, 1.0, 3.0, 2.0], 2.0)]
)
def test_lower_median(norms, median):
    assert lower_median(norms) == median
    assert weighted_lower_median(norms, [7] * len(norms)) == median


def test_weights_move_the_median():
    assert weighted_lower_median([1.0, 2.0, 3.0], [1, 1, 3]) == 3.0
    assert weighted_lower_median([1.0, 2.0, 3.0], [1, 1, 2]) == 2.0
    assert weighted_lower_median([3.0, 1.0], [5, 5]) == 1.0
    assert weighted_lower_median([3.0, 1.0], [6, 5]) == 3.0
    with pytest.raises(ValueError, match="nothing"):
        weighted_lower_median([], [])


def test_clip_factors():
    assert clip_factor(2.0, 2.0) == 1.0
    assert clip_factor(0.0, 0.0) == 1.0
    assert clip_factor(8.0, 2.0) == 0.25
    assert clip_factor(8.0, 0.0) == 0.0


def test_the_cast_rounds_once_to_even_and_stays_within_the_dtype():
    # By way of float32 the first would become a tie and round down to 1.
    assert rounded(np.array([1 + 2.0**-11 + 2.0**-40]), np.dtype("<f2"))[0] == 1 + 2.0**-10
    assert rounded(np.array([1 + 2.0**-24, 1 + 3 * 2.0**-24]), np.dtype("<f4")).tolist() == [1.0, 1 + 2.0**-22]
    assert rounded(np.array([1e6, -1e6]), np.dtype("<f2")).tolist() == [65504.0, -65504.0]
    assert rounded(np.array([1e300]), np.dtype("<f8"))[0] == float(np.finfo(np.float32).max)
