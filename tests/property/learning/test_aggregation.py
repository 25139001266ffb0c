import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from scatter.learning.aggregation import Rule, aggregate
from scatter.learning.clipping import step_norm
from scatter.learning.contributions import ContributionModels
from scatter.learning.models import MAX_MAGNITUDE, Model, write_model

RULES = st.sampled_from(Rule)
Updates = list[tuple[str, Model]]


def model_of(flat: np.ndarray) -> Model:
    return Model({"b": flat[:2], "w": flat[2:].reshape(2, 2)})


@st.composite
def rounds(draw: st.DrawFn, magnitude: float = 100.0, most: int = 9) -> tuple[Model, Updates, dict[str, int]]:
    """A starting model, updates and settled contributions; six parameters of one dtype."""
    dtype = draw(st.sampled_from([np.float16, np.float32, np.float64]))
    width = np.dtype(dtype).itemsize * 8
    limit = min(magnitude, float(np.finfo(dtype).max))
    elements = st.floats(-limit, limit, width=width)
    flats = hnp.arrays(dtype, 6, elements=elements)
    addresses = draw(st.lists(st.integers(0, 2**160 - 1), min_size=1, max_size=most, unique=True))
    updates = [(f"0x{number:040x}", model_of(draw(flats))) for number in addresses]
    settled = {address: draw(st.integers(1, 16_381)) for address, _ in updates}
    return model_of(draw(flats)), updates, settled


@given(RULES, rounds(), st.randoms(use_true_random=False))
def test_the_order_of_updates_does_not_matter_and_equal_inputs_give_equal_bytes(rule, round_, random):
    start, updates, settled = round_
    first = write_model(aggregate(rule, start, updates, settled))
    shuffled = list(updates)
    random.shuffle(shuffled)
    assert write_model(aggregate(rule, start, shuffled, settled)) == first
    copies = [(address, Model(dict(model))) for address, model in updates]
    assert write_model(aggregate(rule, Model(dict(start)), copies, dict(reversed(settled.items())))) == first


@given(RULES, rounds(magnitude=MAX_MAGNITUDE))
def test_results_stay_between_the_smallest_and_the_largest_number_that_came_in(rule, round_):
    start, updates, settled = round_
    result = aggregate(rule, start, updates, settled)
    inputs = [model for _, model in updates] + ([start] if rule is Rule.CONTRIBUTION else [])
    assert result.layout == start.layout
    for name in start:
        stack = np.stack([model[name] for model in inputs]).astype(np.float64)
        low, high = stack.min(axis=0), stack.max(axis=0)
        # Rounding in float64, in units of the largest number.
        slack = 1e-14 * np.abs(stack).max(axis=0)
        assert (result[name] >= low - slack).all()
        assert (result[name] <= high + slack).all()


@given(rounds())
def test_krum_picks_one_of_its_inputs(round_):
    start, updates, settled = round_
    assert write_model(aggregate(Rule.KRUM, start, updates, settled)) in {write_model(model) for _, model in updates}


def exact(model: Model) -> list[Fraction]:
    return [Fraction(float(number)) for name in model for number in model[name].ravel()]


@given(rounds(most=7))
def test_krum_picks_what_exact_arithmetic_picks(round_):
    start, updates, settled = round_
    points = [exact(model) for _, model in updates]
    n = len(points)
    neighbours = max(1, n - max(0, (n - 3) // 2) - 2)

    def krum(point: int) -> Fraction:
        distances = [
            sum(((p - q) ** 2 for p, q in zip(points[point], points[other], strict=True)), Fraction(0))
            for other in range(n)
            if other != point
        ]
        return sum(sorted(distances)[:neighbours], Fraction(0))

    scores = [krum(point) for point in range(n)]
    chosen = aggregate(Rule.KRUM, start, updates, settled)
    index = next(index for index, (_, model) in enumerate(updates) if model == chosen)
    # Coordinates are held to 2^-16 of the median norm (and within 128 times of it), so near ties may fall either way.
    norms = sorted(step_norm(start, model) for _, model in updates)
    median = norms[(n - 1) // 2]
    if norms[-1] <= 128 * median:
        grain = Fraction(2.0**-15 * median) * 6
        assert scores[index] <= min(scores) + neighbours * (2 * grain * Fraction(512 * median + 1e-300) + grain**2)


@given(rounds(), st.floats(1, 1e30))
def test_a_scaled_update_moves_the_model_no_farther_than_the_weighted_median_norm(round_, factor):
    start, updates, settled = round_
    flat = np.concatenate([start[name].ravel().astype(np.float64) for name in start])
    doubles = [(a, model_of(np.concatenate([m[n].ravel().astype(np.float64) for n in m]))) for a, m in updates]
    begin = model_of(flat)
    attacker, honest = doubles[0][0], doubles[1:]
    if sum(settled[address] for address, _ in honest) <= settled[attacker]:
        return
    far = model_of(np.clip(flat + factor * (flat - 1), -MAX_MAGNITUDE, MAX_MAGNITUDE))
    result = aggregate(Rule.CONTRIBUTION, begin, [(attacker, far), *honest], settled)
    assert step_norm(begin, result) <= max(step_norm(begin, model) for _, model in honest) * (1 + 1e-12) + 1e-12


@given(rounds())
def test_what_contributes_equally_and_is_no_larger_than_the_median_is_averaged(round_):
    start, updates, _ = round_
    update = updates[0][1]
    same = [(address, update) for address, _ in updates]
    result = aggregate(Rule.CONTRIBUTION, start, same, {address: 7 for address, _ in same})
    for name in start:
        assert result[name] == pytest.approx(update[name], rel=1e-12, abs=1e-10)


@given(rounds())
def test_leaving_out_each_update_in_turn_adds_up(round_):
    """Σ (A − A without i) = A − start: each model without an update lacks exactly its step."""
    start, updates, _ = round_
    begin, everybody, *without = [
        np.concatenate([model[name].ravel().astype(np.float64) for name in model])
        for model in ContributionModels(start, updates)
    ]
    tolerance = (
        4 * len(updates) * float(np.finfo(start["b"].dtype).eps) * max(1e-3, np.abs([begin, everybody, *without]).max())
    )
    assert np.abs(sum(everybody - other for other in without) - (everybody - begin)).max() <= tolerance


@given(rounds())
def test_contribution_agrees_with_its_formula(round_):
    start, updates, settled = round_
    ordered = sorted((step_norm(start, model), settled[address]) for address, model in updates)
    half, carried, bound = sum(settled.values()) / 2, 0, 0.0
    for norm, weight in ordered:
        carried += weight
        if carried >= half:
            bound = norm
            break
    total = sum(math.sqrt(c) for c in settled.values())
    result = aggregate(Rule.CONTRIBUTION, start, updates, settled)
    for name in start:
        base = start[name].astype(np.float64)
        expected = base + sum(
            math.sqrt(settled[a])
            / total
            * min(1.0, bound / (step_norm(start, m) or 1))
            * (m[name].astype(np.float64) - base)
            for a, m in updates
        )
        assert result[name] == pytest.approx(
            expected.astype(start[name].dtype), rel=2e-3 if start[name].dtype == np.float16 else 1e-6, abs=1e-6
        )
