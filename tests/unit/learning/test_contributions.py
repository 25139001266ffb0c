import hashlib

import numpy as np
import pytest
import safetensors.numpy

from scatter.learning import contributions as learning
from scatter.learning.aggregation import Rule
from scatter.learning.clipping import BLOCK
from scatter.learning.contributions import (
    COPY,
    UNREADABLE,
    Classified,
    ContributionModels,
    classify,
    lane,
    score_round,
)
from scatter.learning.errors import LearningError, PredictionError
from scatter.learning.metrics import Report
from scatter.learning.models import Model, write_model
from scatter.learning.predictions import Outputs, Truth
from scatter.protocol import scores, terms

A, B, C, D = (f"0x{letter * 40}" for letter in "abcd")
TRUTH = Truth(Outputs.PROBABILITIES, np.array([0, 1]))


def vector(*numbers: float) -> Model:
    return Model({"x": np.array(numbers, np.float64)})


def certain(p: float) -> np.ndarray:
    """Predictions whose score is p."""
    return np.array([[p, 1 - p], [1 - p, p]])


START = vector(1, 1)


def test_the_chain_and_this_package_mean_the_same_numbers():
    assert (learning.UNREADABLE, learning.COPY, learning.ZERO_LANE, learning.LARGEST_LANE) == (
        scores.UNREADABLE,
        scores.COPY,
        scores.ZERO,
        scores.LARGEST,
    )
    assert max(Rule) == terms.MAX_RULE


def test_updates_are_sorted_out_in_the_order_of_publication():
    hidden = safetensors.numpy.save({"x": np.array([2.0, -0.0])}, metadata={"by": "somebody else"})
    published = [
        (D, write_model(vector(2, 0))),
        (C, hidden),
        (B, write_model(START)),
        (A, b"PK\x03\x04"),
        ("0xee", None),
        ("0x01", write_model(vector(3, 3))),
    ]
    found = classify(START, published)
    assert found.readable == (("0x01", vector(3, 3)), (D, vector(2, 0)))
    assert found.special == {C: COPY, B: COPY, A: UNREADABLE, "0xee": UNREADABLE}
    assert found.reasons == {
        C: f"an exact copy of the update of {D}",
        B: "an exact copy of the starting model",
        A: "the model is a zip archive, as PyTorch's .pth and .pt files are; only safetensors is read",
        "0xee": "its content is not here or cannot be decrypted",
    }


def test_the_first_of_two_equal_updates_counts():
    data = write_model(vector(5, 5))
    assert classify(START, [(A, data), (B, data)]).special == {B: COPY}
    assert classify(START, [(B, data), (A, data)]).special == {A: COPY}
    assert classify(START, []) == Classified((), {}, {})


@pytest.mark.parametrize("data", [write_model(vector(5, 5)), b""])
def test_a_trainer_publishes_once(data):
    with pytest.raises(LearningError, match="published two updates"):
        classify(START, [(A, data), (A, data)])


def test_models_to_predict_with_keep_the_denominator():
    # Steps (4, 0), (0, 2), (-1, 0): the lower median norm is 2, so the first is halved.
    models = ContributionModels(START, [(C, vector(0, 1)), (A, vector(5, 1)), (B, vector(1, 3))])
    assert models.addresses == (A, B, C)
    assert len(models) == 5
    assert [model["x"].tolist() for model in models] == [
        [1, 1],
        pytest.approx([1 + 1 / 3, 1 + 2 / 3]),
        pytest.approx([1 - 1 / 3, 1 + 2 / 3]),
        pytest.approx([1 + 1 / 3, 1]),
        pytest.approx([1 + 2 / 3, 1 + 2 / 3]),
    ]
    assert [model["x"].tolist() for model in models] == [model["x"].tolist() for model in models]


def test_one_update_is_compared_with_the_starting_model():
    models = ContributionModels(START, [(A, vector(7, 9))])
    assert len(models) == 3
    assert list(models) == [START, vector(7, 9), START]


def test_without_updates_only_the_starting_model_is_predicted_with():
    models = ContributionModels(START, [])
    assert len(models) == 1
    assert list(models) == [START]


