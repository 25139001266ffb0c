"""Rounds on scikit-learn's digits with misbehaving trainers: a softmax regression in plain NumPy, unequal data (Dirichlet).

The oracle states contributions once more, in the plain way: no blocks, no bytes, no integers.
"""

import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pytest
from sklearn.datasets import load_digits

from scatter.learning.aggregation import Rule, aggregate
from scatter.learning.contributions import COPY, ZERO_LANE, ContributionModels, RoundScores, classify, score_round
from scatter.learning.metrics import Report
from scatter.learning.models import Model, write_model
from scatter.learning.predictions import Outputs, Truth, read_predictions

X, Y = load_digits(return_X_y=True)
X = X / 16.0
ROUNDS, TRAINERS, EVALUATION = 3, 6, 450


def probabilities(model: Model, rows: np.ndarray) -> np.ndarray:
    z = X[rows] @ model["weight"] + model["bias"]
    e = np.exp(z - z.max(1, keepdims=True))
    return e / e.sum(1, keepdims=True)


def model_of(flat: np.ndarray) -> Model:
    return Model({"weight": flat[:640].reshape(64, 10), "bias": flat[640:]})


def flat_of(model: Model) -> np.ndarray:
    return np.concatenate([model["weight"].ravel(), model["bias"]])


def partition(rng: np.random.Generator, rows: np.ndarray) -> list[np.ndarray]:
    parts: list[list[int]] = [[] for _ in range(TRAINERS)]
    for label in range(10):
        mine = rows[Y[rows] == label]
        cuts = (np.cumsum(rng.dirichlet([0.5] * TRAINERS))[:-1] * len(mine)).astype(int)
        for part, chunk in zip(parts, np.split(mine, cuts), strict=True):
            part.extend(chunk)
    return [np.array(part) for part in parts]


def train(rng: np.random.Generator, start: Model, rows: np.ndarray, labels: np.ndarray) -> np.ndarray:
    weight, bias = start["weight"].copy(), start["bias"].copy()
    for _ in range(20):
        for batch in np.array_split(rng.permutation(rows), max(1, len(rows) // 32)):
            gradient = probabilities(model_of(np.concatenate([weight.ravel(), bias])), batch)
            gradient[np.arange(len(batch)), labels[batch]] -= 1
            weight -= 0.3 * X[batch].T @ gradient / len(batch)
            bias -= 0.3 * gradient.mean(0)
    return np.concatenate([weight.ravel(), bias])


Attack = Callable[[np.random.Generator, np.ndarray, np.ndarray], np.ndarray]
ATTACKS: dict[str, Attack] = {
    "copy": lambda rng, start, honest: start,
    "lazy": lambda rng, start, honest: start + rng.normal(0, 1e-3, start.shape),
    "flip": lambda rng, start, honest: honest,
    "sign": lambda rng, start, honest: 2 * start - honest,
    "scale": lambda rng, start, honest: start - 10 * (honest - start),
    "noise": lambda rng, start, honest: start + rng.normal(0, 100, start.shape),
}


@dataclass
class Outcome:
    bad_share: float
    """Of the trainers' part over all rounds, the most that one misbehaving trainer got."""
    unpaid: int
    """Honest trainers that got nothing."""
    accuracy: float
    reports: list[int]


def expected_contributions(start: np.ndarray, updates: list[np.ndarray], rows: np.ndarray) -> list[float]:
    def likelihood(flat: np.ndarray) -> float:
        chosen = probabilities(model_of(flat), rows)[np.arange(len(rows)), Y[rows]]
        return float(np.exp(np.log(np.clip(chosen, 1e-6, 1)).mean()))

    norms = sorted(np.linalg.norm(update - start) for update in updates)
    bound = norms[(len(norms) - 1) // 2]
    steps = [(u - start) * min(1.0, bound / np.linalg.norm(u - start)) for u in updates]
    everybody = start + sum(steps) / len(steps)
    return [likelihood(everybody) - likelihood(everybody - step / len(steps)) for step in steps]


def npy(array: np.ndarray) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def scored(start: Model, updates: list[np.ndarray], rows: np.ndarray) -> tuple[RoundScores[str], dict[str, Model]]:
    published = [(f"0x{number:040x}", write_model(model_of(update))) for number, update in enumerate(updates)]
    found = classify(start, published)
    predictions = [
        read_predictions(npy(probabilities(model, rows)), len(rows), Outputs.PROBABILITIES, 10)
        for model in ContributionModels(start, found.readable)
    ]
    scores = score_round(found, predictions, Truth(Outputs.PROBABILITIES, Y[rows]), Report.ACCURACY)
    fresh = [update for number, update in enumerate(updates) if published[number][0] not in found.special]
    oracle = dict(zip([a for a, _ in found.readable], expected_contributions(flat_of(start), fresh, rows), strict=True))
    for address, contribution in oracle.items():
        assert abs(scores.lanes[address] - ZERO_LANE - np.clip(contribution * 1e5, -ZERO_LANE, 16_381)) <= 1
    return scores, dict(found.readable)


def play(attacks: list[str], seed: int) -> Outcome:
    rng = np.random.default_rng(seed)
    rows = rng.permutation(len(X))
    parts = partition(rng, rows[EVALUATION:])
    model, shares, reports = model_of(np.zeros(650)), np.zeros(TRAINERS), []
    for shard in np.array_split(rows[:EVALUATION], ROUNDS):
        updates = []
        for number, part in enumerate(parts):
            attack = attacks[number] if number < len(attacks) else None
            update = train(rng, model, part, (Y + 1) % 10 if attack == "flip" else Y)
            updates.append(ATTACKS[attack](rng, flat_of(model), update) if attack else update)
        scores, readable = scored(model, updates, shard)
        reports.append(scores.report)
        assert all(lane == COPY for address, lane in scores.lanes.items() if address not in readable)
        settled = {a: scores.lanes[a] - ZERO_LANE for a in readable if scores.lanes[a] > ZERO_LANE}
        for address, contribution in settled.items():
            shares[int(address, 16)] += contribution / sum(settled.values()) / ROUNDS
        model = aggregate(Rule.CONTRIBUTION, model, [(a, readable[a]) for a in settled], settled)
    everything = rows[:EVALUATION]
    accuracy = float((probabilities(model, everything).argmax(1) == Y[everything]).mean())
    bad = shares[: len(attacks)]
    return Outcome(float(bad.max(initial=0)), int((shares[len(attacks) :] == 0).sum()), accuracy, reports)


def test_honest_trainers_learn_and_are_all_paid():
    outcome = play([], seed=1)
    assert outcome.accuracy >= 0.9
    assert outcome.unpaid == 0
    assert outcome.reports[-1] > outcome.reports[0] + 3_000


@pytest.mark.parametrize(
    "attacks", [["lazy"], ["flip"], ["sign"], ["scale"], ["noise"], ["copy", "flip"], ["lazy", "flip"]]
)
def test_misbehaving_trainers_earn_next_to_nothing(attacks):
    outcome = play(attacks, seed=1)
    assert outcome.bad_share < 0.02
    assert outcome.unpaid == 0
    assert outcome.accuracy > 0.85


@pytest.mark.parametrize("attacks", [["lazy"] * 3, ["flip"] * 3, ["scale", "noise", "sign"]])
def test_half_of_the_trainers_misbehaving_slow_learning_and_earn_little(attacks):
    outcome = play(attacks, seed=1)
    assert outcome.bad_share < 0.05
    assert outcome.unpaid == 0
    assert outcome.accuracy > 0.75
