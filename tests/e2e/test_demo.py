"""`scatter demo`: a federated job from posting to payout, on a real chain, with real training in a real sandbox."""

from pathlib import Path
from typing import Any

import pytest

from e2e.running import run_demo, shares
from scatter.chain.deployment import Deployment
from scatter.protocol.records import RecordKind
from scatter.storage.database import Database
from scatter.storage.events import SqlEventLog

SCT = 10**18
TRAINERS = [f"trainer-{n}" for n in range(1, 7)]


def test_the_job_settles_and_the_model_learns(played: tuple[Path, dict[str, Any]]) -> None:
    _, outcome = played
    assert outcome["state"] == "Settled"
    assert [r["round"] for r in outcome["rounds"]] == [1, 2, 3]
    assert outcome["final_accuracy"] >= 0.90
    assert outcome["final_accuracy"] - outcome["rounds"][0]["starting_score"] >= 0.3


def test_every_round_makes_another_aggregate(played: tuple[Path, dict[str, Any]]) -> None:
    _, outcome = played
    aggregates = [r["aggregate"] for r in outcome["rounds"]]
    assert len(set(aggregates)) == 3
    assert all(cid.startswith("bafkrei") for cid in aggregates)


def test_the_object_has_the_fields_that_are_promised(played: tuple[Path, dict[str, Any]]) -> None:
    _, outcome = played
    assert set(outcome) == {
        "job", "state", "rounds", "final_accuracy", "challenges", "participants", "supply_before", "supply_after", "held_by_contracts",
        "undistributed", "transactions", "gas_used", "seconds",
    }  # fmt: skip
    roles = [participant["role"] for participant in outcome["participants"]]
    assert {role: roles.count(role) for role in roles} == {
        "requestor": 1, "trainer": 6, "validator": 3, "challenger": 2,
    }  # fmt: skip
    for participant in outcome["participants"]:
        assert set(participant) == {
            "name", "role", "address", "balance_before", "balance_after", "stake_before", "stake_after",
        }  # fmt: skip


def test_money_is_conserved(played: tuple[Path, dict[str, Any]]) -> None:
    _, outcome = played
    assert outcome["supply_before"] == outcome["supply_after"]
    parts = outcome["participants"]
    before = sum(p["balance_before"] + p["stake_before"] for p in parts)
    after = sum(p["balance_after"] + p["stake_after"] for p in parts)
    # What nobody earned went to the challenge pool and nowhere else.
    assert 0 <= before - after < 1000 * SCT
    staked = sum(p["stake_after"] for p in parts)
    assert outcome["held_by_contracts"] == staked + before - after
    balances = sum(p["balance_after"] for p in parts)
    assert balances + outcome["held_by_contracts"] + outcome["undistributed"] == outcome["supply_after"]


def test_everybody_honest_earns_and_the_requestor_pays(played: tuple[Path, dict[str, Any]]) -> None:
    _, outcome = played
    gains = {
        p["name"]: p["balance_after"] + p["stake_after"] - p["balance_before"] - p["stake_before"]
        for p in outcome["participants"]
    }
    assert -1000 * SCT <= gains["requestor"] < 0
    scorers = [f"validator-{n}" for n in (1, 2, 3)] + ["challenger-1", "challenger-2"]
    assert all(gains[name] > 0 for name in [*TRAINERS, *scorers])


def test_model_curve_and_result_are_written(played: tuple[Path, dict[str, Any]]) -> None:
    folder, _ = played
    assert (folder / "learning-curve.png").read_bytes().startswith(b"\x89PNG")
    assert (folder / "model.safetensors").stat().st_size > 1000
    assert (folder / "result.json").is_file()


async def test_the_job_becomes_two_tokens_of_its_requestor(played: tuple[Path, dict[str, Any]]) -> None:
    folder, outcome = played
    bindings = Deployment.load(folder / "deployment.json").bindings()
    async with await Database.open(folder / "nodes" / "chain-log" / "node.sqlite") as database:
        log = SqlEventLog(database)
        head = await log.cursor()
        assert head is not None
        events = [bindings.decode_log(entry) for entry in await log.logs(-1, head.number)]
    minted = [event.values for event in events if event is not None and event.name == "Recorded"]
    owner = next(p["address"] for p in outcome["participants"] if p["role"] == "requestor")
    assert [(m["job"].hex(), m["maker"], RecordKind(m["kind"])) for m in minted] == [
        (outcome["job"], owner, RecordKind.TRAINING_JOB),
        (outcome["job"], owner, RecordKind.EVALUATION_JOB),
    ], "models only where a trainer's operator asks for them"


@pytest.mark.long
def test_equal_seeds_give_equal_aggregates(played: tuple[Path, dict[str, Any]], tmp_path: Path) -> None:
    _, first = played
    second = run_demo(tmp_path / "again")
    assert [r["aggregate"] for r in second["rounds"]] == [r["aggregate"] for r in first["rounds"]]
    assert second["job"] == first["job"]


@pytest.mark.long
def test_lazy_and_poisoning_trainers_earn_next_to_nothing(tmp_path: Path) -> None:
    outcome = run_demo(tmp_path / "bent", "--lazy", "1", "--poison", "1")
    earned = shares(outcome, ["trainer-5", "trainer-6"])
    assert earned["trainer-5"] < 0.02
    assert earned["trainer-6"] < 0.02
    assert outcome["final_accuracy"] > 0.85
