"""Measures, taken on a result that was made by hand."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.unit.simulation.scenario_files import SMALL, read

from scatter.localnet.outcome import ChallengeResult
from scatter.protocol.ids import SCT
from scatter.simulation.bounds import Crossing
from scatter.simulation.expectations import evaluate
from scatter.simulation.losses import Grounds, Loss
from scatter.simulation.result import Balance, JobResult, NodeResult, SimulationResult
from scatter.simulation.verdict_tables import CROSSINGS, EXPECTATIONS, LOSSES, PAGE, write_tables


def node(name: str, gain: int, *behaviours: str, stakes: tuple[int, ...] = (), penalties: int = 0) -> NodeResult:
    group = name.split("-", maxsplit=1)[0]
    stake = 25_000 * SCT if group == "validator" else 0
    return NodeResult(
        name=name,
        group=group,
        role=group,
        behaviour=behaviours[0] if behaviours else "honest",
        behaviours=frozenset(behaviours or ("honest",)),
        before=Balance(100_000 * SCT - stake, stake),
        after=Balance(100_000 * SCT - stake + gain, stake),
        stakes=stakes,
        penalties=penalties,
    )


def challenge(kind: str, outcome: str, *filers: str) -> ChallengeResult:
    return ChallengeResult(kind, 1, filers, outcome, (), 7)


JOB = JobResult(
    name="job-1",
    requestor="requestor-1",
    state="settled",
    reason="none",
    metrics=(0.1, 0.5),
    final_metric=0.75,
    shares={"trainer-1": 3 * SCT, "trainer-2": SCT},
    challenges=(challenge("scores", "changed", "validator-1"), challenge("aggregate", "stands", "trainer-2")),
)
RESULT = SimulationResult(
    scenario="small",
    seed=5,
    seconds=1.5,
    nodes=(
        node("requestor-1", -3 * SCT),
        node("trainer-1", 1_500 * SCT),
        node("trainer-2", -500 * SCT - 1, "honest", "sign-flip"),
        node("validator-1", 0, stakes=tuple(s * SCT for s in (25_000, 24_800, 24_800, 24_400)), penalties=600 * SCT),
    ),
    jobs=(
        JOB,
        replace(JOB, name="job-2", final_metric=0.25, shares={"trainer-1": 4 * SCT}, challenges=()),
        replace(JOB, name="job-3", state="cancelled", final_metric=None, shares={}, challenges=()),
    ),
    supply_before=10 * SCT,
    supply_after=10 * SCT - 1,
    challenge_pool=SCT // 3,
    max_tx_gas=900_000,
    losses=(
        Loss("job-1", "trainer-1", 2 * SCT, False, "silent in round 2", Grounds.RULE),
        Loss("job-1", "trainer-1", 1, False, "nobody | knows", Grounds.UNEXPLAINED),
        Loss(None, "validator-1", 5 * SCT, False, "fell", Grounds.UNEXPLAINED),
    ),
    crossings=(Crossing("job-1", 1, "trainer-2", 900, -50, None, 2, 3),),
)

CASES = [
    ('measure = "gain"\nof = { name = "trainer-1" }\nequals = 1500', True, {"trainer-1": 1500}),
    ('measure = "gain"\nof = { role = "trainer" }\nat_least = -500', False, {"trainer-1": 1500, "trainer-2": -500.0}),
    ('measure = "gain"\nof = { role = "trainer" }\nat_least = -500.000000000000000001', True, None),
    ('measure = "gain"\nof = { role = "trainer", honest = true }\nat_most = 1500', True, {"trainer-1": 1500}),
    ('measure = "gain"\nof = { behaviour = "sign-flip" }\nat_most = 0', True, {"trainer-2": -500.0}),
    ('measure = "gain"\nof = { role = "trainer" }\naggregate = "max"\nequals = 1500', True, 1500),
    ('measure = "gain"\nof = { role = "trainer" }\naggregate = "min"\nat_most = -500', True, -500.0),
    ('measure = "gain"\nof = { role = "trainer" }\naggregate = "mean"\nat_least = 499\nat_most = 500', True, 500.0),
    ('measure = "gain"\nof = { group = "trainer" }\naggregate = "sum"\nat_most = 1000', True, 1000.0),
    ('measure = "gain"\naggregate = "count"\nequals = 1', True, 1),
    ('measure = "gain_percent"\nof = { role = "trainer", honest = true }\nequals = 1.5', True, {"trainer-1": 1.5}),
    ('measure = "tokens"\nof = { role = "validator" }\nequals = 75000', True, {"validator-1": 75000}),
    ('measure = "stake"\nof = { role = "validator" }\nequals = 25000', True, {"validator-1": 25000}),
    ('measure = "penalties"\nof = { role = "validator" }\nequals = 600', True, {"validator-1": 600}),
    ('measure = "stake_sequence"\nof = { role = "validator" }\nequals = [25000, 24800, 24400]', True, {"validator-1": [25000, 24800, 24400]}),
    ('measure = "stake_sequence"\nof = { role = "validator" }\nequals = [25000, 24800]', True, None),
    ('measure = "stake_sequence"\nof = { role = "validator" }\nequals = [25000, 24800, 24400, 23600]', False, None),
    ('measure = "stake_sequence"\nof = { role = "validator" }\nequals = [24800]', False, None),
    ('measure = "share"\nof = { role = "trainer" }\nat_least = 12.5', True, {"trainer-1": 87.5, "trainer-2": 12.5}),
    ('measure = "unexplained_losses"\nof = { role = "trainer" }\nequals = 0', False, {"trainer-1": 0.0, "trainer-2": 0}),
    ('measure = "unexplained_losses"\nof = { role = "validator" }\nequals = 5', True, {"validator-1": 5}),
    ('measure = "jobs_in_state"\nstate = "settled"\nequals = 2', True, 2),
    ('measure = "jobs_in_state"\nstate = "defaulted"\nequals = 0', True, 0),
    ('measure = "accuracy"\nat_least = 0.5', False, {"job-1": 0.75, "job-2": 0.25}),
    ('measure = "accuracy"\naggregate = "mean"\nequals = 0.5', True, 0.5),
    ('measure = "challenges"\nequals = 2', True, 2),
    ('measure = "challenges"\noutcome = "changed"\nequals = 1', True, 1),
    ('measure = "challenges"\noutcome = "changed"\nkind = "aggregate"\nequals = 0', True, 0),
    ('measure = "challenges"\nof = { role = "trainer" }\nequals = 1', True, 1),
    ('measure = "challenge_pool"\nat_most = 0.34', True, 0.3333),
    ('measure = "max_tx_gas"\nat_most = 899999', False, 900_000),
    ('measure = "supply_change"\nequals = 0', False, 0.0),
    ('measure = "scores_out_of_range"\nat_least = 1', True, 1),
]  # fmt: skip


BENT = SMALL.split("[[expect]]", maxsplit=1)[0].replace('nodes = ["trainer"]', 'nodes = ["trainer-2"]')


def evaluated(keys: str, result: SimulationResult = RESULT) -> dict[str, Any]:
    scenario = read(BENT + f'[[expect]]\ntext = "it holds"\n{keys}\n')
    (outcome,) = evaluate(scenario.expect, result)
    return outcome


@pytest.mark.parametrize(("keys", "held", "seen"), CASES)
def test_a_measure_is_held_against_its_bounds(keys: str, held: bool, seen: Any) -> None:
    outcome = evaluated(keys)
    assert (outcome["text"], outcome["held"]) == ("it holds", held)
    assert seen is None or outcome["seen"] == seen


@pytest.mark.parametrize(
    "keys", ['measure = "accuracy"\nat_least = 0', 'measure = "accuracy"\naggregate = "max"\nat_least = 0']
)
def test_nothing_holds_of_nothing(keys: str) -> None:
    assert evaluated(keys, replace(RESULT, jobs=RESULT.jobs[2:])) == {"text": "it holds", "held": False, "seen": {}}


def test_the_result_prints_what_the_command_promises() -> None:
    outcomes = [evaluated(keys) for keys, _, _ in CASES]
    printed = json.loads(json.dumps(RESULT.to_json(outcomes)))
    assert list(printed) == [
        "scenario",
        "seed",
        "seconds",
        "jobs",
        "supply_before",
        "supply_after",
        "nodes",
        "expectations",
    ]
    assert printed["jobs"] == {"settled": 2, "cancelled": 1}
    assert printed["supply_after"] == 10 * SCT - 1
    assert printed["nodes"][2] == {
        "name": "trainer-2",
        "role": "trainer",
        "behaviour": "honest",
        "tokens_before": 100_000 * SCT,
        "tokens_after": 99_500 * SCT - 1,
        "stake_before": 0,
        "stake_after": 0,
    }
    assert printed["expectations"] == outcomes


def test_the_tables_say_what_was_expected_and_seen(tmp_path: Path) -> None:
    scenario = read(SMALL)
    write_tables(tmp_path, scenario.expect, evaluate(scenario.expect, RESULT), RESULT)
    assert (tmp_path / EXPECTATIONS).read_text().splitlines() == [
        "expectation,measure,expected,seen,held",
        "all jobs are settled,jobs_in_state,3,2,NO",
        'the validator\'s ticket falls,stake_sequence,"25000, 24800.5","validator-1: [25000, 24800, 24400]",NO',
    ]
    assert (tmp_path / LOSSES).read_text().splitlines()[1:] == [
        "trainer-1,job-1,2,lost,silent in round 2,by a rule",
        "trainer-1,job-1,0.000000000000000001,lost,nobody | knows,unexplained",
        "validator-1,,5,lost,fell,unexplained",
    ]
    assert (tmp_path / CROSSINGS).read_text().splitlines()[1:] == ["job-1,1,trainer-2,900,-50 to special,2 of 3,yes"]
    page = (tmp_path / PAGE).read_text()
    assert page.startswith("# small, seed 5: expected and seen\n")
    assert "| nobody \\| knows |" in page


def test_empty_tables_say_so(tmp_path: Path) -> None:
    write_tables(tmp_path, (), [], replace(RESULT, losses=(), crossings=()))
    page = (tmp_path / PAGE).read_text()
    assert "It expects nothing." in page
    assert "They lost nothing." in page
