"""How measured numbers are compared with those of before, and a run of the contracts that the plain model plays again."""

from pathlib import Path

import attacks
import economy
import economy_model
import pytest
from running import differences, load_numbers, run_scenario

from scatter.simulation.reading import read_scenario_file


@pytest.mark.parametrize(
    ("old", "new", "fine"),
    [(100, 109, True), (100, 111, False), (-100, -111, False), (3, -1, True), (100, -100, False), (0, 6, False)],
)
def test_a_number_may_be_off_by_a_tenth_or_by_the_least_that_counts(old: float, new: float, fine: bool) -> None:
    assert (differences({"gain": old}, {"gain": new}, 5) == []) is fine


def test_numbers_that_are_missing_are_differences() -> None:
    assert len(differences({"one": 1}, {"other": 1}, 5)) == 2


def test_another_order_and_other_ends_of_jobs_are_differences() -> None:
    def made(first: float, second: float, settled: int) -> dict[str, object]:
        gains = {"honest trainer": {"mean": first}, "honest validator": {"mean": second}}
        return {"jobs": {"settled": settled}, "gains": gains}

    assert economy.compared(made(100, 101, 10), made(100, 101, 10)) == []
    assert economy.compared(made(100, 101, 10), made(101, 100, 10)) == ["the order of who gains most is another one"]
    assert len(economy.compared(made(100, 101, 10), made(100, 101, 9))) == 1


def test_the_committed_numbers_hold_what_the_page_claims() -> None:
    numbers = load_numbers(attacks.NUMBERS)
    assert set(numbers) == set(attacks.SIZES)
    for size, seeds in numbers.items():
        assert set(seeds) == {str(seed) for seed in attacks.SEEDS}
        assert attacks.claims(size, seeds) == []
        assert attacks.claims(size, {"1": {**seeds["1"], "noise": {**seeds["1"]["noise"], "bad": 0.5}}})
        assert attacks.claims(size, {"1": {**seeds["1"], "noise": {**seeds["1"]["noise"], "least_honest": 0.0}}})


def test_every_cast_was_measured_with_five_seeds() -> None:
    numbers = load_numbers(economy.NUMBERS)
    assert set(numbers) == set(economy_model.CASTS)
    assert {file.stem for file in economy.SCENARIOS.glob("*.toml")} == set(economy_model.CASTS)
    for known in numbers.values():
        assert set(known["seeds"]) == {str(seed) for seed in economy.SEEDS}
        assert known["model"]


def test_the_page_has_the_tables_of_the_committed_numbers() -> None:
    page = (Path(economy.HERE).parent / "docs" / "economy.md").read_text()
    assert economy.table(load_numbers(economy.NUMBERS)) in page
    assert attacks.table(load_numbers(attacks.NUMBERS)) in page


def test_the_plain_model_comes_to_what_the_contracts_paid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scenario = read_scenario_file(economy.SCENARIOS / "7-lying-validators.toml", short=True, seed=2)
    result, broken = run_scenario(scenario, economy.SCENARIOS, tmp_path)
    assert broken == []
    assert any(job.challenges for job in result.jobs)
    assert economy.contradictions(result.nodes, tmp_path) == []
    monkeypatch.setattr(economy_model, "BASE", 201)
    assert economy.contradictions(result.nodes, tmp_path)
