"""What runs of the campaign reached is added up, and what they never reached is found. `make test` runs it beside these tests."""

import invariants
import pytest


def line(**reached: int) -> str:
    """A run that reached these places (spaces written as underscores) and no others."""
    counts = {name.replace(" ", "_"): 0 for name in invariants.places()}
    assert set(reached) <= set(counts)
    return " ".join(map(str, {**counts, **reached}.values()))


def test_places_are_states_reasons_phases_outcomes_and_marks() -> None:
    places = invariants.places()
    assert len(set(places)) == len(places)
    assert {"state Judging", "reason Refused", "phase Tallying", "Aggregate Changed", "BankRun"} <= set(places)


def test_runs_are_added_up() -> None:
    table = invariants.table([line(state_Open=2), line(state_Open=1, BankRun=1), line()])
    assert table["state Open"] == (3, 2)
    assert table["BankRun"] == (1, 1)
    assert table["state Drawing"] == (0, 0)


def test_what_no_run_reached_is_told() -> None:
    everything = dict.fromkeys((name.replace(" ", "_") for name in invariants.places()), 1)
    assert invariants.never(invariants.table([line(**everything)])) == []
    assert invariants.never(invariants.table([line(**{**everything, "phase_Tallying": 0})])) == ["phase Tallying"]
    assert "reason Refused" in invariants.never(invariants.table([]))


def test_lines_that_do_not_fit_are_refused() -> None:
    with pytest.raises(SystemExit):
        invariants.table(["1 2 3"])
