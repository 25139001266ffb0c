"""What bent seats and jurors say instead of what they found."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from tests.property.protocol.actors import digest, example_terms
from tests.property.protocol.model_chain import account
from tests.unit.behaviours.casting import bent

from scatter.behaviours.persona import Conspiracy
from scatter.learning.models import Model
from scatter.node.behaviour import Work
from scatter.protocol.ids import JobId, Round
from scatter.protocol.scores import COPY, UNREADABLE, ZERO, SettledRound, pack
from scatter.protocol.states import State
from scatter.protocol.view import JobView, RoundView

TRAINERS = tuple(account(number) for number in (11, 12, 13))
FOUND = [9_000, ZERO + 50, 0, ZERO - 7]


def settled(*lanes: int) -> SettledRound:
    published = frozenset(slot for slot in range(3) if lanes[slot + 1])
    return SettledRound(lanes, published, frozenset({0}), frozenset(), frozenset())


def work(state: State = State.COMMITTING, before: Mapping[int, SettledRound | None] | None = None, **now: Any) -> Work:
    """Round 3 of a job of three trainers, in which the first and the last published."""
    updates = {slot: digest(f"update {slot}") for slot in (0, 2)}
    rounds = {Round(n): RoundView(Round(n), updates, settled=lanes) for n, lanes in (before or {}).items()}
    rounds[Round(3)] = RoundView(Round(3), updates, **now)
    return Work(
        JobView(
            JobId(bytes(32)),
            account(10),
            b"tiny",
            example_terms(),
            (),
            (),
            state=state,
            round=Round(3),
            trainers=TRAINERS,
            rounds=rounds,
        ),
        Round(3),
    )


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
        ([], []),
    ],
    ids=["extremes", "who did not publish", "special words", "no difference", "one", "nobody", "none", "unscorable"],
)
def test_inverted_scores_turn_the_order_of_merit_round(found: list[int], said: list[int]) -> None:
    before = list(found)
    assert bent("inverted-scores").scores(found, work()) == said
    assert bent("inverted-scores").scores(tuple(found), work()) == said
    assert found == before
    assert sorted(said) == sorted(found)
    pack(said)


def test_honest_ones_say_what_they_found() -> None:
    assert bent("honest").scores(FOUND, work()) == FOUND


@pytest.mark.parametrize("found", [FOUND, []])
def test_constant_and_lazy_ones_say_one_thing_of_whoever_published(found: list[int]) -> None:
    assert bent("constant-scores").scores(found, work()) == [0, ZERO + 100, 0, ZERO + 100]
    assert bent("constant-scores", contribution=-ZERO).scores(found, work()) == [0, 0, 0, 0]
    assert bent("lazy-scores").scores(found, work()) == [0, ZERO, 0, ZERO]


@pytest.mark.parametrize("found", [FOUND, []])
def test_refusing_ones_say_nothing(found: list[int]) -> None:
    assert bent("refusing").scores(found, work()) == []


def test_colluders_lift_their_own_trainers_and_lower_all_others() -> None:
    gang = Conspiracy()
    gang.accounts[TRAINERS[2]] = "label-flip"
    one, other = (bent("colluding", gang) for _ in range(2))
    assert one.scores(FOUND, work()) == [9_000, ZERO - 900, 0, ZERO + 900]
    assert other.scores([8_998, UNREADABLE, 0, COPY], work())[1:] == one.scores(FOUND, work())[1:], (
        "whatever they found"
    )
    assert one.scores([], work()) == []
    assert bent("colluding", contribution=5).scores(FOUND, work()) == [9_000, ZERO - 5, 0, ZERO - 5], "without friends"


def test_echoes_are_what_was_settled_last() -> None:
    echo = bent("echoing-scores")
    assert echo.scores(FOUND, work()) == [0, ZERO, 0, ZERO], "nothing was settled"
    before = {1: settled(100, ZERO + 1, ZERO + 2, ZERO + 3), 2: settled(200, UNREADABLE, ZERO + 9, ZERO - 4)}
    assert echo.scores(FOUND, work(before=before)) == [200, ZERO, 0, ZERO - 4]
    assert echo.scores(FOUND, work(before={**before, 2: None})) == [100, ZERO + 1, 0, ZERO + 3]


def test_echoing_jurors_uphold_what_stands() -> None:
    stands = settled(7, UNREADABLE, 0, ZERO + 70)
    judging = work(State.JUDGING, {1: settled(1, ZERO, ZERO, ZERO)}, settled=stands)
    assert tuple(bent("echoing-scores").scores(FOUND, judging)) == stands.lanes


def test_wrong_aggregates_go_backwards_and_agree() -> None:
    start, made = (Model({"w": np.array([value, 0.5])}) for value in (1.0, 3.0))
    wrong = bent("wrong-aggregate").aggregate(start, made, work())
    assert wrong["w"].tolist() == [-1.0, 0.5]
    assert wrong == bent("wrong-aggregate").aggregate(start, made, work())
    assert bent("honest").aggregate(start, made, work()) is made
