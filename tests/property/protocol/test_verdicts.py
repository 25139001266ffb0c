"""Verdicts: what two thirds of a whole jury say, and no more than that."""

from collections.abc import Callable, Iterable

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.property.protocol.test_scores import CLOSE, LANES, NUMBERS

from scatter.protocol.ids import NO_DIGEST, Digest, Round
from scatter.protocol.scores import (
    COPY,
    LARGEST,
    UNREADABLE,
    ZERO,
    SettledRound,
    agree,
    is_special,
    lower_median,
    settle,
)
from scatter.protocol.states import ChallengeKind, two_thirds
from scatter.protocol.verdicts import (
    Item,
    as_judged,
    contradicts,
    verdict_on_aggregate,
    verdict_on_refusal,
    verdict_on_scores,
)

TRAINERS, TAU = 3, 10
Lanes = list[int]


def lanes_of(lane: st.SearchStrategy[int]) -> st.SearchStrategy[Lanes]:
    return st.lists(lane, min_size=TRAINERS + 1, max_size=TRAINERS + 1)


@st.composite
def settled_rounds(draw: Callable) -> tuple[SettledRound, dict[int, Lanes]]:
    seats = draw(st.dictionaries(st.integers(0, 6), lanes_of(st.one_of(CLOSE, LANES)), min_size=1))
    published = frozenset(draw(st.sets(st.integers(0, TRAINERS - 1))))
    return settle(seats, published, TRAINERS, 5, TAU), seats


