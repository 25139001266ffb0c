"""What a scenario file becomes."""

from dataclasses import fields
from decimal import Decimal
from pathlib import Path

import pytest
from tests.unit.simulation.scenario_files import EXAMPLES, SMALL, read

from scatter.chain.parameters import ChainParameters
from scatter.learning.aggregation import Rule
from scatter.protocol.ids import SCT
from scatter.protocol.rates import Rates
from scatter.protocol.states import Role
from scatter.simulation.draws import drawn
from scatter.simulation.reading import read_scenario_file
from scatter.simulation.scenario import (
    AGGREGATES,
    MEASURES,
    About,
    ChainSettings,
    Expectation,
    NodeGroup,
    Selection,
    WorkloadSettings,
)
from scatter.simulation.step_kinds import STEP_KINDS, AddTopic, Repeat, TrainerJoins, Wait
from scatter.simulation.values import Between, Reference

REFERENCE = Path(__file__).parents[3] / "docs" / "simulation.md"
TABLES = (About, ChainSettings, WorkloadSettings, NodeGroup, Expectation, Selection, *STEP_KINDS.values())


def test_everything_comes_in_its_unit() -> None:
    scenario = read()
    assert (scenario.name, scenario.seed) == ("small", 5)
    assert scenario.chain.parameters == ChainParameters(
        challenge_bond=100 * SCT, withdrawal_delay=3 * 86_400, minimum_duration=1
    )
    assert scenario.chain.rates == Rates(challenge_bond=100 * SCT)
    assert scenario.nodes_of(Role.TRAINER) == ("trainer-1", "trainer-2")
    validator = scenario.nodes[2]
    assert (validator.tokens, validator.staked, validator.options) == (100_000 * SCT, True, {"contribution": 700})
    repeat = scenario.steps[3]
    assert isinstance(repeat, Repeat)
    topic, joins, first, second = repeat.steps
    assert isinstance(topic, AddTopic)
    assert isinstance(joins, TrainerJoins)
    assert isinstance(first, Wait)
    assert isinstance(second, Wait)
    assert (topic.reward, topic.rule, topic.fault, topic.durations.train) == (300 * SCT, Rule.KRUM, 2_500, 7_200)
    assert topic.slot_stake == Between(SCT, 2 * SCT, SCT // 2)
    assert topic.durations.open is None
    assert (joins.job, first.state, first.round, second.state) == (Reference("job"), "training", 1, "claimed")
    assert scenario.named(joins.trainers or ()) == ("trainer-2", "trainer-1")
    assert scenario.expect[1].equals == (Decimal(25_000), Decimal("24800.5"))


def test_a_variable_is_its_own_value_then_that_of_the_short_form_then_what_was_set() -> None:
    def times(**options: object) -> tuple[int, int]:
        scenario = read(**options)
        repeat = scenario.steps[3]
        assert isinstance(repeat, Repeat)
        assert scenario.expect[0].equals == repeat.times
        return repeat.times, len(scenario.expect)

    assert times() == (3, 2)
    assert times(short=True) == (1, 1)
    assert times(short=True, overrides={"jobs": "7"}) == (7, 1)


def test_what_is_set_may_be_an_amount() -> None:
    repeat = read(overrides={"reward": "0.5 SCT"}).steps[3]
    assert isinstance(repeat, Repeat)
    topic = repeat.steps[0]
    assert isinstance(topic, AddTopic)
    assert topic.reward == SCT // 2


def test_a_seed_may_be_given_instead_of_the_files() -> None:
    assert read(seed=2**32 - 1).seed == 2**32 - 1


def test_nodes_may_go_without_a_ticket() -> None:
    scenario = read(SMALL.replace('conspiracy = "gang"', 'stake = "0 SCT"\ntokens = "0 SCT"'))
    assert not scenario.nodes[2].staked


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_examples_are_scenarios_in_both_forms(file: Path) -> None:
    full, short = read_scenario_file(file), read_scenario_file(file, short=True)
    assert {expectation.when for expectation in full.expect} <= {"always", "full"}
    assert {expectation.when for expectation in short.expect} <= {"always", "short"}
    assert full.name in (file.stem, f"cast-{file.stem[0]}")
    for scenario in (full, short):
        measures = {expectation.measure for expectation in scenario.expect}
        assert measures >= {"unexplained_losses", "supply_change"}


def test_there_are_the_papers_five_more_of_our_own_and_seven_casts() -> None:
    folders = [file.parent.name for file in EXAMPLES]
    assert (folders.count("scenarios") >= 15, folders.count("casts")) == (True, 7)


def test_draws_are_repeatable_within_bounds_and_in_steps() -> None:
    between = Between(1_000 * SCT, 1_002 * SCT, SCT // 2)
    values = {drawn(between, 1, f"reward of job {job}") for job in range(100)}
    assert values == {1_000 * SCT + number * SCT // 2 for number in range(5)}
    assert drawn(between, 1, "reward of job 7") == drawn(between, 1, "reward of job 7")
    assert [drawn(between, 1, str(n)) for n in range(20)] != [drawn(between, 2, str(n)) for n in range(20)]
    assert drawn(3, 1, "anything") == 3


@pytest.mark.parametrize(
    "name",
    [
        *MEASURES,
        *AGGREGATES,
        *STEP_KINDS,
        *(field.name for kind in TABLES for field in fields(kind) if field.name != "id"),
    ],
)
def test_the_reference_names_everything(name: str) -> None:
    assert f"`{name}`" in REFERENCE.read_text()
