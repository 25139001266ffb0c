"""Whole jobs, disputes included: the recording says what the chain says, and no token is lost in it."""

from collections import Counter
from itertools import pairwise
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from tests.property.protocol import test_following_duties
from tests.unit.simulation.recording.conftest import recorder_of
from tests.unit.simulation.recording.watched import Told, WatchedChain

from scatter.protocol.scores import METRIC_SCALE, ZERO, unpack
from scatter.protocol.states import TERMINAL, State
from scatter.simulation.recording.recorded import Recorded
from scatter.simulation.recording.recorder import Recorder


def check_conservation(recorded: Recorded, chain: WatchedChain) -> None:
    """After each block everybody's tokens add up to the supply, and the contract holds at least stakes and challenge
    pool, but for stakes that are lost already."""
    balances: dict[str, int] = {}
    by_block: dict[int, list[dict[str, Any]]] = {}
    for row in recorded["balances"]:
        by_block.setdefault(row["block"], []).append(row)
    pools = {row["block"]: row for row in recorded["pools"]}
    last = None
    for block in recorded["blocks"].column("block"):
        balances |= {row["node"]: row["balance"] for row in by_block.get(block, [])}
        last = pools.get(block, last)
        assert last is not None
        assert sum(balances.values()) == last["supply"]
        owed = last["stakes"] + last["challenge_pool"] - chain.lost.get(block, 0)
        assert balances["protocol"] == last["held"] >= owed
        assert (last["held"], last["challenge_pool"], last["stakes"]) == chain.money.get(block, (0, 0, 0))
    names = dict(zip(recorded["nodes"].column("address"), recorded["nodes"].column("node"), strict=True))
    assert {names[account]: balance for account, balance in chain.balances.items()}.items() <= balances.items()


def check_payouts(recorded: Recorded, chain: WatchedChain) -> None:
    """Paid and returned are what claims transferred; nobody gets more back than it had put up."""
    names = dict(zip(recorded["nodes"].column("address"), recorded["nodes"].column("node"), strict=True))
    numbers = {job["id"]: job["job"] for job in recorded["jobs"]}
    amounts = {(row["job"], row["node"], row["kind"]): row["amount"] for row in recorded["payouts"]}
    assert len(amounts) == len(recorded["payouts"])
    for event in chain.events:
        if event.name == "Claimed":
            who = (numbers["0x" + event.values["job"].hex()], names[event.values["account"]])
            assert amounts[*who, "paid"] + amounts.get((*who, "returned"), 0) == event.values["paid"]
            assert amounts[*who, "paid"] >= 0
            assert amounts.get((*who, "penalty"), 0) == event.values["penalty"]
    assert all(row["amount"] > 0 for row in recorded["payouts"] if row["kind"] != "paid")
    assert all(row["why"] for row in recorded["payouts"])
    terms = {job["job"]: job for job in recorded["jobs"]}
    bonds = Counter((r["job"], r["node"]) for r in recorded["challenges"] if r["side"] == "filer")
    for row in recorded["payouts"]:
        job = terms[row["job"]]
        put_up = bonds[row["job"], row["node"]] * chain.rates.challenge_bond
        put_up += job["slot_stake"] if row["part"] == "trainer" else 0
        put_up += job["round_pool"] * (job["rounds"] + 1) if row["part"] == "requestor" else 0
        assert row["kind"] != "returned" or row["amount"] <= put_up


def check_durations(recorded: Recorded) -> None:
    """States follow each other without a gap, from posting to the end."""
    for job in recorded["jobs"]:
        spans = [(row["entered"], row["left"]) for row in recorded["durations"] if row["job"] == job["job"]]
        assert spans[0][0] == job["time"]
        assert all(before[1] == after[0] for before, after in pairwise(spans))
        last = [row for row in recorded["states"] if row["job"] == job["job"]][-1]
        assert last["time"] == spans[-1][1]
        assert State[last["state"].upper()] in TERMINAL


def test_disputed_jobs(recorder: Recorder, told: Told) -> None:
    check_conservation(recorder.recorded, told.chain)
    check_payouts(recorder.recorded, told.chain)
    check_durations(recorder.recorded)


