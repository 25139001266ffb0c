"""What a node and job code agree on: where things lie in the sandbox, and what `round.json` says. No SDK, any language.

| phase | reads | writes |
|---|---|---|
| train | `/in/model.safetensors`, `/in/round.json`, the trainer's own `/data` | `/out/model.safetensors`, `/out/metrics.json` if it likes |
| predict | `/in/models/<n>.safetensors`, `/in/inputs.npy` | `/out/<n>.npy` for each model, a row for each input |

The phase's folder (`train/` or `predict/`) is `/job`, read-only, and the working directory.
"""

import json

from scatter.jobs.definition import JobDefinition

CODE = "/job"
DATA = "/data"
MODEL_IN = "/in/model.safetensors"
ROUND_IN = "/in/round.json"
MODELS_IN = "/in/models"
INPUTS_IN = "/in/inputs.npy"
MODEL_OUT = "model.safetensors"
METRICS_OUT = "metrics.json"

MODELS_PER_RUN = 64
"""Models that one run of `predict` is given at most: starting a process costs more than predicting with a small model."""


def model_name(number: int) -> str:
    """The name of a model below `/in/models`; numbers count from 0."""
    return f"{number}.safetensors"


def prediction_name(number: int) -> str:
    """The name below `/out` of what `predict` writes for a model."""
    return f"{number}.npy"


def round_file(definition: JobDefinition, round_number: int) -> bytes:
    """`round.json`: round (from 1), rounds, seed and hyperparameters of the job. Raises ValueError for another round."""
    if not 1 <= round_number <= definition.rounds:
        raise ValueError(f"round {round_number} is not one of the job's {definition.rounds}")
    content = {
        "round": round_number,
        "rounds": definition.rounds,
        "seed": definition.seed,
        "hyperparameters": dict(definition.hyperparameters),
    }
    return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()
