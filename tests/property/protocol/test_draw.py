"""Drawing: distinct, eligible, reproducible, and nobody is drawn much more often than others."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from tests.property.protocol.model_chain import account

from scatter.protocol.draw import MAX_CANDIDATES, candidates, draw
from scatter.protocol.states import SeatKind

SEEDS = st.binary(min_size=32, max_size=32)
KINDS = st.sampled_from(SeatKind)


@given(SEEDS, KINDS, st.integers(0, 200))
def test_candidates_are_a_permutation(seed: bytes, kind: SeatKind, length: int) -> None:
    order = list(candidates(seed, kind, length))
    assert sorted(order) == list(range(length))
    assert order == list(candidates(seed, kind, length))


@given(SEEDS, KINDS, st.sets(st.integers(0, 49)), st.integers(1, 31))
def test_seats_go_to_the_first_eligible_candidates(seed: bytes, kind: SeatKind, able: set[int], seats: int) -> None:
    pool = [account(n) for n in range(50)]
    eligible = {pool[index] for index in able}
    drawn = draw(seed, kind, pool, seats, eligible.__contains__)
    if seats > len(eligible):
        assert drawn is None
    else:
        order = [pool[index] for index in candidates(seed, kind, len(pool)) if pool[index] in eligible]
        assert drawn == order[:seats]


def test_big_pools_are_tried_as_far_as_the_contracts_go() -> None:
    order = list(candidates(bytes(32), SeatKind.MEMBER, 5_000))
    assert len(order) == len(set(order)) == MAX_CANDIDATES
    assert max(order) > 4_000


def test_kinds_and_seeds_draw_independently() -> None:
    orders = {tuple(candidates(bytes([s]) * 32, kind, 20)) for s in range(5) for kind in SeatKind}
    assert len(orders) == 15


def test_everybody_is_drawn_about_equally_often() -> None:
    """3,000 draws of 3 of 12: 750 each; five standard deviations of the binomial are 119."""
    pool = [account(n) for n in range(12)]
    drawn: Counter[str] = Counter()
    first: Counter[str] = Counter()
    for number in range(3_000):
        seats = draw(number.to_bytes(32, "big"), SeatKind.MEMBER, pool, 3, lambda node: True)
        assert seats is not None
        drawn.update(seats)
        first[seats[0]] += 1
    assert all(abs(drawn[node] - 750) < 119 for node in pool)
    assert all(abs(first[node] - 250) < 76 for node in pool)
