"""What a round comes to, in which order it is worked out: what others stand in for here is tested where it is."""

from collections.abc import Iterable
from typing import Any

import pytest
from tests.unit.protocol.jobs import ALL, TRAINERS, UPDATES, in_round

from scatter.learning.contributions import RoundScores
from scatter.node import rounds as module
from scatter.node.rounds import round_lanes
from scatter.protocol.ids import Address, Round
from scatter.protocol.scores import UNREADABLE, ZERO, SettledRound
from scatter.protocol.states import State

FIRST, SECOND, THIRD = TRAINERS
STRUCK = SettledRound((9_000, UNREADABLE, ZERO + 5, ZERO + 7), ALL, ALL, frozenset(), frozenset())
"""The first trainer's update was struck out."""


async def test_what_was_struck_out_is_measured_beside_the_rest_and_looked_at_last(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Were it looked at in the order of slots, the others could turn out to be copies of what nobody had."""
    asked: list[list[Address]] = []

    async def evaluation(*_: Any) -> None:
        return None

    async def file(_: Any, job: Any, round_: Round, slot: int) -> bytes:
        return bytes([slot])

    async def scored(
        _: Any, job: Any, evaluation: Any, published: Iterable[tuple[Address, bytes]]
    ) -> RoundScores[Address]:
        files = list(published)
        asked.append([trainer for trainer, _ in files])
        return RoundScores(9_000, {trainer: 1_000 * len(files) + content[0] for trainer, content in files})

    monkeypatch.setattr(module, "_evaluation", evaluation)
    monkeypatch.setattr(module, "update_file", file)
    monkeypatch.setattr(module, "_scored", scored)
    job = in_round(State.JUDGING, updates=UPDATES, settled=STRUCK)
    assert await round_lanes(None, job, Round(1)) == [9_000, 3_000, 2_001, 2_002]  # type: ignore[arg-type]
    assert asked == [[SECOND, THIRD], [SECOND, THIRD, FIRST]]
