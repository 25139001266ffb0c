"""Train softmax regression on this trainer's own digits, from the global model of the round.

Reads /in/model.safetensors, /in/round.json, /data/inputs.npy (images, 0..16) and /data/outputs.npy (digits); writes
/out/model.safetensors and /out/metrics.json. Another root than / may be given, to try it out without a sandbox.
"""

import json
import os
import sys
from pathlib import Path

# One thread, and so one order of additions: equal seeds give equal bytes. NumPy reads this when it is imported.
os.environ["OPENBLAS_NUM_THREADS"] = "1"

import numpy as np
from safetensors.numpy import load_file, save_file

BRIGHTEST = 16
CLASSES = 10


def features(images):
    """Images (rows, 64) of 0..16 as float64 in 0..1."""
    return images.astype(np.float64) / BRIGHTEST


def softmax(logits):
    """Probabilities (rows, classes)."""
    exponentials = np.exp(logits - logits.max(axis=1, keepdims=True))
    return exponentials / exponentials.sum(axis=1, keepdims=True)


def train(model, images, digits, *, seed, epochs, batch_size, learning_rate):
    """Plain stochastic gradient descent on the cross-entropy; the trained model and the loss of its last epoch."""
    generator = np.random.default_rng(seed)
    inputs, targets = features(images), np.eye(CLASSES)[digits]
    weight, bias = model["weight"].astype(np.float64), model["bias"].astype(np.float64)
    loss = 0.0
    for _ in range(epochs):
        loss = 0.0
        for batch in np.array_split(generator.permutation(len(inputs)), max(1, len(inputs) // batch_size)):
            predicted = softmax(inputs[batch] @ weight + bias)
            loss -= float((targets[batch] * np.log(predicted.clip(1e-12))).sum())
            error = (predicted - targets[batch]) / len(batch)
            weight -= learning_rate * inputs[batch].T @ error
            bias -= learning_rate * error.sum(axis=0)
    trained = {"weight": weight.astype(np.float32), "bias": bias.astype(np.float32)}
    return trained, loss / len(inputs)


def main(root=Path("/")):
    task = json.loads((root / "in/round.json").read_text())
    images, digits = np.load(root / "data/inputs.npy"), np.load(root / "data/outputs.npy")
    model, loss = train(
        load_file(root / "in/model.safetensors"),
        images,
        digits,
        seed=[task["seed"], task["round"]],
        **task["hyperparameters"],
    )
    save_file(model, root / "out/model.safetensors")
    (root / "out/metrics.json").write_text(json.dumps({"loss": loss, "examples": len(digits)}))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
