"""Make the arrays and the initial model of this job again, from scikit-learn: `python prepare.py [FOLDER]`.

It needs scikit-learn, the job does not. Equal versions give equal bytes; the images and their split never differ.
"""

import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file
from sklearn.datasets import load_digits

EVALUATION_IMAGES = 450
SEED = 2024


def main(folder=Path(__file__).parent):
    images, digits = load_digits(return_X_y=True)
    order = np.random.default_rng(SEED).permutation(len(digits))
    parts = {"evaluation": order[:EVALUATION_IMAGES], "data": order[EVALUATION_IMAGES:]}
    for name, rows in parts.items():
        (folder / name).mkdir(parents=True, exist_ok=True)
        np.save(folder / name / "inputs.npy", images[rows].astype(np.uint8))
        np.save(folder / name / "outputs.npy", digits[rows].astype(np.uint8))
    (folder / "model").mkdir(exist_ok=True)
    zeros = {"weight": np.zeros((64, 10), np.float32), "bias": np.zeros(10, np.float32)}
    save_file(zeros, folder / "model/model.safetensors")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