def test_scores_are_those_on_the_chain(recorder: Recorder, told: Told) -> None:
    recorded, names = recorder.recorded, {actor.address: actor.name for actor in told.actors}
    opened = {(r["job"], r["round"], r["seat"], r["trainer"]): r["contribution"] for r in recorded["opened_scores"]}
    settled = {(r["job"], r["round"], r["stage"], r["trainer"]): r for r in recorded["settled_scores"]}
    metrics = {(r["job"], r["round"]): r["metric"] for r in recorded["metrics"]}
    for number, view in enumerate(told.chain.view.jobs.values(), 1):
        for made in view.rounds.values():
            assert made.settled is not None
            assert metrics[number, made.number] == made.settled.metric
            for slot, trainer in enumerate(view.trainers):
                for seat, words in made.scored.items():
                    lane = unpack(words, len(view.trainers))[slot + 1]
                    assert opened[number, made.number, seat, names[trainer]] == lane - ZERO
                row = settled[number, made.number, "settled", names[trainer]]
                assert row["contribution"] == made.settled.contribution(slot)
                judged = settled.get((number, made.number, "judged", names[trainer]))
                assert (judged is not None) == (number == 2)
                if judged is not None:
                    final = view.judged(made)
                    assert final is not None
                    assert judged["contribution"] == final.contribution(slot) != row["contribution"]
    assert len(opened) == 2 * 2 * 4 * 3
    assert {row["metric"] for row in recorded["openings"]} <= {n / METRIC_SCALE for n in range(METRIC_SCALE)}


def test_the_dispute_is_told(recorder: Recorder, told: Told) -> None:
    recorded = recorder.recorded
    assert [(r["job"], r["kind"], r["round"], r["outcome"], r["jurors"]) for r in recorded["verdicts"]] == [
        (2, "scores", 1, "changed", 7),
        (2, "scores", 2, "changed", 7),
    ]
    liars = {actor.name for actor in told.actors if told.chain.bent.get(actor.address) == "colluding"}
    sides = [(r["round"], r["side"], r["node"]) for r in recorded["challenges"]]
    assert {node for _, side, node in sides if side == "offender"} == liars
    assert Counter(side for _, side, _ in sides) == {"filer": 4, "offender": 4, "agreed": 14}
    penalties = [row for row in recorded["payouts"] if row["kind"] == "penalty"]
    assert {row["node"] for row in penalties} == liars
    assert all(
        row["why"].startswith("lost its lock: a jury found otherwise on the scores of round 1") for row in penalties
    )
    returned = {
        (r["node"], r["part"]): r["why"] for r in recorded["payouts"] if r["job"] == 2 and r["kind"] == "returned"
    }
    assert {part for _, part in returned} == {"requestor", "trainer", "member", "auditor"}
    phases = [row["phase"] for row in recorded["durations"] if row["state"] == "Judging"]
    assert phases == ["Drawing", "Committing", "Opening", "Tallying"]


def test_transactions_know_who_and_where(recorder: Recorder, told: Told) -> None:
    rows = list(recorder.recorded["transactions"])
    assert len(rows) == len(told.chain.records)
    posts = [row for row in rows if row["function"] == "post"]
    assert [(row["job"], row["state"], row["round"]) for row in posts] == [(1, "None", 0), (2, "None", 0)]
    assert {row["state"] for row in rows if row["function"] == "publish_update"} == {"Training"}
    assert {row["round"] for row in rows if row["function"] == "commit_scores"} == {1, 2}
    assert {row["behaviour"] for row in rows if row["node"] == "trainer-3" and row["job"]} == {"lazy"}
    changes = [(row["node"], row["behaviour"]) for row in recorder.recorded["behaviours"]]
    assert changes[0] == ("trainer-3", "lazy")
    assert Counter(behaviour for _, behaviour in changes) == {"lazy": 1, "colluding": 2}


def test_parts(recorder: Recorder, told: Told) -> None:
    counts = Counter((row["job"], row["part"]) for row in recorder.recorded["parts"])
    common = {"requestor": 1, "trainer": 3, "member": 3, "auditor": 1}
    assert counts == {(job, part): n for job in (1, 2) for part, n in common.items()} | {(2, "juror"): 7}


@given(test_following_duties.SEEDS)
@settings(max_examples=40, deadline=None)
def test_jobs_among_nodes_that_fail(random: Random) -> None:
    """Random jobs of all ends, as in tests/property/protocol."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(test_following_duties, "ModelChain", WatchedChain)
        chain, players, _, _ = test_following_duties.troubled(random)
    assert isinstance(chain, WatchedChain)
    told = Told(players, chain, WatchedChain().beginning())
    told.play(random)
    recorded = recorder_of(told).recorded
    check_conservation(recorded, told.chain)
    check_payouts(recorded, told.chain)
    check_durations(recorded)
