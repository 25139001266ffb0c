"""A little job, and a sandbox that computes what its scripts would: softmax regression on three numbers."""

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load, save

from scatter.jobs.examples import array_bytes
from scatter.jobs.folder import JobPackage, load_job
from scatter.learning.models import Model, write_model
from scatter.ports import SandboxResult, SandboxRun

DATASET = "tiny/v1"
JOB_TOML = """\
[job]
name = "tiny"
rounds = {rounds}
seed = 7
trainers = {{ min = 1, max = {trainers} }}
committee = {committee}
auditors = {auditors}
min_jury = {jury}
reward = "1000 SCT"
slot_stake = "500 SCT"
dataset = "tiny/v1"
tau = 10
[train]
command = ["python", "train.py"]
[predict]
command = ["python", "predict.py"]
outputs = "probabilities"
report = "accuracy"
[aggregate]
rule = "contribution"
"""


def examples(rows: int, seed: int) -> dict[str, bytes]:
    """Rows of three numbers; the class says whether the first is positive."""
    inputs = np.random.default_rng(seed).normal(size=(rows, 3))
    return {"inputs.npy": array_bytes(inputs), "outputs.npy": array_bytes((inputs[:, 0] > 0).astype(np.int64))}


def tiny_job(
    folder: Path, *, rounds: int = 1, trainers: int = 1, committee: int = 1, auditors: int = 0, jury: int = 0
) -> JobPackage:
    """The job, from a folder that is written for it."""
    toml = JOB_TOML.format(rounds=rounds, trainers=trainers, committee=committee, auditors=auditors, jury=jury)
    files = {
        "job.toml": toml.encode(),
        "train/train.py": b"print('train')\n",
        "predict/predict.py": b"print('predict')\n",
        "model/model.safetensors": write_model(Model({"weight": np.zeros((3, 2), np.float32)})),
        **{f"evaluation/{name}": content for name, content in examples(80, 1).items()},
    }
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return load_job(folder)


def deal_data(folder: Path, seed: int) -> None:
    """A trainer's own data."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in examples(60, seed).items():
        (folder / name).write_bytes(content)


def softmax(logits: NDArray[np.float64]) -> NDArray[np.float64]:
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def train(mounts: dict[str, Path]) -> dict[str, bytes]:
    inputs, classes = np.load(mounts["/data"] / "inputs.npy"), np.load(mounts["/data"] / "outputs.npy")
    weight = load(mounts["/in/model.safetensors"].read_bytes())["weight"].astype(np.float64)
    for _ in range(20):
        weight -= inputs.T @ (softmax(inputs @ weight) - np.eye(2)[classes]) / len(inputs)
    return {"model.safetensors": save({"weight": weight.astype(np.float32)})}


def predict(mounts: dict[str, Path]) -> dict[str, bytes]:
    inputs, files = np.load(mounts["/in/inputs.npy"]), {}
    for path in mounts["/in/models"].iterdir():
        out = io.BytesIO()
        np.save(out, softmax(inputs @ load(path.read_bytes())["weight"].astype(np.float64)))
        files[f"{path.stem}.npy"] = out.getvalue()
    return files


def result(outputs: dict[str, bytes], exit_code: int | None = 0, reason: str | None = None) -> SandboxResult:
    return SandboxResult(exit_code, reason, "" if exit_code == 0 else "Traceback: something", outputs, 0.1)


@dataclass
class ScriptedSandbox:
    """`ports.Sandbox` without a sandbox. `instead` may answer a run in place of the script."""

    runs: list[SandboxRun] = field(default_factory=list)
    instead: Callable[[SandboxRun], SandboxResult | None] = lambda run: None

    async def run(self, run: SandboxRun) -> SandboxResult:
        self.runs.append(run)
        answer = self.instead(run)
        if answer is not None:
            return answer
        made = (train if run.command[-1] == "train.py" else predict)(dict(run.mounts))
        return result({name: content for name, content in made.items() if name in run.outputs})
