from pathlib import Path

import numpy as np
import pytest

from scatter.jobs.examples import array_bytes
from scatter.learning.models import Model, write_model

JOB_TOML = """\
[job]
name = "tiny"
rounds = 2
seed = 7
trainers = { min = 2, max = 4 }
committee = 3
auditors = 0
min_jury = 0
reward = "1000 SCT"
slot_stake = "500 SCT"
fault = 0.5
max_share = 0.5
dataset = "tiny/v1"
tau = 10
durations = { train = "2h" }

[train]
command = ["python", "train.py"]
timeout = "60s"
memory = "1GiB"

[train.hyperparameters]
learning_rate = 0.1

[predict]
command = ["python", "predict.py"]
outputs = "probabilities"
report = "accuracy"

[aggregate]
rule = "contribution"

[runtime]
environment = "python-3.11"
network = false
"""


@pytest.fixture
def job_toml() -> str:
    return JOB_TOML


@pytest.fixture
def job_files() -> dict[str, bytes]:
    """A whole little job by path: 80 rows of three numbers, two classes."""
    generator = np.random.default_rng(1)
    model = Model({"weight": np.zeros((3, 2), np.float32)})
    return {
        "job.toml": JOB_TOML.encode(),
        "train/train.py": b"print('train')\n",
        "predict/predict.py": b"print('predict')\n",
        "predict/lib/layers.py": b"DEPTH = 1\n",
        "model/model.safetensors": write_model(model),
        "evaluation/inputs.npy": array_bytes(generator.normal(size=(80, 3))),
        "evaluation/outputs.npy": array_bytes(np.arange(80) % 2),
    }


@pytest.fixture
def job_folder(tmp_path: Path, job_files: dict[str, bytes]) -> Path:
    folder = tmp_path / "tiny"
    for path, content in job_files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return folder
