"""The JSON schema that is in the repository says what the reader takes."""

import json
import tomllib
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from tests.unit.simulation.scenario_files import EXAMPLES, SMALL

from scatter.simulation.schema import SCHEMA_FILE, json_schema

VALIDATOR = Draft202012Validator(json_schema())


def errors(text: str) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(tomllib.loads(text))]


def test_the_file_is_what_the_classes_say() -> None:
    written: Any = json.loads(SCHEMA_FILE.read_text())
    assert written == json_schema()
    Draft202012Validator.check_schema(written)


@pytest.mark.parametrize("file", EXAMPLES, ids=lambda file: file.stem)
def test_examples_follow_it(file: Path) -> None:
    assert errors(file.read_text()) == []


@pytest.mark.parametrize(
    ("right", "wrong"),
    [
        ("count = 2", "count = -1"),
        ("count = 2", "colour = 2"),
        ('role = "trainer"', 'role = "coach"'),
        ('do = "advance-time"', 'do = "travel"'),
        ('do = "advance-time"', ""),
        ('reward = "$reward"', 'reward = "a lot"'),
        ('train = "2h"', 'train = "2 hours"'),
        ('job = "$job"\n  state', "state"),
        ("equals = [25000, 24800.5]", 'equals = ["much"]'),
        ('measure = "stake_sequence"', 'measure = "luck"'),
        ("jobs = 3", "jobs = [3]"),
    ],
)
def test_it_refuses_what_the_reader_refuses(right: str, wrong: str) -> None:
    assert errors(SMALL) == []
    assert errors(SMALL.replace(right, wrong, 1))


@pytest.mark.parametrize("right", ["count = 2", "round = 1", "min = 1", "fault = 0.25", "seed = 5"])
def test_a_variable_may_stand_for_a_value(right: str) -> None:
    key = right.split(" = ", maxsplit=1)[0]
    assert errors(SMALL.replace(right, f'{key} = "$jobs"', 1)) == []
