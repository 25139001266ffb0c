import math

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, f1_score, r2_score

from scatter.learning.errors import PredictionError, TruthError
from scatter.learning.metrics import Report, report_value, score
from scatter.learning.predictions import Outputs, Truth


def labels(*classes: int) -> Truth:
    return Truth(Outputs.PROBABILITIES, np.array(classes))


def targets(*rows: list[float]) -> Truth:
    return Truth(Outputs.VALUES, np.array(rows))


def test_the_score_of_probabilities_is_their_geometric_mean():
    probabilities = np.array([[0.5, 0.5], [0.25, 0.75], [1.0, 0.0]])
    assert score(probabilities, labels(0, 1, 0)) == pytest.approx((0.5 * 0.75 * 1.0) ** (1 / 3), rel=1e-15)


def test_probabilities_are_clipped_to_a_millionth_and_to_one():
    assert score(np.array([[1.0, 0.0]]), labels(1)) == pytest.approx(1e-6, rel=1e-14)
    assert score(np.array([[1.0005, 0.0]]), labels(0)) == 1.0


def test_the_score_of_values_compares_errors_with_variance():
    truth = targets([0.0], [2.0])
    assert score(np.array([[0.0], [2.0]]), truth) == 1
    assert score(np.array([[1.0], [1.0]]), truth) == 0.5
    assert score(np.array([[3.0], [-1.0]]), truth) == 0.1
    assert 0 <= score(np.array([[3e38], [-3e38]]), truth) < 1e-70


def test_the_score_of_several_targets_adds_their_variances():
    truth = targets([0.0, 10.0], [2.0, 30.0])
    predictions = np.array([[1.0, 10.0], [2.0, 27.0]])
    assert score(predictions, truth) == pytest.approx(1 / (1 + (1 + 9) / (1 + 1 + 100 + 100)), rel=1e-15)


@pytest.mark.parametrize("rows", [([0.1],), ([0.1], [0.1], [0.1]), ([0.3, 7.7],) * 7, ([1e-200], [2e-200])])
def test_a_truth_without_variance_is_refused(rows):
    truth = targets(*rows)
    with pytest.raises(TruthError, match="variance is 0"):
        score(np.zeros(truth.array.shape), truth)
    with pytest.raises(TruthError, match="variance is 0"):
        report_value(Report.R2, np.zeros(truth.array.shape), truth)


def test_sums_do_not_depend_on_the_order_of_rows():
    rng = np.random.default_rng(3)
    probabilities = rng.dirichlet([1] * 4, 999)
    classes = rng.integers(0, 4, 999)
    order = rng.permutation(999)
    assert score(probabilities, labels(*classes)) == score(probabilities[order], labels(*classes[order]))


def test_reports_are_those_of_scikit_learn():
    rng = np.random.default_rng(5)
    for rows, classes in ((7, 3), (150, 10), (20, 12)):
        probabilities = rng.dirichlet([0.3] * classes, rows)
        truth = rng.integers(0, classes, rows)
        predicted = probabilities.argmax(1)
        assert report_value(Report.ACCURACY, probabilities, labels(*truth)) == round(
            10_000 * accuracy_score(truth, predicted)
        )
        assert report_value(Report.F1_MACRO, probabilities, labels(*truth)) == round(
            10_000 * f1_score(truth, predicted, average="macro", zero_division=0)
        )
        values = rng.normal(size=(rows, 3)) * [1, 5, 0.1]
        predictions = values + rng.normal(size=(rows, 3))
        expected = max(0, round(10_000 * r2_score(values, predictions, multioutput="variance_weighted")))
        assert report_value(Report.R2, predictions, targets(*values)) == expected


def test_classes_that_occur_nowhere_do_not_count():
    # Class 0: 1 hit of 1 predicted, 2 true: F1 2/3. Class 2: predicted once, wrongly: 0. Classes 1 and 3 do not occur.
    probabilities = np.array([[0.9, 0.1, 0.0, 0.0], [0.1, 0.1, 0.8, 0.0]])
    assert report_value(Report.F1_MACRO, probabilities, labels(0, 0)) == 3_333


def test_reports_stay_in_range():
    certain = np.eye(3)
    assert report_value(Report.ACCURACY, certain, labels(0, 1, 2)) == 10_000
    assert report_value(Report.F1_MACRO, certain, labels(0, 1, 2)) == 10_000
    assert report_value(Report.ACCURACY, certain, labels(1, 2, 0)) == 0
    assert report_value(Report.F1_MACRO, certain, labels(1, 2, 0)) == 0
    assert report_value(Report.R2, np.array([[1e6], [0.0]]), targets([0.0], [1.0])) == 0
    assert report_value(Report.R2, np.array([[0.0], [1.0]]), targets([0.0], [1.0])) == 10_000


def test_the_first_of_the_most_probable_classes_is_predicted():
    assert report_value(Report.ACCURACY, np.array([[0.5, 0.5]]), labels(0)) == 10_000
    assert report_value(Report.ACCURACY, np.array([[0.5, 0.5]]), labels(1)) == 0


def test_a_metric_needs_its_kind_of_predictions():
    with pytest.raises(PredictionError, match="r2 is a metric of values, not of probabilities"):
        report_value(Report.R2, np.ones((1, 1)), labels(0))
    with pytest.raises(PredictionError, match="accuracy is a metric of probabilities, not of values"):
        report_value(Report.ACCURACY, np.ones((1, 1)), targets([0.0]))


@pytest.mark.parametrize(
    ("predictions", "truth", "error", "message"),
    [
        (np.ones((2, 2)), labels(0), PredictionError, r"shape \(2, 2\) for 1 inputs"),
        (np.ones(1), labels(0), PredictionError, r"shape \(1,\) for 1 inputs"),
        (np.ones((2, 2)), targets([1.0], [2.0]), PredictionError, r"shape \(2, 2\), expected \(2, 1\)"),
        (np.ones((2, 2)), labels(0, 2), TruthError, "class 2 is expected, but models know 2 classes"),
    ],
)
def test_shapes_must_fit(predictions, truth, error, message):
    with pytest.raises(error, match=message):
        score(predictions, truth)


def test_the_score_is_a_function_of_r2():
    truth, predictions = targets([1.0], [2.0], [4.0]), np.array([[1.1], [2.2], [3.5]])
    r2 = r2_score(truth.array, predictions)
    assert math.isclose(score(predictions, truth), 1 / (2 - r2), rel_tol=1e-14)
