"""Models whose numbers come from SHA-256, the same in every version of NumPy."""

import hashlib
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray

from scatter.learning.models import Model


def numbers(seed: str, count: int) -> NDArray[np.float64]:
    """`count` numbers in −0.5..0.5, of 32 bits."""
    raw = b"".join(hashlib.sha256(f"{seed} {block}".encode()).digest() for block in range(count // 8 + 1))
    return np.frombuffer(raw, "<u4")[:count].astype(np.float64) / 2**32 - 0.5


@pytest.fixture
def sample() -> Callable[[str], Model]:
    """A model of 137 numbers by name of its seed: three tensors of three dtypes."""

    def make(seed: str) -> Model:
        flat = numbers(seed, 137)
        return Model(
            {
                "layer.weight": flat[:120].reshape(8, 15).astype(np.float32),
                "layer.bias": flat[120:135],
                "scale": flat[135:].reshape(2, 1).astype(np.float16),
            }
        )

    return make


@pytest.fixture
def account() -> Callable[[int], str]:
    """An address by number; their order is not that of the numbers."""
    return lambda number: "0x" + hashlib.sha256(str(number).encode()).hexdigest()[:40]
