"""Arrays that job code and requestors hand over as .npy files: predictions, and the outputs that were expected.

Of the format (https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html) only plain little-endian numbers are
read, in C or Fortran order. The header takes at most 1 KiB and has its keys in the order that the format asks of writers; it is
matched, not evaluated. The rest must have exactly the length that the header says, so nothing is allocated beyond the file
itself and nothing is unpickled. NumPy's own reader evaluates the header, and allocates before it compares lengths.
"""

import math
import re
from collections.abc import Collection
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from scatter.learning.clipping import Float64Array
from scatter.learning.errors import LearningError, PredictionError, TruthError, shown
from scatter.learning.models import MAX_MAGNITUDE

MAX_CLASSES: Final = 1 << 16
"""Classes of a classifier at most; also targets of a regression."""

SUM_TOLERANCE: Final = 1e-3
"""How far the probabilities of a row may be from adding up to 1: enough for float16 inside job code."""

_MAGIC: Final = b"\x93NUMPY"
_LENGTH_BYTES: Final = {_MAGIC + b"\x01\x00": 2, _MAGIC + b"\x02\x00": 4}
_MAX_HEADER: Final = 1 << 10
_HEADER: Final = re.compile(
    rb" *\{ *'descr' *: *'(?P<descr>[^']{1,16})' *, *'fortran_order' *: *(?P<fortran>True|False) *, *"
    rb"'shape' *: *\( *(?P<rows>\d{1,15}) *, *(?:(?P<columns>\d{1,15}) *,?)? *\) *,? *\} *\n?"
)
_FLOATS: Final = frozenset({"<f4", "<f8"})
_INTEGERS: Final = frozenset({"|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8"})


class Outputs(StrEnum):
    """What a job's predictor writes, a row for each input: `outputs` in job.toml."""

    PROBABILITIES = "probabilities"
    VALUES = "values"


@dataclass(frozen=True, slots=True, eq=False)
class Truth:
    """The expected outputs of one evaluation shard: class indexes as int64 (rows,), or values as float64 (rows, targets)."""

    outputs: Outputs
    array: NDArray[Any]

    @property
    def rows(self) -> int:
        """How many inputs the shard has, at least one."""
        return int(self.array.shape[0])


def read_predictions(data: bytes, rows: int, outputs: Outputs, columns: int | None = None) -> Float64Array:
    """What `predict` wrote for one model, as float64 of shape (rows, columns).

    `columns` are the classes or targets; None takes what the file has (for the starting model, which sets it for the
    others). Values are finite and at most `MAX_MAGNITUDE` in size; probabilities are not negative and add up to 1 ± 1e-3 in each
    row. PredictionError says what is wrong.
    """
    array = _read_array(data, _FLOATS, PredictionError).astype(np.float64, order="C")
    if array.ndim != 2 or array.shape[0] != rows or (columns is not None and array.shape[1] != columns):
        wanted = f"({rows}, {'columns' if columns is None else columns})"
        raise PredictionError(f"predictions have shape {array.shape}, expected {wanted}")
    _check_columns(array, PredictionError)
    _check_magnitude(array, PredictionError)
    if outputs is Outputs.PROBABILITIES:
        _check_probabilities(array)
    return array


def read_truth(data: bytes, outputs: Outputs) -> Truth:
    """The expected outputs of a shard: integers (rows,) from 0 for probabilities, floats (rows, targets) for values.

    TruthError says what is wrong.
    """
    if outputs is Outputs.VALUES:
        array = _read_array(data, _FLOATS, TruthError).astype(np.float64, order="C")
        if array.ndim != 2:
            raise TruthError(f"expected outputs have shape {array.shape}, expected (rows, targets)")
        _check_columns(array, TruthError)
        _check_magnitude(array, TruthError)
        return Truth(outputs, array)
    labels = _read_array(data, _INTEGERS, TruthError)
    if labels.ndim != 1:
        raise TruthError(f"expected classes have shape {labels.shape}, expected (rows,)")
    if labels.min() < 0 or labels.max() >= MAX_CLASSES:
        raise TruthError(f"expected classes go from {labels.min()} to {labels.max()}, outside 0 to {MAX_CLASSES - 1}")
    return Truth(outputs, labels.astype(np.int64))


def _check_columns(array: Float64Array, error: type[LearningError]) -> None:
    if array.shape[1] > MAX_CLASSES:
        raise error(f"an array has {array.shape[1]} columns, more than the {MAX_CLASSES} allowed")


def _check_magnitude(array: Float64Array, error: type[LearningError]) -> None:
    # NaN fails both comparisons.
    if not (array.min() >= -MAX_MAGNITUDE and array.max() <= MAX_MAGNITUDE):
        raise error(f"an array has a value that is NaN, infinite or beyond {MAX_MAGNITUDE:.2e}")


def _check_probabilities(array: Float64Array) -> None:
    if array.min() < 0:
        raise PredictionError(f"a probability is negative: {float(array.min())!r}")
    sums = np.add.accumulate(array, axis=1)[:, -1]
    worst = int(np.abs(sums - 1).argmax())
    if abs(float(sums[worst]) - 1) > SUM_TOLERANCE:
        raise PredictionError(f"the probabilities of row {worst} add up to {float(sums[worst])!r}, not to 1")


def _read_array(data: bytes, dtypes: Collection[str], error: type[LearningError]) -> NDArray[Any]:
    """The array of a .npy file, not empty, as a view of `data`; `error` says what is wrong with it."""
    width = _LENGTH_BYTES.get(data[: len(_MAGIC) + 2])
    if width is None:
        raise error("an array is not a .npy file of version 1 or 2")
    begin = len(_MAGIC) + 2 + width
    end = begin + int.from_bytes(data[begin - width : begin], "little")
    if end > len(data) or end - begin > _MAX_HEADER:
        raise error(
            f"the header of a .npy file takes {end - begin} bytes, more than the file or the {_MAX_HEADER} allowed"
        )
    header = _HEADER.fullmatch(data[begin:end])
    if header is None:
        raise error("the header of a .npy file is not that of an array of plain numbers with one or two dimensions")
    descr, shape = (
        header["descr"].decode("latin-1"),
        tuple(int(size) for size in header.group("rows", "columns") if size),
    )
    if descr not in dtypes:
        raise error(f"an array has dtype {shown(descr)}, expected one of {', '.join(sorted(dtypes))}")
    dtype, count = np.dtype(descr), math.prod(shape)
    if count == 0 or len(data) - end != count * dtype.itemsize:
        raise error(f"an array of shape {shape} and dtype {descr} has {len(data) - end} bytes of data")
    flat = np.frombuffer(data, dtype, offset=end)
    return flat.reshape(shape, order="F" if header["fortran"] == b"True" else "C")
