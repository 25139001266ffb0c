"""Nodes that are bent, for simulations and tests."""

import pytest

from scatter.node.behaviour import Behaviour, LyingScorer
from scatter.protocol.scores import COPY, UNREADABLE, ZERO, pack


@pytest.mark.parametrize(
    ("found", "said"),
    [
        ([9_000, ZERO + 1, ZERO + 3, ZERO + 2], [9_000, ZERO + 3, ZERO + 1, ZERO + 2]),
        ([9_000, ZERO + 1, 0, ZERO + 3], [9_000, ZERO + 3, 0, ZERO + 1]),
        ([5, UNREADABLE, ZERO + 3, COPY, ZERO - 9], [5, ZERO - 9, COPY, ZERO + 3, UNREADABLE]),
        ([5, ZERO, ZERO], [5, ZERO, ZERO]),
        ([5, ZERO + 7], [5, ZERO + 7]),
        ([5], [5]),
        ([5, 0, 0], [5, 0, 0]),
    ],
    ids=["best and worst", "who did not publish", "special words", "no difference", "one", "nobody", "none published"],
)
def test_a_liar_turns_the_order_of_merit_round(found: list[int], said: list[int]) -> None:
    before = list(found)
    assert LyingScorer().scores(found) == said
    assert found == before
    assert pack(said)


def test_all_liars_tell_the_same_lie_and_honest_nodes_none() -> None:
    found = [9_000, ZERO + 5, ZERO + 5, ZERO + 9, 0, ZERO + 1]
    assert LyingScorer().scores(found) == LyingScorer().scores(tuple(found))
    assert sorted(LyingScorer().scores(found)) == sorted(found)
    assert Behaviour().scores(found) == found
