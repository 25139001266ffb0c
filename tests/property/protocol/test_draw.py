"""Drawing: distinct, eligible, reproducible, and nobody is drawn much more often than others."""

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st
from tests.property.protocol.model_chain import account

from scatter.protocol.draw import MAX_CANDIDATES, Pools, candidates, draw_committee, draw_jury, walk
from scatter.protocol.ids import Address
from scatter.protocol.states import SeatKind

SEEDS = st.binary(min_size=32, max_size=32)
KINDS = st.sampled_from(SeatKind)


@given(SEEDS, KINDS, st.integers(0, 200))
def test_candidates_are_a_permutation(seed: bytes, kind: SeatKind, length: int) -> None:
    order = list(candidates(seed, kind, length))
    assert sorted(order) == list(range(length))
    assert order == list(candidates(seed, kind, length))


def test_the_order_is_the_one_that_the_contracts_walk() -> None:
    """Made of keccak256(abi.encode(seed, kind, i)); the contracts' tests draw the same."""
    walks = [list(candidates(bytes(range(32)), kind, 8)) for kind in SeatKind]
    assert walks == [[7, 2, 0, 5, 4, 1, 3, 6], [3, 6, 1, 0, 2, 4, 7, 5], [7, 0, 4, 1, 3, 6, 5, 2]]


POOLS = Pools([account(n) for n in range(30)], [account(100 + n) for n in range(20)])
NODES = [*POOLS.validators, *POOLS.challengers]


@given(SEEDS, st.sets(st.sampled_from(NODES)), st.integers(1, 12), st.integers(0, 7), st.integers(0, 15))
def test_seats_go_to_the_first_that_may_sit_and_the_others_are_counted(
    seed: bytes, able: set[Address], members: int, auditors: int, min_jury: int
) -> None:
    """Whoever may not sit may judge, if he has not been passed over before the committee was complete."""
    drawn = draw_committee(
        seed,
        POOLS,
        members=members,
        auditors=auditors,
        min_jury=min_jury,
        may_sit=able.__contains__,
        may_judge=lambda node: True,
    )
    orders = [
        list(walk(seed, SeatKind.MEMBER, POOLS.validators)),
        list(walk(seed, SeatKind.AUDITOR, POOLS.challengers)),
    ]
    seats = [[node for node in order if node in able][:n] for order, n in zip(orders, (members, auditors), strict=True)]
    passed = sum(order.index(sat[-1]) + 1 for order, sat in zip(orders, seats, strict=True) if sat)
    if (len(seats[0]), len(seats[1])) != (members, auditors) or len(NODES) - passed < min_jury:
        assert drawn is None
    else:
        assert drawn == tuple(seats)


@given(SEEDS, st.sets(st.sampled_from(NODES)), st.integers(1, 31))
def test_a_jury_is_drawn_from_both_pools_as_one(seed: bytes, able: set[Address], jurors: int) -> None:
    drawn = draw_jury(seed, POOLS, jurors, able.__contains__)
    order = [NODES[index] for index in candidates(seed, SeatKind.JUROR, len(NODES))]
    assert drawn == [node for node in order if node in able][:jurors], "all there are when there are fewer"


def test_big_pools_are_tried_as_far_as_the_contracts_go() -> None:
    order = list(candidates(bytes(32), SeatKind.MEMBER, 5_000))
    assert len(order) == len(set(order)) == MAX_CANDIDATES
    assert max(order) > 4_000


def test_kinds_and_seeds_draw_independently() -> None:
    orders = {tuple(candidates(bytes([s]) * 32, kind, 20)) for s in range(5) for kind in SeatKind}
    assert len(orders) == 15


def test_everybody_is_drawn_about_equally_often() -> None:
    """3,000 draws of 3 of 12: 750 each; five standard deviations of the binomial are 119."""
    pools = Pools([account(n) for n in range(7)], [account(n) for n in range(7, 12)])
    drawn: Counter[str] = Counter()
    first: Counter[str] = Counter()
    for number in range(3_000):
        seats = draw_jury(number.to_bytes(32, "big"), pools, 3, lambda node: True)
        drawn.update(seats)
        first[seats[0]] += 1
    assert all(abs(drawn[account(n)] - 750) < 119 for n in range(12))
    assert all(abs(first[account(n)] - 250) < 76 for n in range(12))
