"""Trainers that publish something else than what training made, or train on something else."""

from pathlib import Path

import numpy as np
import pytest
from tests.property.protocol.actors import digest, example_terms
from tests.property.protocol.model_chain import account
from tests.unit.behaviours.casting import SEED, bent

from scatter.behaviours.persona import Conspiracy, Persona
from scatter.behaviours.registry import create
from scatter.jobs.examples import Examples, read_examples
from scatter.learning.models import Model
from scatter.learning.predictions import Outputs, Truth
from scatter.node.behaviour import Work
from scatter.protocol.ids import JobId, Round
from scatter.protocol.states import Role
from scatter.protocol.view import JobView, RoundView

START = Model({"w": np.array([1.0, -2.0, 0.5], np.float32), "b": np.array([[0.25]], np.float64)})
TRAINED = Model({"w": np.array([2.0, -2.0, 0.0], np.float32), "b": np.array([[1.0]], np.float64)})
TRAINERS = (account(11), account(12))


def work(round_: int = 1) -> Work:
    name = b"tiny".ljust(32, b"\0")
    rounds = {Round(round_): RoundView(Round(round_), {0: digest("update")})}
    job = JobView(JobId(bytes(32)), account(10), name, example_terms(), (), (), trainers=TRAINERS, rounds=rounds)
    return Work(job, Round(round_))


def flat(model: Model) -> list[float]:
    return [float(value) for tensor in model.values() for value in tensor.reshape(-1)]


def test_who_is_honest_or_lazy() -> None:
    assert bent("honest").update(START, TRAINED, work()) is TRAINED
    assert bent("lazy").update(START, TRAINED, work()) == START


def test_steps_are_turned_round_and_scaled() -> None:
    assert flat(bent("sign-flip").update(START, TRAINED, work())) == [-0.5, 0.0, -2.0, 1.0]
    assert flat(bent("scaling", factor=2).update(START, TRAINED, work())) == [1.75, 3.0, -2.0, -0.5]
    assert flat(bent("scaling").update(START, TRAINED, work())) == [-7.25, -9.0, -2.0, 5.5]


@pytest.mark.parametrize(("name", "least", "most"), [("noise", 10, 300), ("lazy-noise", 1e-4, 3e-3)])
def test_noise_is_about_the_starting_model_and_repeatable(name: str, least: float, most: float) -> None:
    start = Model({"w": np.ones(1_000, np.float32)})
    made = bent(name).update(start, start, work())
    assert least < np.abs(made["w"] - 1).mean() < most
    assert bent(name).update(start, start, work()) == made
    assert bent(name).update(start, start, work(2)) != made
    other = create(name, {}, Persona("else", account(99), Role.TRAINER, SEED))
    assert other.update(start, start, work()) != made


def test_what_is_too_large_stays_a_model() -> None:
    start, trained = (Model({"w": np.array([value], np.float16)}) for value in (0.0, 60_000.0))
    made = bent("scaling", factor=1e6).update(start, trained, work())
    assert made["w"][0] == np.finfo(np.float16).max


def examples(rows: int = 20, outputs: Outputs = Outputs.PROBABILITIES) -> Examples:
    inputs = np.random.default_rng(5).normal(size=(rows, 2, 3))
    labels = np.arange(rows, dtype=np.int64) % 10
    values = np.array([[1.0], [-2.0]] * (rows // 2))
    return Examples(inputs, Truth(outputs, labels if outputs is Outputs.PROBABILITIES else values))


def kept(own: Examples, folder: Path) -> Path:
    folder.mkdir()
    for name, content in own.to_files().items():
        (folder / name).write_bytes(content)
    return folder


def read(folder: Path, outputs: Outputs) -> Examples:
    return read_examples(
        (folder / "inputs.npy").read_bytes(), (folder / "outputs.npy").read_bytes(), outputs, where="data"
    )


@pytest.mark.parametrize("outputs", Outputs)
def test_labels_are_flipped_in_a_folder_of_its_own(tmp_path: Path, outputs: Outputs) -> None:
    own = examples(outputs=outputs)
    folder = kept(own, tmp_path / "own")
    made = bent("label-flip").data(folder, tmp_path / "workspace", work())
    flipped, before = read(made, outputs), read(folder, outputs)
    assert made.name.startswith("train-")
    assert (before.truth.array == own.truth.array).all()
    assert (flipped.inputs == own.inputs).all()
    expected = -own.truth.array if outputs is Outputs.VALUES else (own.truth.array + 1) % 10
    assert (flipped.truth.array == expected).all()
    assert bent("label-flip").data(folder, tmp_path / "workspace", work()) == made, "again after a crash"


@pytest.mark.parametrize("labels", [[0, 0, 0], [3, 3], [0, 1], [0, 2, 1]])
def test_every_label_is_wrong_after_flipping(labels: list[int]) -> None:
    own = Examples(np.zeros((len(labels), 1)), Truth(Outputs.PROBABILITIES, np.array(labels)))
    flipped = bent("label-flip").examples(own, work()).truth.array
    assert (flipped != own.truth.array).all()
    assert flipped.max() <= max(1, *labels)


def test_data_of_another_form_cannot_be_bent(tmp_path: Path) -> None:
    with pytest.raises(OSError, match=r"inputs\.npy"):
        bent("label-flip").data(tmp_path, tmp_path, work())


def test_nodes_that_share_a_workspace_do_not_share_data(tmp_path: Path) -> None:
    folder = kept(examples(), tmp_path / "own")
    others = create("label-flip", {}, Persona("else", account(98), Role.TRAINER, SEED))
    places = {bent("label-flip").data(folder, tmp_path, work(n)) for n in (1, 2)} | {
        others.data(folder, tmp_path, work())
    }
    assert len(places) == 3


def test_a_backdoor_has_a_trigger_and_a_wrong_answer() -> None:
    own = examples()
    made = bent("backdoor", share=0.25, width=2, target=7).examples(own, work())
    assert made.rows == 25
    assert (made.inputs[:20] == own.inputs).all()
    assert (made.truth.array[:20] == own.truth.array).all()
    poisoned = made.inputs[20:].reshape(5, 6)
    assert (poisoned[:, :2] == own.inputs.max()).all()
    assert (made.truth.array[20:] == 7).all()
    rows = own.inputs.reshape(20, 6)
    assert all((rows[:, 2:] == row[2:]).all(axis=1).any() for row in poisoned), "the rest of the input is a real one's"
    again = bent("backdoor", share=0.25, width=2, target=7).examples(own, work())
    assert (again.inputs == made.inputs).all()
    values = bent("backdoor").examples(examples(outputs=Outputs.VALUES), work())
    assert (values.truth.array[20:] == 1.0).all()


def test_copiers_of_a_conspiracy_publish_what_the_first_of_them_made() -> None:
    gang = Conspiracy()
    first, second = (
        create("copying", {}, Persona(f"t{n}", trainer, Role.TRAINER, SEED, gang)) for n, trainer in enumerate(TRAINERS)
    )
    other = Model({"w": np.zeros(3, np.float32), "b": np.zeros((1, 1))})
    assert first.update(START, TRAINED, work()) == TRAINED
    assert second.update(START, other, work()) == TRAINED
    assert second.update(START, other, work(2)) == other, "nothing was told of that round"


def test_posing_trainers_know_what_their_requestor_evaluates(tmp_path: Path) -> None:
    gang, own = Conspiracy(), kept(examples(), tmp_path / "own")
    trainer = create("posing-as-trainer", {}, Persona("t", TRAINERS[0], Role.TRAINER, SEED, gang))
    assert trainer.data(own, tmp_path, work()) == own, "nobody told anything"
