"""Make the arrays of this job. Run it in this folder; the same bytes every time."""

from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

ROWS = 64 * 32
"""Enough for 32 rounds: each round gets a shard of its own, with the same spread of ease."""
DIMENSIONS = 257


def main():
    ease = np.tile(np.linspace(-0.25, 0.25, 64), ROWS // 64)
    classes = np.arange(ROWS) % 2
    inputs = np.stack([classes, ease], axis=1)
    trainer = np.array([0.0, 20, 400, -900, -30, 0.05])
    save(Path("evaluation"), inputs, classes)
    save(Path("data"), np.stack([trainer, trainer]), np.array([0, 1]))
    save_file({"position": np.zeros(DIMENSIONS, np.float32)}, Path("model", "model.safetensors"))


def save(folder, inputs, outputs):
    folder.mkdir(exist_ok=True)
    np.save(folder / "inputs.npy", inputs.astype(np.float64))
    np.save(folder / "outputs.npy", outputs.astype(np.int64))


if __name__ == "__main__":
    main()
