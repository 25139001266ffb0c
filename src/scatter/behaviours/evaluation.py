"""Requestors whose evaluation cannot be used."""

from dataclasses import replace
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from scatter.behaviours.bent import Bent, Options
from scatter.behaviours.silence import REQUESTORS
from scatter.jobs.examples import Examples
from scatter.jobs.folder import JobPackage
from scatter.learning.predictions import MAX_CLASSES, Outputs, Truth
from scatter.protocol.ids import job_id, topic_of


class Garbage(StrEnum):
    """What is wrong with the expected answers."""

    CONSTANT = "constant"
    UNFITTING = "unfitting"
    RANDOM = "random"


class GarbageOptions(Options):
    """What is wrong."""

    kind: Garbage = Field(
        Garbage.CONSTANT, strict=False, description="constant, unfitting (answers that no model can give), or random"
    )


class GarbageEvaluation(Bent[GarbageOptions]):
    """Posts an evaluation whose answers are worth nothing. Constant and unfitting ones cannot be scored: members refuse, the
    requestor loses its bond, and those who published and refused are paid. Answers in random order can be scored, and are:
    the requestor pays for chance."""

    roles = REQUESTORS
    takes = GarbageOptions

    def package(self, package: JobPackage) -> JobPackage:
        """The same job with other answers."""
        truth = package.evaluation.truth
        answers = self._answers(truth, package.definition.name)
        return replace(package, evaluation=Examples(package.evaluation.inputs, Truth(truth.outputs, answers)))

    def _answers(self, truth: Truth, name: str) -> NDArray[Any]:
        match self.options.kind:
            case Garbage.CONSTANT:
                return np.zeros_like(truth.array)
            case Garbage.UNFITTING if truth.outputs is Outputs.PROBABILITIES:
                return MAX_CLASSES - 1 - truth.array
            case Garbage.UNFITTING:
                return np.hstack([truth.array, truth.array])
            case Garbage.RANDOM:
                seed = self.persona.bytes_for(job_id(self.persona.account, topic_of(name)), "garbage")
                return np.random.default_rng(int.from_bytes(seed, "big")).permutation(truth.array)
