"""Fields of forms: told by the schema, from text to values and back."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from scatter.behaviours.registry import behaviours
from scatter.simulation.scenario import MEASURES as MEASURED
from scatter.simulation.step_kinds import STEP_KINDS
from scatter.web.documents.fields import FORMS, changes_of, fields_of, option_fields, options_of, texts_of, values_of
from scatter.web.documents.purposes import MEASURES
from scatter.web.views.steps import TITLES, about

SCENARIOS = Path(__file__).resolve().parents[3] / "examples" / "scenarios"


def _steps(steps: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [one for step in steps for one in (step, *_steps(step.get("steps", [])))]


@pytest.mark.parametrize("file", sorted(SCENARIOS.rglob("*.toml")), ids=lambda file: file.stem)
def test_forms_of_every_example_say_what_the_file_says(file: Path) -> None:
    content = tomllib.loads(file.read_text())
    for kind, block in [*(("node", n) for n in content["nodes"]), *((s["do"], s) for s in _steps(content["steps"]))]:
        form = fields_of(kind)
        said = {name: value for name, value in values_of(form, texts_of(form, block)).items() if value is not None}
        assert said == {name: value for name, value in block.items() if name not in ("do", "steps", "options")}


@pytest.mark.parametrize("form", FORMS)
def test_every_field_says_what_it_is_for(form: str) -> None:
    for field in fields_of(form):
        assert field.purpose, field.name
        assert field.hint.endswith(".")
    assert MEASURES.keys() == set(MEASURED)


@pytest.mark.parametrize("file", sorted(SCENARIOS.rglob("*.toml")), ids=lambda file: file.stem)
def test_tables_and_expectations_of_every_example_have_their_forms(file: Path) -> None:
    content = tomllib.loads(file.read_text())
    tables = [(name, content.get(name, {})) for name in ("scenario", "chain", "workload")]
    for form, table in [*tables, *(("expect", one) for one in content["expect"])]:
        said = values_of(fields_of(form), texts_of(fields_of(form), table))
        assert {name: value for name, value in said.items() if value is not None} == table


@pytest.mark.parametrize("kind", STEP_KINDS)
def test_every_kind_of_steps_has_a_form_and_a_title(kind: str) -> None:
    assert TITLES[kind]
    assert about(kind)
    assert all(field.rule and field.label for field in fields_of(kind))


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("reward", "1,000", "1000 SCT"),
        ("reward", "1000 to 2000.5 by 0.5", {"between": ["1000 SCT", "2000.5 SCT"], "step": "0.5 SCT"}),
        ("reward", "$much", "$much"),
        ("rounds", "3", 3),
        ("rounds", "three", "three"),
        ("fault", "0.9", 0.9),
        ("fault", "1", 1),
        ("rounds", "  ", None),
    ],
)
def test_texts_become_values(name: str, text: str, value: Any) -> None:
    assert values_of(fields_of("add-topic"), {name: text}) == {name: value}


def test_tables_in_tables_are_put_together() -> None:
    form = fields_of("add-topic")
    said = {"trainers.min": "4", "trainers.max": "10", "durations.train": "", "durations.open": ""}
    assert values_of(form, said) == {"trainers": {"min": 4, "max": 10}, "durations": None}


def test_options_of_every_behaviour_have_fields_whose_usual_values_are_taken() -> None:
    for kind in behaviours().values():
        form = option_fields(kind.options.model_json_schema())
        said = values_of(form, {field.name: field.usual for field in form}).get("options") or {}
        kind.check(said)


def test_what_shows_the_same_stays_and_what_is_usual_is_nothing() -> None:
    topic, options = fields_of("add-topic"), option_fields(behaviours()["noise"].options.model_json_schema())
    block = {
        "do": "add-topic",
        "reward": {"between": ["1 SCT", "2 SCT"]},
        "fault": 1.0,
        "trainers": {"min": 1, "max": 2},
    }
    assert changes_of(topic, texts_of(topic, block), block) == {}
    assert changes_of(topic, {"id": "job", "fault": "0.5"}, block) == {"id": "job", "fault": 0.5}
    assert changes_of(topic, {"trainers.max": "3", "trainers.min": "1"}, block) == {"trainers": {"min": 1, "max": 3}}
    assert changes_of(fields_of("wait"), {"state": "", "within": "365d"}, {"do": "wait"}) == {}
    noisy = {"behaviour": "noise", "options": {"scale": 7}}
    assert options_of(options, {"behaviour": "noise", "options.scale": "7"}, noisy) == {}
    assert options_of((), {"behaviour": "lazy"}, noisy) == {"options": None}
    assert options_of((), {"behaviour": ""}, {"options": {}}) == {}
