"""How good predictions are: S, the smooth score by which contributions are measured, and the metrics that people read.

S for probabilities is the geometric mean of the probability given to the true class: exp of the mean logarithm, so it ranks
models as the logarithmic score does, which is strictly proper (Gneiting & Raftery 2007, doi:10.1198/016214506000001437).
S for values is 1 / (1 + MSE/Var), that is 1 / (2 − R²). Both lie in 0..1, higher is better.

Sums are exact and rounded once (`math.fsum`), so their order is irrelevant. Logarithms are the C library's, which may differ in
the last bit between machines; contributions are rounded to 1e-5, and τ in the protocol allows for the rest.
"""

import math
from enum import StrEnum

import numpy as np

from scatter.learning.clipping import Float64Array
from scatter.learning.errors import PredictionError, TruthError
from scatter.learning.predictions import Outputs, Truth

SMALLEST_PROBABILITY = 1e-6
"""Probabilities of the true class count as at least this, so that one row cannot decide everything."""

FULL_REPORT = 10_000
"""A perfect metric in slot 0."""


class Report(StrEnum):
    """The metric of slot 0: `report` in job.toml."""

    ACCURACY = "accuracy"
    F1_MACRO = "f1_macro"
    R2 = "r2"

    @property
    def outputs(self) -> Outputs:
        """The kind of predictions that it is a metric of."""
        return Outputs.VALUES if self is Report.R2 else Outputs.PROBABILITIES


def score(predictions: Float64Array, truth: Truth) -> float:
    """S of one model's predictions (rows, columns), 0..1.

    PredictionError when the shape does not fit the truth, TruthError when the truth cannot be scored against.
    """
    _check_rows(predictions, truth)
    if truth.outputs is Outputs.VALUES:
        return 1 / (1 + _unexplained(predictions, truth))
    chosen = predictions[np.arange(truth.rows), truth.array].clip(SMALLEST_PROBABILITY, 1.0)
    return math.exp(math.fsum(map(math.log, chosen.tolist())) / truth.rows)


def report_value(report: Report, predictions: Float64Array, truth: Truth) -> int:
    """Slot 0: a metric of predictions (rows, columns) in units of 1e-4, rounded half to even, within 0..10,000.

    The predicted class is the first of the most probable ones. `f1_macro` is the mean over the classes that occur in the
    truth or in the predictions; `r2` of several targets weights each by its variance, and is 0 where it would be negative.
    PredictionError when the metric or the shape does not fit, TruthError when the truth cannot be scored against.
    """
    if report.outputs is not truth.outputs:
        raise PredictionError(f"{report.value} is a metric of {report.outputs.value}, not of {truth.outputs.value}")
    _check_rows(predictions, truth)
    if report is Report.R2:
        value = max(0.0, 1 - _unexplained(predictions, truth))
    elif report is Report.ACCURACY:
        value = int(np.count_nonzero(predictions.argmax(axis=1) == truth.array)) / truth.rows
    else:
        value = _f1_macro(predictions, truth)
    return round(FULL_REPORT * value)


def _check_rows(predictions: Float64Array, truth: Truth) -> None:
    if predictions.ndim != 2 or len(predictions) != truth.rows:
        raise PredictionError(f"predictions have shape {predictions.shape} for {truth.rows} inputs")
    if truth.outputs is Outputs.VALUES:
        if predictions.shape != truth.array.shape:
            raise PredictionError(f"predictions have shape {predictions.shape}, expected {truth.array.shape}")
    elif int(truth.array.max()) >= predictions.shape[1]:
        raise TruthError(f"class {int(truth.array.max())} is expected, but models know {predictions.shape[1]} classes")


def _unexplained(predictions: Float64Array, truth: Truth) -> float:
    """MSE / Var over all targets: squared errors by squared distances from each target's mean."""
    targets: Float64Array = truth.array
    means = np.array([math.fsum(column.tolist()) / truth.rows for column in targets.T])
    spread = math.fsum(np.square(targets - means).ravel().tolist())
    # The second condition finds what rounding of the mean hides, the first what underflow of the squares does.
    if spread == 0 or (targets == targets[0]).all():
        raise TruthError("all expected outputs of the shard are equal, so their variance is 0 and no score is defined")
    return math.fsum(np.square(predictions - targets).ravel().tolist()) / spread


def _f1_macro(predictions: Float64Array, truth: Truth) -> float:
    predicted = predictions.argmax(axis=1)
    size = predictions.shape[1]
    hits = np.bincount(truth.array[predicted == truth.array], minlength=size)
    counted = np.bincount(truth.array, minlength=size) + np.bincount(predicted, minlength=size)
    present = counted > 0
    return math.fsum((2 * hits[present] / counted[present]).tolist()) / int(np.count_nonzero(present))
