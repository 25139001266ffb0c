"""Dealing one data set out among trainers: different, unequal, label-skewed shares, as data that was never pooled is.

The scheme is that of Hsu, Qi and Brown, "Measuring the Effects of Non-Identical Data Distribution for Federated Visual
Classification" (arXiv:1909.06335), by label: the rows of each label are cut by a draw from a Dirichlet distribution.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from scatter.errors import BadInput
from scatter.jobs.examples import Examples
from scatter.learning.predictions import Outputs

LEAST_ROWS = 2
MAX_DRAWS = 1_000


class TooFewRows(BadInput):
    """There are not enough rows to give every trainer some."""


def deal(
    data: Examples, trainers: int, alpha: float, seed: int, weights: Sequence[float] | None = None
) -> list[Examples]:
    """Shares of the data for each trainer; the same for the same arguments.

    `alpha` > 0 is the Dirichlet concentration: the smaller, the more one-sided. `weights` > 0, one for each trainer: what is
    expected of each label for it is in proportion; equal ones are the same as none. Values (no labels) are dealt by ten
    quantiles of the first target. TooFewRows when no draw gives every trainer at least two rows.
    """
    generator = np.random.default_rng(seed)
    labels = _labels(data)
    parts = np.ones(trainers) if weights is None else np.asarray(weights, dtype=np.float64)
    concentrations = alpha * (parts / parts.mean())
    for _ in range(MAX_DRAWS):
        shares = _draw(generator, labels, concentrations)
        if min(len(share) for share in shares) >= LEAST_ROWS:
            return [data.take(share) for share in shares]
    raise TooFewRows(f"{data.rows} rows cannot be dealt to {trainers} trainers so that each gets {LEAST_ROWS}")


def _labels(data: Examples) -> NDArray[np.intp]:
    expected = data.truth.array
    if data.truth.outputs is Outputs.PROBABILITIES:
        return expected.astype(np.intp)
    first = expected[:, 0]
    return np.searchsorted(np.quantile(first, np.linspace(0.1, 0.9, 9)), first).astype(np.intp)


def _draw(
    generator: np.random.Generator, labels: NDArray[np.intp], concentrations: NDArray[np.float64]
) -> Sequence[NDArray[np.intp]]:
    shares: list[list[NDArray[np.intp]]] = [[] for _ in concentrations]
    for label in np.unique(labels):
        rows = generator.permutation(np.flatnonzero(labels == label))
        cuts = (np.cumsum(generator.dirichlet(concentrations))[:-1] * len(rows)).astype(np.intp)
        for share, part in zip(shares, np.split(rows, cuts), strict=True):
            share.append(part)
    return [np.sort(np.concatenate(share)) for share in shares]
