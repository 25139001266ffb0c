"""Who takes part."""

import pytest

from scatter.localnet.cast import Cast, CastError
from scatter.protocol.states import Role


def test_the_last_trainers_misbehave() -> None:
    players = Cast(lazy=1, poison=2).players()
    conduct = {player.name: player.conduct for player in players if player.role is Role.TRAINER}
    assert conduct == {
        "trainer-1": "honest",
        "trainer-2": "honest",
        "trainer-3": "honest",
        "trainer-4": "lazy",
        "trainer-5": "label-flip",
        "trainer-6": "label-flip",
    }
    assert len({player.name for player in players}) == len(players) == 12


@pytest.mark.parametrize(
    ("numbers", "message"),
    [
        ({"trainers": 0}, "at least one trainer"),
        ({"validators": 0}, "at least one trainer and one validator"),
        ({"challengers": -1}, "-1 challengers"),
        ({"trainers": 2, "lazy": 2, "poison": 1}, "more than all 2"),
    ],
)
def test_impossible_casts_are_refused(numbers: dict[str, int], message: str) -> None:
    with pytest.raises(CastError, match=message):
        Cast(**numbers)


def test_a_cast_survives_json() -> None:
    cast = Cast(trainers=9, lazy=2)
    assert Cast.from_json(cast.to_json()) == cast
    with pytest.raises(CastError):
        Cast.from_json({**cast.to_json(), "lazy": True})
    with pytest.raises(CastError):
        Cast.from_json({"trainers": 3})