@given(settled_rounds(), st.integers(3, 31), st.data())
def test_with_two_thirds_honest_jurors_a_verdict_lies_within_their_range(
    case: tuple[SettledRound, dict[int, Lanes]], jurors: int, data: st.DataObject
) -> None:
    """Honest jurors lie within tau of each other, so the verdict counts in every lane, whatever the others open."""
    settled, seats = case
    truth = data.draw(lanes_of(NUMBERS))
    near = st.integers(-TAU // 2, TAU // 2)
    honest = data.draw(st.integers(two_thirds(jurors), jurors))
    jury: dict[int, Lanes | None] = {
        juror: [min(LARGEST, max(0, lane + data.draw(near))) for lane in truth]
        if juror < honest
        else data.draw(lanes_of(LANES))
        for juror in range(jurors)
        if juror < honest or data.draw(st.booleans())
    }
    verdict = verdict_on_scores(settled, seats, jury, jurors, TAU)
    assert verdict.counts == bool(settled.published)
    for slot in settled.published:
        said = [lanes[slot + 1] for juror, lanes in jury.items() if juror < honest and lanes]
        now = verdict.lanes[slot + 1]
        assert min(said) <= now <= max(said) or (
            now == settled.lanes[slot + 1] and min(said) - TAU <= now <= max(said) + TAU
        )


@given(settled_rounds(), st.integers(1, 9), st.data())
def test_what_a_verdict_on_scores_promises(
    case: tuple[SettledRound, dict[int, Lanes]], jurors: int, data: st.DataObject
) -> None:
    settled, seats = case
    opened = st.none() | lanes_of(st.one_of(CLOSE, CLOSE, LANES))
    jury = data.draw(st.dictionaries(st.integers(0, jurors - 1), opened))
    verdict = verdict_on_scores(settled, seats, jury, jurors, TAU)
    numbers = {juror: lanes for juror, lanes in jury.items() if lanes}
    assert verdict.lanes[0] == settled.lanes[0], "the metric is not judged"
    different = [lane for lane in range(TRAINERS + 1) if verdict.lanes[lane] != settled.lanes[lane]]
    assert verdict.changed == bool(different)
    for lane in different:
        assert lane - 1 in settled.published
        assert not agree(verdict.lanes[lane], settled.lanes[lane], TAU)
        assert sum(agree(lanes[lane], verdict.lanes[lane], TAU) for lanes in numbers.values()) >= two_thirds(jurors)
    assert verdict.lost == {
        seat
        for seat, lanes in seats.items()
        if any(costs(lanes[lane], verdict.lanes[lane], left_out=seat in settled.left_out) for lane in different)
    }
    assert (verdict.agreed | verdict.outside) <= (set(numbers) if verdict.counts else set())
    for juror in (set(numbers) if verdict.counts else set()) - verdict.agreed - verdict.outside:
        assert UNREADABLE in numbers[juror] or UNREADABLE in found_by(numbers.values()), "it read something else"
    assert verdict.deviating == deviating(settled, seats, verdict.lanes) - verdict.lost
    assert not verdict.agreed & verdict.outside
    if not verdict.counts:
        assert not verdict.changed


def costs(said: int, verdict: int, *, left_out: bool) -> bool:
    """Whether a word about a changed lane costs L: not that it was unreadable, nor a number that counted for nothing."""
    numbers = not is_special(said) and not is_special(verdict)
    return said != UNREADABLE and not agree(said, verdict, TAU) and not (left_out and numbers)


def found_by(jury: Iterable[Lanes]) -> list[int]:
    """The medians of a jury, lane by lane."""
    return [lower_median(lane) for lane in zip(*jury, strict=True)]


def deviating(settled: SettledRound, seats: dict[int, Lanes], lanes: tuple[int, ...]) -> set[int]:
    """The rule written plainly: who fits the lanes, and is off where two thirds of the panel that settled are not."""
    fitting = {
        seat: own
        for seat, own in seats.items()
        if all(is_special(own[slot + 1]) == is_special(lanes[slot + 1]) for slot in settled.published)
    }
    found = set()
    for lane in (slot + 1 for slot in settled.published if not is_special(lanes[slot + 1])):
        near = {seat for seat, own in fitting.items() if abs(own[lane] - lanes[lane]) <= TAU}
        if settled.panel and 3 * len(near & settled.panel) >= 2 * len(settled.panel):
            found |= fitting.keys() - near
    return found


def scores(*contributions: int) -> Lanes:
    return [0, *(c if c >= COPY else ZERO + c for c in contributions)]


STANDS = settle({seat: scores(50, 20, COPY) for seat in range(3)}, frozenset(range(3)), 3, 3, TAU)


@pytest.mark.parametrize(
    ("found", "lanes", "counts", "changed"),
    [
        (scores(50, 20, COPY), scores(50, 20, COPY), True, False),
        (scores(60, 10, UNREADABLE), scores(50, 20, COPY), True, False),
        (scores(61, 20, COPY), scores(61, 20, COPY), True, True),
        (scores(50, 20, 5), scores(50, 20, 5), True, True),
        (scores(UNREADABLE, 20, COPY), [0, UNREADABLE, ZERO + 20, COPY], True, True),
        (None, scores(50, 20, COPY), False, False),
    ],
)
def test_a_lane_changes_beyond_tau_or_in_specialness(
    found: Lanes | None, lanes: Lanes, *, counts: bool, changed: bool
) -> None:
    verdict = verdict_on_scores(STANDS, {0: scores(50, 20, COPY)}, dict.fromkeys(range(5), found), 7, TAU)
    assert (verdict.counts, verdict.changed, verdict.lanes) == (counts, changed, tuple(lanes))
    assert verdict.lost == ({0} if changed else frozenset())


def test_two_thirds_of_all_jurors_count_not_of_those_that_opened() -> None:
    jury = dict.fromkeys(range(4), scores(0, 0, 0))
    assert not verdict_on_scores(STANDS, {}, jury, 7, TAU).counts
    assert verdict_on_scores(STANDS, {}, jury, 6, TAU).counts


def test_lanes_are_judged_one_by_one() -> None:
    """Jurors agree on the first trainer, not on the second; whoever is off in the first is outside, in the second is not."""
    jury = {
        0: scores(90, 0, COPY),
        1: scores(91, 100, COPY),
        2: scores(92, 200, COPY),
        3: scores(300, 300, COPY),
        4: None,
    }
    verdict = verdict_on_scores(STANDS, {0: scores(50, 0, COPY), 1: scores(95, 77, COPY)}, jury, 4, TAU)
    assert verdict.lanes == (0, ZERO + 91, ZERO + 20, COPY)
    assert (verdict.lost, verdict.agreed, verdict.outside) == ({0}, {0, 1, 2}, {3}), "who cannot score is neither"


SHUT = settle({seat: scores(UNREADABLE, 20, 30) for seat in range(3)}, frozenset(range(3)), 3, 3, TAU)


def test_calling_an_update_unreadable_costs_no_seat_anything() -> None:
    """It was handed to the jury only. The verdict counts all the same; who read it in time had other numbers for all."""
    seats = {
        0: scores(UNREADABLE, 20, 30),
        1: scores(UNREADABLE, 99, 30),
        2: scores(40, 70, 80),
        3: scores(COPY, 20, 30),
    }
    settled = settle(seats, frozenset(range(3)), 3, 3, TAU)
    assert (settled.struck, settled.left_out) == ({0}, {2})
    verdict = verdict_on_scores(settled, seats, dict.fromkeys(range(5), scores(90, 20, 30)), 5, TAU)
    assert verdict.lanes == (0, ZERO + 90, ZERO + 20, ZERO + 30)
    assert verdict.lost == {3}, "it said that it is a copy, which whoever reads it can check"


def test_a_seat_that_could_not_read_loses_by_its_other_numbers() -> None:
    seats = {seat: scores(UNREADABLE, 99, 30) for seat in range(3)}
    settled = settle(seats, frozenset(range(3)), 3, 3, TAU)
    verdict = verdict_on_scores(settled, seats, dict.fromkeys(range(5), scores(90, 20, 30)), 5, TAU)
    assert verdict.lost == {0, 1, 2}


def test_a_seat_that_was_left_out_loses_by_what_it_struck_out_only() -> None:
    """Three agree on a lie; of those that are left out one lacked an update, one calls it a copy, one did not see a copy."""
    lie = scores(500, 500, COPY)
    seats = {0: lie, 1: lie, 2: lie, 3: scores(UNREADABLE, 70, COPY), 4: scores(COPY, 20, COPY), 5: scores(50, 20, 30)}
    settled = settle(seats, frozenset(range(3)), 3, 5, TAU)
    assert settled.left_out == {3, 4, 5}
    found = scores(50, 20, COPY)
    assert verdict_on_scores(settled, seats, dict.fromkeys(range(5), found), 5, TAU).lost == {0, 1, 2, 4}
    struck = scores(50, UNREADABLE, COPY)
    assert verdict_on_scores(settled, seats, dict.fromkeys(range(5), struck), 5, TAU).lost == {0, 1, 2, 3, 4, 5}


@pytest.mark.parametrize("found", [scores(90, 20, 30), scores(UNREADABLE, 20, 30)])
def test_jurors_that_were_handed_something_else_are_not_outside(found: Lanes) -> None:
    """One got less than the others, or more: its numbers mean something else. One that got the same is outside."""
    other = scores(UNREADABLE if found[1] < COPY else 90, 70, 80)
    jury = {**dict.fromkeys(range(5), found), 5: other, 6: [found[0], found[1], ZERO + 70, ZERO + 80]}
    verdict = verdict_on_scores(SHUT, {}, jury, 7, TAU)
    assert (verdict.agreed, verdict.outside) == (set(range(5)), {6})


A, B = Digest(b"a" * 32), Digest(b"b" * 32)


@pytest.mark.parametrize(
    ("model", "jury", "expected"),
    [
        (A, [A] * 5 + [B, NO_DIGEST], (True, False, A, set(), set(range(5)), {5})),
        (A, [B] * 5 + [A, A], (True, True, B, {0, 1}, set(range(5)), {5, 6})),
        (NO_DIGEST, [A] * 7, (True, True, A, {2}, set(range(7)), set())),
        (A, [B] * 4 + [A], (False, False, NO_DIGEST, set(), set(), set())),
        (A, [NO_DIGEST] * 7, (False, False, NO_DIGEST, set(), set(), set())),
        (A, [], (False, False, NO_DIGEST, set(), set(), set())),
    ],
)
def test_a_verdict_on_an_aggregate_is_what_two_thirds_named(model: Digest, jury: list[Digest], expected: tuple) -> None:
    verdict = verdict_on_aggregate(model, {0: A, 1: A, 2: B}, dict(enumerate(jury)), 7)
    found = (verdict.counts, verdict.changed, verdict.aggregate, verdict.lost, verdict.agreed, verdict.outside)
    assert found == expected


@pytest.mark.parametrize(
    ("able", "unable", "expected"),
    [
        (5, 2, (True, True, {0, 2}, set(range(5)), {5, 6})),
        (2, 5, (True, False, set(), {2, 3, 4, 5, 6}, {0, 1})),
        (4, 3, (False, False, set(), set(), set())),
        (0, 4, (False, False, set(), set(), set())),
    ],
)
def test_a_refusal_is_overturned_by_two_thirds_that_can_score(able: int, unable: int, expected: tuple) -> None:
    verdict = verdict_on_refusal(frozenset({0, 2}), {juror: juror < able for juror in range(able + unable)}, 7)
    assert (verdict.counts, verdict.changed, verdict.lost, verdict.agreed, verdict.outside) == expected


def test_items_sort_as_their_verdicts_take_stakes() -> None:
    scores_, aggregate, refusal = ChallengeKind.SCORES, ChallengeKind.AGGREGATE, ChallengeKind.REFUSAL
    order = [Item(scores_, Round(1)), Item(scores_, Round(3)), Item(aggregate, Round(1)), Item(refusal, Round(2))]
    assert sorted([order[2], order[3], order[1], order[0]]) == order


@pytest.mark.parametrize(
    ("own", "contradicted"),
    [
        (scores(50, 20, UNREADABLE), False),
        (scores(60, 10, COPY), False),
        (scores(61, 20, COPY), True),
        (scores(50, 20, 0), True),
        (scores(COPY, 20, COPY), True),
        ([9_999, *scores(50, 20, COPY)[1:]], False),
    ],
)
def test_a_seat_contradicts_what_was_settled_beyond_tau(own: Lanes, *, contradicted: bool) -> None:
    assert contradicts(STANDS, own, TAU) is contradicted


def judged(seats: dict[int, Lanes], found: Lanes, members: int = 3) -> tuple[SettledRound, SettledRound]:
    """A round in which three trainers published, before and after all of seven jurors found something else."""
    settled = settle(seats, frozenset(range(3)), 3, members, TAU)
    verdict = verdict_on_scores(settled, seats, dict.fromkeys(range(7), found), 7, TAU)
    assert verdict.changed
    return settled, as_judged(settled, verdict, seats, members)


def test_deviation_is_measured_by_what_stands_in_the_end() -> None:
    """Two of three lie about the first trainer; seat 2 and an auditor do not, another auditor is off elsewhere."""
    false, true = scores(50, 20, COPY), scores(90, 20, COPY)
    before, after = judged({0: false, 1: false, 2: true, 3: true, 4: scores(90, 45, COPY)}, true)
    assert (before.deviating, after.deviating) == ({2, 3, 4}, {4}), "the panel still agrees on the second trainer"
    assert (after.panel, after.left_out) == ({0, 1, 2}, frozenset())


def test_a_seat_that_loses_by_the_verdict_does_not_deviate_as_well() -> None:
    false, true = scores(50, 20, COPY), scores(90, 20, COPY)
    before, after = judged({0: false, 1: false, 2: scores(50, 70, COPY)}, true)
    assert (before.deviating, after.deviating) == ({2}, frozenset())


def test_who_is_left_out_follows_what_a_verdict_strikes_out() -> None:
    """The panel called a good update a copy; the verdict says otherwise. Those it had left out are paid in its place, and
    measured by nobody: seat 3 is off where the old panel was right."""
    false, true = scores(50, 20, COPY), scores(50, 20, 30)
    before, after = judged({0: false, 1: false, 2: true, 3: scores(99, 20, 30), 4: true, 5: true}, true)
    assert (before.panel, before.left_out) == ({0, 1}, {2, 3, 4, 5})
    assert (after.panel, after.left_out) == ({2, 3, 4}, {0, 1})
    assert after.deviating == frozenset()
