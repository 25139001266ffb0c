"""What each update of a round contributed: which models to predict with, and the lanes that come out.

A = start + Σ dⱼ/k over the k updates that got no special word, dⱼ = update − start scaled down to the lower median of the k norms.
The contribution of trainer i is S(A) − S(A − dᵢ/k). The mean keeps its denominator k when an update is left out: whoever adds
nothing contributes nothing. (Renormalised, an honest trainer in five was never paid; docs/protocol.md has the figures.)

To the bit: Σ sⱼ·dⱼ (sⱼ the factor that clips) is added in float64 in the order of addresses; A is start + Σ/k, A without i is
start + (Σ − sᵢ·dᵢ)/k; both are cast once, to nearest even.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Generic, TypeVar

import numpy as np

from scatter.learning.clipping import (
    Float64Array,
    blocks,
    clip_factor,
    lower_median,
    rounded,
    step,
    step_norm,
    values,
)
from scatter.learning.errors import LearningError, ModelError, PredictionError
from scatter.learning.metrics import Report, report_value, score
from scatter.learning.models import Model, read_model, write_model
from scatter.learning.predictions import Truth

Account = TypeVar("Account", bound=str)

UNREADABLE: Final = 0x7FFF
"""Lane of an update that cannot be read or does not fit the starting model."""

COPY: Final = 0x7FFE
"""Lane of an exact copy of the starting model, or of an update that was published earlier."""

ZERO_LANE: Final = 16_384
"""Lane of a contribution of 0."""

LARGEST_LANE: Final = 32_765
"""Contributions beyond it (and below lane 0) are clamped."""

UNITS: Final = 100_000
"""A contribution of 1 in the units of a lane."""


@dataclass(frozen=True, slots=True)
class Classified(Generic[Account]):
    """The updates of a round: those to be measured, in the order of addresses, and the lanes of the others with reasons."""

    readable: tuple[tuple[Account, Model], ...]
    special: Mapping[Account, int]
    reasons: Mapping[Account, str]


@dataclass(frozen=True, slots=True)
class RoundScores(Generic[Account]):
    """What a seat opens: slot 0, and the lane of every trainer that published."""

    report: int
    lanes: Mapping[Account, int]


def classify(start: Model, published: Iterable[tuple[Account, bytes | None]]) -> Classified[Account]:
    """Sort out unreadable updates and copies.

    `published` are (trainer, decrypted file) in the order of publication on the chain; None stands for a file that could not be had
    or decrypted. Copies are found by their tensors, so other metadata does not hide one. Nothing is raised for bad
    content; LearningError when a trainer occurs twice.
    """
    readable: dict[Account, Model] = {}
    special: dict[Account, int] = {}
    reasons: dict[Account, str] = {}
    seen = {_fingerprint(start): "the starting model"}
    for address, data in published:
        if address in readable or address in special:
            raise LearningError(f"{address} published two updates in one round")
        try:
            if data is None:
                raise ModelError("its content is not here or cannot be decrypted")
            model = read_model(data, like=start)
        except ModelError as error:
            special[address], reasons[address] = UNREADABLE, str(error)
            continue
        fingerprint = _fingerprint(model)
        if fingerprint in seen:
            special[address], reasons[address] = COPY, f"an exact copy of {seen[fingerprint]}"
        else:
            seen[fingerprint] = f"the update of {address}"
            readable[address] = model
    return Classified(tuple(sorted(readable.items())), special, reasons)


class ContributionModels(Generic[Account]):
    """The models to predict with: the starting model, A, and A without each update, in the order of addresses.

    k + 2 models for k ≥ 1 updates (for one update A without it is the starting model), the starting model alone for none.
    Iterating computes them one by one, each as big as the starting model, so that a round need not fit into memory.
    """

    def __init__(self, start: Model, readable: Sequence[tuple[Account, Model]]) -> None:
        """`readable` is what `classify` found readable."""
        ordered = sorted(readable, key=lambda update: update[0])
        self.start = start
        self.addresses = tuple(address for address, _ in ordered)
        self._models = [model for _, model in ordered]
        norms = [step_norm(start, model) for model in self._models]
        self._factors = [clip_factor(norm, lower_median(norms)) for norm in norms]

    def __len__(self) -> int:
        return len(self._models) + 2 if self._models else 1

    def __iter__(self) -> Iterator[Model]:
        yield self.start
        if not self._models:
            return
        total = self._total()
        yield self._moved(total)
        for index in range(len(self._models)):
            yield self._moved(total, without=index)

    def _clipped(self, index: int, name: str, part: slice) -> Float64Array:
        return step(self.start, self._models[index], name, part) * self._factors[index]

    def _total(self) -> dict[str, Float64Array]:
        """Σ sⱼ·dⱼ by tensor, flat."""
        total = {name: np.zeros(tensor.size) for name, tensor in self.start.items()}
        for name, part in blocks(self.start):
            for index in range(len(self._models)):
                total[name][part] += self._clipped(index, name, part)
        return total

    def _moved(self, total: Mapping[str, Float64Array], without: int | None = None) -> Model:
        result = {name: np.empty_like(tensor) for name, tensor in self.start.items()}
        for name, part in blocks(self.start):
            moved = total[name][part].copy()
            if without is not None:
                moved -= self._clipped(without, name, part)
            moved /= len(self._models)
            moved += values(self.start, name, part)
            result[name].reshape(-1)[part] = rounded(moved, self.start[name].dtype)
        return Model(result)


def score_round(
    classified: Classified[Account], predictions: Sequence[Float64Array | None], truth: Truth, report: Report
) -> RoundScores[Account]:
    """The scores of a round from the predictions of all its `ContributionModels`, in their order, each (rows, columns).

    None stands for predictions that could not be used; such a model has S = 0, so that an update cannot stop a round by making
    models useless. The starting model's must be there. PredictionError when they are not, or when their number or shapes are
    wrong; TruthError when the shard cannot be scored against.
    """
    addresses = [address for address, _ in classified.readable]
    expected = len(addresses) + 2 if addresses else 1
    if len(predictions) != expected:
        raise PredictionError(f"there are predictions of {len(predictions)} models, expected {expected}")
    start = predictions[0]
    if start is None:
        raise PredictionError("there are no usable predictions of the starting model")
    if any(array is not None and array.shape != start.shape for array in predictions):
        raise PredictionError(
            f"predictions of one round differ in shape from those of its starting model, {start.shape}"
        )
    scores = [0.0 if array is None else score(array, truth) for array in predictions]
    lanes = dict(classified.special)
    for address, without in zip(addresses, scores[2:], strict=True):
        lanes[address] = lane(scores[1] - without)
    return RoundScores(report_value(report, start, truth), lanes)


def lane(contribution: float) -> int:
    """The lane of a contribution (−1..1): units of 1e-5, half to even, plus 16,384, clamped to 0..32,765."""
    return min(max(ZERO_LANE + round(contribution * UNITS), 0), LARGEST_LANE)


def _fingerprint(model: Model) -> bytes:
    return hashlib.sha256(write_model(model)).digest()
