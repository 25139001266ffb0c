"""Draw how much an update contributes, and step that far.

Reads /in/model.safetensors, /in/round.json, /data/inputs.npy and /data/outputs.npy (see the job's README); writes
/out/model.safetensors and /out/metrics.json. Another root than / may be given, to try it out without a sandbox.
"""

import json
import sys
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file, save_file

UNIT = 1e-5


def contribution(generator, trainer, bad):
    """What this update contributes to the score, in units of 1e-5."""
    least, most, worst, least_bad, bad_days = trainer
    if bad:
        return generator.integers(worst, least_bad, endpoint=True)
    sign = -1 if generator.random() < bad_days else 1
    return sign * generator.integers(least, most, endpoint=True)


def step(size, number, units):
    """A step of length 1 whose first coordinate counts; the rest goes in the trainer's own direction."""
    along = units * UNIT
    direction = np.zeros(size)
    direction[0] = along
    direction[1 + number % (size - 1)] = np.sqrt(1 - along**2)
    return direction


def main(root=Path("/")):
    task = json.loads((root / "in/round.json").read_text())
    number, *trainer = np.load(root / "data/inputs.npy")[0]
    bad = np.load(root / "data/outputs.npy")[0] == 1
    generator = np.random.default_rng([task["seed"], task["round"], int(number)])
    units = float(contribution(generator, trainer, bad))
    model = load_file(root / "in/model.safetensors")["position"]
    moved = model + step(len(model), int(number), units * task["hyperparameters"]["trainers"])
    save_file({"position": moved.astype(np.float32)}, root / "out/model.safetensors")
    (root / "out/metrics.json").write_text(json.dumps({"units": units}))


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
