"""A committee that lies: an auditor challenges, a jury overturns, the liars pay, the honest are paid as if nothing had happened."""

from pathlib import Path
from typing import Any

import pytest

from e2e.running import run_demo

SCT = 10**18
TRAINERS = [f"trainer-{n}" for n in range(1, 7)]
LIARS = {"validator-2", "validator-3"}
LOCK = 5_000 * SCT
"""L of a validator's seat in the digits job: a fifth of the ticket, more than the trainers' part by seat."""


@pytest.fixture(scope="module")
def lied(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """A demonstration in which two of three members agree on false scores, and four bystanders may sit on a jury."""
    folder: Path = tmp_path_factory.mktemp("lied") / "demo"
    return run_demo(folder, "--liars", "validators=2", "--bystanders", "4")


def gains(outcome: dict[str, Any]) -> dict[str, int]:
    """What the job brought each participant, tokens and stake together."""
    return {
        p["name"]: p["balance_after"] + p["stake_after"] - p["balance_before"] - p["stake_before"]
        for p in outcome["participants"]
    }


def test_the_lie_is_challenged_and_overturned(lied: dict[str, Any]) -> None:
    assert lied["state"] == "Settled"
    scores = [c for c in lied["challenges"] if c["kind"] == "scores"]
    assert [c["round"] for c in scores] == [1, 2, 3]
    for challenge in scores:
        assert challenge["outcome"] == "changed"
        assert set(challenge["offenders"]) == LIARS
        assert challenge["jurors"] >= 3
        assert challenge["challengers"]
        assert not LIARS & set(challenge["challengers"])


def test_each_liar_loses_its_lock_and_nothing_more(lied: dict[str, Any]) -> None:
    lost = {p["name"]: p["stake_before"] - p["stake_after"] for p in lied["participants"]}
    assert {name for name, amount in lost.items() if amount} == LIARS
    assert all(lost[name] == LOCK for name in LIARS)


def test_everybody_honest_is_paid(lied: dict[str, Any]) -> None:
    gained = gains(lied)
    assert all(gained[name] > 0 for name in [*TRAINERS, "validator-1"])
    paid = sum(gained[name] for name in TRAINERS)
    # Three rounds' trainers' parts, whole but for rounding: nobody is over half of a round's.
    assert 0 <= 700 * SCT - paid < 100
    assert lied["supply_before"] == lied["supply_after"]


def test_the_model_still_learns(lied: dict[str, Any]) -> None:
    assert lied["final_accuracy"] > 0.85


@pytest.mark.long
def test_an_honest_committee_is_not_challenged(played: tuple[Path, dict[str, Any]]) -> None:
    _, outcome = played
    assert outcome["challenges"] == []
    gained = gains(outcome)
    assert gained["challenger-1"] == gained["challenger-2"] > 0
