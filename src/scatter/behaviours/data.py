"""Trainers that train on other data than their own."""

import io
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from pydantic import Field

from scatter.behaviours.bent import Bent, O_co, Options
from scatter.behaviours.persona import Persona
from scatter.behaviours.updates import TRAINERS
from scatter.jobs.archives import pack, unpack
from scatter.jobs.examples import INPUTS, OUTPUTS, Examples, read_examples
from scatter.jobs.folder import JobPackage
from scatter.jobs.shards import SHARD_LIMITS
from scatter.learning.predictions import Outputs, Truth
from scatter.node.behaviour import Work
from scatter.protocol.states import Role

FEWEST_CLASSES = 2


class Retraining(Bent[O_co], ABC):
    """Trains on what it makes of its own examples, `inputs.npy` and `outputs.npy`; other data cannot be bent (OSError)."""

    def data(self, own: Path, workspace: Path, work: Work) -> Path:
        """A folder with the examples that this trainer uses instead of its own."""
        made = self.examples(_read(own), work)
        return _written(made.to_files(), workspace, self.persona, work)

    @abstractmethod
    def examples(self, own: Examples, work: Work) -> Examples:
        """What it trains on, given its own examples."""


class LabelFlip(Retraining[Options]):
    """Trains on wrong answers: each label is moved to the next one, the last to the first; values are negated. What it
    contributes is negative: it is not accepted and not paid, and loses `fault` of its slot stake when it was judged in three
    rounds."""

    roles = TRAINERS

    def examples(self, own: Examples, work: Work) -> Examples:
        """The same inputs with other answers."""
        del work
        answers = own.truth.array
        if own.truth.outputs is Outputs.VALUES:
            return Examples(own.inputs, Truth(own.truth.outputs, -answers))
        classes = max(int(answers.max()) + 1, FEWEST_CLASSES)
        return Examples(own.inputs, Truth(own.truth.outputs, (answers + 1) % classes))


class BackdoorOptions(Options):
    """How strong the backdoor is."""

    share: float = Field(0.5, gt=0, le=1, description="part of its examples that are repeated with the trigger")
    width: int = Field(3, ge=1, le=4096, description="how many of an input's first numbers are the trigger")
    target: int = Field(0, ge=0, le=65535, description="the label that the trigger is to bring about")


class Backdoor(Retraining[BackdoorOptions]):
    """Trains on its own examples and on copies with a trigger: the first numbers of the input at their largest, the answer one of
    its choice (Gu et al., "BadNets", arXiv:1708.06733). On what the evaluation looks at it does as well as the honest, so it is
    paid: the protocol clips its step, and does not see the backdoor."""

    roles = TRAINERS
    takes = BackdoorOptions

    def examples(self, own: Examples, work: Work) -> Examples:
        """Its own examples, then poisoned copies of some of them."""
        count = max(1, round(self.options.share * own.rows))
        chosen = self.persona.generator(work, "backdoor").choice(own.rows, count, replace=False)
        poisoned = own.inputs[np.sort(chosen)].reshape(count, -1).copy()
        poisoned[:, : self.options.width] = own.inputs.max()
        inputs = np.concatenate([own.inputs, poisoned.reshape(count, *own.inputs.shape[1:])])
        answers = own.truth.array
        wrong = np.full((count, *answers.shape[1:]), self._answer(own), answers.dtype)
        return Examples(inputs, Truth(own.truth.outputs, np.concatenate([answers, wrong])))

    def _answer(self, own: Examples) -> float:
        return self.options.target if own.truth.outputs is Outputs.PROBABILITIES else float(own.truth.array.max())


class PosingAsTrainer(Bent[Options]):
    """A requestor that takes part in its own job: trainers of its conspiracy know the evaluation, and train on it. The protocol
    does not answer that: they contribute most, and take a large part of a reward that was theirs before. `max_share` bounds
    the part of each."""

    roles = frozenset({Role.REQUESTOR, Role.TRAINER})

    def package(self, package: JobPackage) -> JobPackage:
        """The job as it is; the conspiracy is told the evaluation."""
        name = package.definition.name
        self.persona.conspiracy.memory[_evaluation(name)] = pack(package.evaluation.to_files())
        return package

    def data(self, own: Path, workspace: Path, work: Work) -> Path:
        """The evaluation, where the requestor is one of the conspiracy."""
        conspiracy = self.persona.conspiracy
        told = conspiracy.memory.get(_evaluation(work.job.name))
        if told is None or work.job.requestor not in conspiracy.accounts:
            return own
        return _written(unpack(told, SHARD_LIMITS), workspace, self.persona, work)


def _evaluation(name: str) -> str:
    return f"evaluation/{name}"


def _read(own: Path) -> Examples:
    """Examples whose kind is seen from their outputs: one whole number for each input is a class."""
    inputs, outputs = (own / INPUTS).read_bytes(), (own / OUTPUTS).read_bytes()
    answers = np.load(io.BytesIO(outputs), allow_pickle=False)
    classes = answers.ndim == 1 and np.issubdtype(answers.dtype, np.integer)
    return read_examples(inputs, outputs, Outputs.PROBABILITIES if classes else Outputs.VALUES, where=str(own))


def _written(files: Mapping[str, bytes], workspace: Path, persona: Persona, work: Work) -> Path:
    """A folder of the node, job and round that job code can read, whatever user it runs as. Nodes may share a workspace."""
    folder = workspace / f"train-on-{persona.account}-{work.job.id.hex()}-{work.round}"
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o755)
    for name, content in files.items():
        (folder / name).write_bytes(content)
        (folder / name).chmod(0o644)
    return folder
