import io
import math

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from scatter.learning.contributions import LARGEST_LANE, ZERO_LANE, lane
from scatter.learning.errors import PredictionError, TruthError
from scatter.learning.metrics import Report, report_value, score
from scatter.learning.predictions import Outputs, Truth, read_predictions, read_truth

KINDS = st.sampled_from(Outputs)


def npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def refused_or_read(data: bytes, rows: int, outputs: Outputs, columns: int | None) -> None:
    """Whatever comes in, finite numbers of the right shape go out or an error of this package does."""
    messages = []
    try:
        array = read_predictions(data, rows, outputs, columns)
    except PredictionError as error:
        messages.append(str(error))
    else:
        assert array.shape == (rows, array.shape[1] if columns is None else columns)
        assert np.isfinite(array).all()
    try:
        truth = read_truth(data, outputs)
    except TruthError as error:
        messages.append(str(error))
    else:
        assert truth.rows > 0
    assert all(message.isprintable() and len(message) < 400 for message in messages)


@given(st.binary(max_size=150), KINDS)
@example(b"\x93NUMPY\x01\x00", Outputs.VALUES)
def test_any_bytes(data, outputs):
    refused_or_read(data, 1, outputs, 2)
    refused_or_read(b"\x93NUMPY\x01\x00" + data, 1, outputs, None)


@given(hnp.arrays(hnp.scalar_dtypes(), hnp.array_shapes(min_dims=0, max_dims=3, min_side=0, max_side=3)), KINDS)
def test_any_array(array, outputs):
    refused_or_read(npy(array), 2, outputs, 2)
    refused_or_read(npy(array), 1, outputs, None)


@given(st.data(), KINDS)
def test_any_damage_to_a_file(data, outputs):
    written = bytearray(npy(np.full((3, 2), 0.5)))
    for _ in range(data.draw(st.integers(1, 4))):
        written[data.draw(st.integers(0, len(written) - 1))] = data.draw(st.integers(0, 255))
    refused_or_read(bytes(written[: data.draw(st.integers(0, len(written)) | st.just(len(written)))]), 3, outputs, 2)


@given(
    hnp.arrays(
        st.sampled_from([np.float32, np.float64]),
        hnp.array_shapes(min_dims=2, max_dims=2),
        elements=st.floats(-1e6, 1e6, width=32),
    )
)
def test_good_values_arrive_unchanged(array):
    for written in (array, np.asfortranarray(array)):
        assert np.array_equal(read_predictions(npy(written), len(array), Outputs.VALUES), array)


@st.composite
def classified(draw: st.DrawFn) -> tuple[np.ndarray, Truth]:
    rows, classes = draw(st.integers(1, 8)), draw(st.integers(1, 5))
    weights = draw(hnp.arrays(np.float64, (rows, classes), elements=st.floats(0.001, 1)))
    truth = draw(hnp.arrays(np.int64, rows, elements=st.integers(0, classes - 1)))
    return weights / weights.sum(axis=1, keepdims=True), Truth(Outputs.PROBABILITIES, truth)


@given(classified())
def test_scores_of_probabilities_lie_between_the_worst_and_the_best_row(case):
    probabilities, truth = case
    chosen = probabilities[np.arange(truth.rows), truth.array]
    assert chosen.min() * (1 - 1e-12) <= score(probabilities, truth) <= chosen.max() * (1 + 1e-12)
    for report in (Report.ACCURACY, Report.F1_MACRO):
        assert 0 <= report_value(report, probabilities, truth) <= 10_000


@given(
    hnp.arrays(np.float64, (5, 2), elements=st.floats(-1e3, 1e3)),
    hnp.arrays(np.float64, (5, 2), elements=st.integers(-1000, 1000), unique=True),
)
def test_scores_of_values_lie_in_range_and_follow_r2(predictions, targets):
    truth = Truth(Outputs.VALUES, targets)
    value, r2 = score(predictions, truth), report_value(Report.R2, predictions, truth)
    assert 0 <= value <= 1
    assert r2 == pytest.approx(10_000 * max(0.0, 2 - 1 / value), abs=0.51)
    assert score(targets, truth) == 1


@given(st.floats(-1, 1), st.floats(-1, 1))
def test_lanes_keep_order_and_range(first, second):
    low, high = sorted((first, second))
    assert 0 <= lane(low) <= lane(high) <= LARGEST_LANE
    if abs(first) < 0.16:
        assert math.isclose(lane(first) - ZERO_LANE, first * 1e5, abs_tol=0.5 + 1e-9)
