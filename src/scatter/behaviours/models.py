"""Arithmetic over models that stays within what a model may hold."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scatter.learning.models import MAX_MAGNITUDE, Model

Float64s = NDArray[np.float64]


def each(start: Model, trained: Model, change: Callable[[Float64s, Float64s], NDArray[Any]]) -> Model:
    """A model out of two of the same layout, tensor by tensor in the order of names. What is too large for a tensor's dtype
    becomes the largest that it holds."""
    return Model({name: _changed(start[name], trained[name], change) for name in start})


def _changed(start: NDArray[Any], trained: NDArray[Any], change: Callable[[Float64s, Float64s], NDArray[Any]]) -> Any:
    largest = min(float(np.finfo(start.dtype).max), MAX_MAGNITUDE)
    values = change(start.astype(np.float64), trained.astype(np.float64))
    return np.clip(values, -largest, largest).astype(start.dtype)
