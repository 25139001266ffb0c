"""Scores: packing loses nothing, and a minority of liars moves nothing outside of what honest members said."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scatter.protocol.scores import (
    ABSTENTION,
    COPY,
    LARGEST,
    UNREADABLE,
    ZERO,
    SettledRound,
    abstains,
    agree,
    are_scores,
    is_special,
    lower_median,
    pack,
    settle,
    unpack,
    words_for,
)

NUMBERS = st.one_of(st.integers(ZERO - 20, ZERO + 20), st.integers(0, LARGEST))
MEMBERS = 200
"""More than any test here has seats: all of them are members."""
LANES = st.one_of(NUMBERS, st.sampled_from([COPY, UNREADABLE]))


@st.composite
def openings(draw: Callable, lanes: st.SearchStrategy[int] = LANES) -> tuple[dict[int, list[int]], frozenset[int], int]:
    """Openings by seat, the slots that published, and how many trainers there are."""
    trainers = draw(st.integers(1, 20))
    seats = draw(st.lists(st.integers(0, 30), min_size=1, max_size=9, unique=True))
    opened = {
        seat: [draw(st.integers(0, 10_000)), *draw(st.lists(lanes, min_size=trainers, max_size=trainers))]
        for seat in seats
    }
    return opened, frozenset(draw(st.sets(st.integers(0, trainers - 1)))), trainers


@given(st.lists(st.integers(0, UNREADABLE), min_size=1, max_size=64))
def test_packing_keeps_every_lane(lanes: list[int]) -> None:
    words = pack(lanes)
    assert len(words) == words_for(len(lanes) - 1)
    assert all(0 <= word < 1 << 256 for word in words)
    assert unpack(words, len(lanes) - 1) == lanes


@given(st.lists(st.integers(), min_size=1))
def test_half_of_all_values_lie_on_either_side_of_the_median(values: list[int]) -> None:
    median = lower_median(values)
    assert median in values
    assert 2 * sum(value <= median for value in values) >= len(values)
    assert 2 * sum(value < median for value in values) < len(values)


@given(openings(NUMBERS), st.integers(1, 20), st.data())
def test_a_minority_of_liars_settles_nothing_outside_of_the_honest_range(
    case: tuple[dict[int, list[int]], frozenset[int], int], tau: int, data: st.DataObject
) -> None:
    honest, published, trainers = case
    liars = data.draw(st.integers(0, len(honest) - 1))
    opened = dict(honest)
    for number in range(liars):
        opened[100 + number] = data.draw(st.lists(LANES, min_size=trainers + 1, max_size=trainers + 1))
    settled = settle(opened, published, trainers, MEMBERS, tau)
    assert not settled.struck
    assert not settled.left_out & set(honest)
    for lane in [0, *(slot + 1 for slot in published)]:
        said = [lanes[lane] for lanes in honest.values()]
        assert min(said) <= settled.lanes[lane] <= max(said)


@given(openings(), st.integers(1, 20))
def test_what_settling_promises(case: tuple[dict[int, list[int]], frozenset[int], int], tau: int) -> None:
    opened, published, trainers = case
    settled = settle(opened, published, trainers, MEMBERS, tau)
    assert len(settled.lanes) == trainers + 1
    assert all(settled.lanes[slot + 1] == 0 for slot in range(trainers) if slot not in published)
    for slot in published:
        special = sum(is_special(lanes[slot + 1]) for lanes in opened.values())
        assert (slot in settled.struck) == (2 * special > len(opened))
    for seat, lanes in opened.items():
        agrees = {slot for slot in published if is_special(lanes[slot + 1])} == settled.struck
        assert (seat in settled.left_out) != agrees
    assert not settled.left_out & settled.deviating
    assert settled.panel | settled.left_out == set(opened)
    assert settled.positive_sum == sum(max(0, settled.contribution(slot)) for slot in range(trainers))
    assert set(settled.accepted) <= set(settled.counted) == published - settled.struck


CLOSE = st.one_of(st.integers(ZERO - 8, ZERO + 8), st.sampled_from([ZERO, ZERO, ZERO, COPY]))


@given(openings(CLOSE), st.integers(1, 6))
def test_who_deviates_stands_alone_against_two_thirds(
    case: tuple[dict[int, list[int]], frozenset[int], int], tau: int
) -> None:
    opened, published, trainers = case
    settled = settle(opened, published, trainers, MEMBERS, tau)
    counted = {seat: lanes for seat, lanes in opened.items() if seat not in settled.left_out}
    assert 3 * len(settled.deviating) <= len(counted) * max(1, len(settled.counted))
    for seat, lanes in counted.items():
        far = [slot for slot in settled.counted if abs(lanes[slot + 1] - settled.lanes[slot + 1]) > tau]
        near = {
            slot: sum(abs(other[slot + 1] - settled.lanes[slot + 1]) <= tau for other in counted.values())
            for slot in far
        }
        assert (seat in settled.deviating) == any(3 * near[slot] >= 2 * len(counted) for slot in far)


@given(openings(), st.integers(1, 20), st.randoms())
def test_the_order_of_openings_does_not_matter(
    case: tuple[dict[int, list[int]], frozenset[int], int], tau: int, random: object
) -> None:
    opened, published, trainers = case
    shuffled = list(opened.items())
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    assert settle(dict(shuffled), published, trainers, MEMBERS, tau) == settle(
        opened, published, trainers, MEMBERS, tau
    )


@pytest.mark.parametrize(
    ("offsets", "deviating"),
    [
        ([0, 0, 10, -10, 11, -11], {4, 5}),
        ([0, 0, 10, 11, 11, -11], set()),
        ([0, 0, 0, 10], set()),
        ([0, 0, 0, 11], {3}),
        ([0, 0, 500], {2}),
        ([0, 500], set()),
        ([7], set()),
    ],
)
def test_deviating_takes_more_than_tau_and_two_thirds_within_it(offsets: list[int], deviating: set[int]) -> None:
    opened = {seat: [0, ZERO + 100 + offset] for seat, offset in enumerate(offsets)}
    assert settle(opened, frozenset({0}), 1, MEMBERS, tau=10).deviating == deviating
    assert settle(opened, frozenset(), 1, MEMBERS, tau=10).deviating == frozenset(), (
        "what was not published is not compared"
    )
    metrics = {seat: [100 + offset, ZERO] for seat, offset in enumerate(offsets)}
    assert settle(metrics, frozenset({0}), 1, MEMBERS, tau=10).deviating == frozenset(), "the metric is not compared"


def with_members(opened: dict[int, list[int]], members: int, trainers: int = 1) -> SettledRound:
    return settle(opened, frozenset(range(trainers)), trainers, members, tau=10)


def test_auditors_stand_in_for_members_that_opened_nothing_in_the_order_of_seats() -> None:
    """Of three members only seat 0 opened, so auditors 3 and 4 stand in, and auditor 5 is compared."""
    opened = {0: [0, ZERO + 10], 3: [0, ZERO + 30], 4: [0, ZERO + 20], 5: [0, ZERO + 400]}
    settled = with_members(opened, 3)
    assert (settled.panel, settled.lanes, settled.left_out) == ({0, 3, 4}, (0, ZERO + 20), frozenset())


def test_auditors_take_the_place_of_members_that_are_left_out() -> None:
    """Member 2 alone calls the update a copy; the second auditor agrees with it, so the third stands in."""
    opened = {0: [5, ZERO + 10], 1: [5, ZERO + 11], 2: [9, COPY], 3: [9, COPY], 4: [7, ZERO + 12], 5: [8, ZERO + 60]}
    settled = with_members(opened, 3)
    assert settled.left_out == {2, 3}
    assert settled.panel == {0, 1, 4}
    assert settled.lanes == (5, ZERO + 11), "medians of those that remain, stand-ins included"
    assert settled.deviating == {5}, "a compared auditor deviates from the panel like any seat"


def test_compared_auditors_change_nothing() -> None:
    opened = {seat: [50, ZERO + 10] for seat in range(3)}
    compared = {3: [0, ZERO + 20], 4: [9, COPY]}
    alone, settled = with_members(opened, 3), with_members({**opened, **compared}, 3)
    assert (settled.lanes, settled.panel, settled.deviating) == (alone.lanes, alone.panel, alone.deviating)
    assert settled.left_out == {4}


@given(openings(), st.integers(1, 8), st.integers(1, 20))
def test_the_panel_is_as_full_as_it_can_be(
    case: tuple[dict[int, list[int]], frozenset[int], int], members: int, tau: int
) -> None:
    opened, published, trainers = case
    settled = settle(opened, published, trainers, members, tau)
    fitting = [seat for seat in sorted(opened) if seat not in settled.left_out]
    assert sorted(settled.panel) == fitting[:members]
    for lane in [0, *(slot + 1 for slot in settled.counted)] if settled.panel else []:
        assert settled.lanes[lane] == lower_median([opened[seat][lane] for seat in settled.panel])


@given(NUMBERS, NUMBERS, st.integers(1, 40))
def test_what_it_means_to_agree(one: int, other: int, tau: int) -> None:
    assert agree(one, other, tau) == agree(other, one, tau) == (abs(one - other) <= tau)
    assert agree(COPY, UNREADABLE, tau)
    assert agree(COPY, COPY, tau)
    assert not agree(one, COPY, 40_000)
    assert not agree(UNREADABLE, other, 40_000)


def test_when_nobody_agrees_with_what_is_struck_nothing_counts() -> None:
    """Three seats call three different pairs of updates copies: all pairs are struck, so all seats are left out."""
    c, n = COPY, ZERO + 5
    opened = {0: [50, c, c, n, n], 1: [60, c, n, c, n], 2: [70, n, c, c, n]}
    settled = settle(opened, frozenset(range(4)), 4, MEMBERS, tau=10)
    assert settled.struck == {0, 1, 2}
    assert settled.left_out == {0, 1, 2}
    assert settled.lanes == (0, COPY, COPY, COPY, ZERO)
    assert (settled.positive_sum, settled.accepted, settled.metric) == (0, (), 0.0)


def test_a_round_that_nobody_opened_does_not_settle() -> None:
    with pytest.raises(ValueError, match=r"^a round without openings does not settle$"):
        settle({}, frozenset({0}), 1, MEMBERS, tau=10)
    with pytest.raises(ValueError, match=r"^no median of nothing$"):
        lower_median([])


@pytest.mark.parametrize("lane", [-1, UNREADABLE + 1])
def test_lanes_outside_of_15_bits_are_not_packed(lane: int) -> None:
    with pytest.raises(ValueError, match=f"lane 1 is {lane}"):
        pack([0, lane])


def test_the_metric_is_a_fraction() -> None:
    assert settle({0: [9_312, ZERO]}, frozenset({0}), 1, MEMBERS, tau=10).metric == pytest.approx(0.9312)


@pytest.mark.parametrize(
    ("words", "abstention", "numbers"),
    [
        ([], False, False),
        ([ABSTENTION], True, False),
        ([ABSTENTION, ABSTENTION], False, True),
        ([ABSTENTION - 1], False, True),
        ([0], False, True),
        ([0, ABSTENTION], False, True),
    ],
)
def test_only_one_word_of_ones_abstains_and_no_words_refuse(words: list[int], abstention: bool, numbers: bool) -> None:
    assert abstains(words) is abstention
    assert are_scores(words) is numbers
