"""Dealing data out among trainers."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scatter.jobs.examples import Examples
from scatter.learning.predictions import Outputs, Truth
from scatter.localnet.partition import TooFewRows, deal


def _examples(rows: int, classes: int = 10) -> Examples:
    labels = np.arange(rows, dtype=np.int64) % classes
    return Examples(np.arange(rows, dtype=np.int64).reshape(rows, 1), Truth(Outputs.PROBABILITIES, labels))


@given(trainers=st.integers(1, 8), seed=st.integers(0, 2**31), alpha=st.floats(0.5, 10))
def test_every_row_goes_to_exactly_one_trainer(trainers: int, seed: int, alpha: float) -> None:
    shares = deal(_examples(400), trainers, alpha, seed)
    rows = np.concatenate([share.inputs[:, 0] for share in shares])
    assert len(shares) == trainers
    assert sorted(rows.tolist()) == list(range(400))
    for share in shares:
        assert (share.truth.array == share.inputs[:, 0] % 10).all()


def test_shares_are_unequal_skewed_and_follow_from_the_seed() -> None:
    first, again, other = (deal(_examples(1347), 6, 1.0, seed) for seed in (1, 1, 2))
    assert [share.inputs.tolist() for share in first] == [share.inputs.tolist() for share in again]
    assert [share.rows for share in first] != [share.rows for share in other]
    assert max(share.rows for share in first) > 1.3 * min(share.rows for share in first)
    mixes = [np.bincount(share.truth.array, minlength=10) / share.rows for share in first]
    assert max(np.abs(a - b).sum() for a in mixes for b in mixes) > 0.5


def test_values_are_dealt_too() -> None:
    values = np.linspace(-1, 1, 200).reshape(200, 1)
    shares = deal(Examples(np.arange(200).reshape(200, 1), Truth(Outputs.VALUES, values)), 3, 1.0, 5)
    assert sum(share.rows for share in shares) == 200


def test_too_few_rows_are_refused() -> None:
    with pytest.raises(TooFewRows, match="3 rows cannot be dealt to 2 trainers"):
        deal(_examples(3), 2, 1.0, 1)