def test_models_beyond_a_block_are_those_of_their_parts():
    rng = np.random.default_rng(7)
    start, *updates = (rng.normal(size=BLOCK + 5) for _ in range(4))
    whole = ContributionModels(
        Model({"x": start}), [(a, Model({"x": u})) for a, u in zip((A, B, C), updates, strict=True)]
    )
    split = [Model({"x1": update[:9], "x2": update[9:]}) for update in updates]
    parts = ContributionModels(Model({"x1": start[:9], "x2": start[9:]}), list(zip((A, B, C), split, strict=True)))
    for one, two in zip(whole, parts, strict=True):
        assert one["x"].tobytes() == two["x1"].tobytes() + two["x2"].tobytes()


def test_models_keep_names_shapes_and_dtypes(sample, account):
    updates = [(account(number), sample(str(number))) for number in range(4)]
    assert all(model.layout == sample("start").layout for model in ContributionModels(sample("start"), updates))


def test_the_bits_of_the_models_are_fixed(sample, account):
    updates = [(account(number), sample(str(number))) for number in range(4)]
    files = b"".join(write_model(model) for model in ContributionModels(sample("start"), updates))
    assert hashlib.sha256(files).hexdigest()[:16] == "be4894f8cc8b2c8b"


def two() -> Classified[str]:
    return Classified(((A, vector(2, 2)), (B, vector(3, 3))), {C: COPY, D: UNREADABLE}, {})


def test_lanes_are_the_differences_of_scores():
    result = score_round(two(), [certain(0.6), certain(0.8), certain(0.7), certain(0.85)], TRUTH, Report.ACCURACY)
    assert result.report == 10_000
    assert result.lanes == {A: 16_384 + 10_000, B: 16_384 - 5_000, C: COPY, D: UNREADABLE}


def test_a_round_without_readable_updates_has_a_report():
    nobody: Classified[str] = Classified((), {A: COPY}, {})
    result = score_round(nobody, [certain(0.4)], TRUTH, Report.ACCURACY)
    assert (result.report, result.lanes) == (0, {A: COPY})


def test_one_update_is_scored_against_the_starting_model():
    one = Classified(((A, vector(2, 2)),), {}, {})
    result = score_round(one, [certain(0.6), certain(0.7), certain(0.6)], TRUTH, Report.ACCURACY)
    assert result.lanes == {A: 16_384 + 10_000}


def test_a_model_without_usable_predictions_scores_nothing():
    result = score_round(two(), [certain(0.6), None, None, certain(0.2)], TRUTH, Report.ACCURACY)
    assert result.lanes == {A: 16_384, B: 0, C: COPY, D: UNREADABLE}


@pytest.mark.parametrize(
    ("predictions", "message"),
    [
        ([certain(0.5)] * 3, "predictions of 3 models, expected 4"),
        ([None, *[certain(0.5)] * 3], "no usable predictions of the starting model"),
        ([*[certain(0.5)] * 3, np.ones((2, 3))], r"differ in shape from those of its starting model, \(2, 2\)"),
        ([np.ones((3, 2))] * 4, "for 2 inputs"),
    ],
)
def test_predictions_must_be_those_of_the_models(predictions, message):
    with pytest.raises(PredictionError, match=message):
        score_round(two(), predictions, TRUTH, Report.ACCURACY)


@pytest.mark.parametrize(
    ("contribution", "expected"),
    [
        (0.0, 16_384),
        (1e-5, 16_385),
        (-1e-5, 16_383),
        (0.5 * 2**-16, 16_385),
        (1 / 64, 16_384 + 1_562),
        (3 / 64, 16_384 + 4_688),
        (-1 / 64, 16_384 - 1_562),
        (0.16381, 32_765),
        (0.5, 32_765),
        (1.0, 32_765),
        (-0.16384, 0),
        (-1.0, 0),
    ],
)
def test_lanes(contribution, expected):
    assert lane(contribution) == expected


def test_an_update_of_another_layout_is_unreadable():
    start, other = Model({"w": np.zeros(2)}), Model({"w": np.ones(3)})
    classified = classify(start, [("0xa", write_model(other)), ("0xb", write_model(Model({"w": np.ones(2)})))])
    assert set(classified.special) == {"0xa"}
    assert [address for address, _ in classified.readable] == ["0xb"]
