import json

import pytest

from scatter.jobs.definition import parse_definition
from scatter.jobs.phases import model_name, prediction_name, round_file


def test_the_round_file_says_all_that_training_needs(job_toml: str) -> None:
    content = round_file(parse_definition(job_toml.encode()), 2)
    assert json.loads(content) == {"round": 2, "rounds": 2, "seed": 7, "hyperparameters": {"learning_rate": 0.1}}


@pytest.mark.parametrize("number", [0, 3])
def test_there_is_none_for_other_rounds(job_toml: str, number: int) -> None:
    with pytest.raises(ValueError, match=f"round {number} is not one of the job's 2"):
        round_file(parse_definition(job_toml.encode()), number)


def test_predictions_are_named_after_models() -> None:
    assert (model_name(3), prediction_name(3)) == ("3.safetensors", "3.npy")
