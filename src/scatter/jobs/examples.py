"""Examples: inputs with the outputs that are expected for them, as .npy files beside one another."""

import io
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scatter.jobs.errors import JobError
from scatter.learning.errors import TruthError
from scatter.learning.predictions import Outputs, Truth, read_truth

INPUTS = "inputs.npy"
OUTPUTS = "outputs.npy"

MAX_HEADER = 1024
MAX_DIMENSIONS = 8
_DTYPES = frozenset({"|b1", "|i1", "|u1", "<i2", "<u2", "<i4", "<u4", "<i8", "<u8", "<f2", "<f4", "<f8"})


@dataclass(frozen=True, slots=True, eq=False)
class Examples:
    """`inputs` have rows first (booleans, integers or floats, 1 to 8 dimensions), `truth` has one output for each row."""

    inputs: NDArray[Any]
    truth: Truth

    @property
    def rows(self) -> int:
        """How many examples there are, at least one."""
        return int(self.inputs.shape[0])

    def take(self, rows: NDArray[np.intp]) -> "Examples":
        """The examples at some rows, in that order."""
        return Examples(self.inputs[rows], Truth(self.truth.outputs, self.truth.array[rows]))

    def to_files(self) -> dict[str, bytes]:
        """`inputs.npy` and `outputs.npy`; equal examples give equal bytes."""
        return {INPUTS: array_bytes(self.inputs), OUTPUTS: array_bytes(self.truth.array)}


def read_examples(inputs: bytes, outputs: bytes, kind: Outputs, *, where: str) -> Examples:
    """Examples from two .npy files; `where` names their folder in messages.

    `inputs` is little-endian numbers; `outputs` is what `scatter.learning.predictions.read_truth` takes for the kind.
    Raises JobError when one of them is not that, or when they differ in rows.
    """
    array = _read_inputs(inputs, f"{where}/{INPUTS}")
    try:
        truth = read_truth(outputs, kind)
    except TruthError as error:
        raise JobError(f"{where}/{OUTPUTS} cannot be used: {error}") from error
    if array.shape[0] != truth.rows:
        raise JobError(f"{where}/{INPUTS} has {array.shape[0]} rows, {OUTPUTS} has {truth.rows}; they must be equal")
    return Examples(array, truth)


def array_bytes(array: NDArray[Any]) -> bytes:
    """An array as a .npy file in C order."""
    content = io.BytesIO()
    np.save(content, np.ascontiguousarray(array), allow_pickle=False)
    return content.getvalue()


def _read_inputs(data: bytes, name: str) -> NDArray[Any]:
    """A view of the numbers in a .npy file. Its header is compared with its length before anything is allocated."""
    stream = io.BytesIO(data)
    try:
        if np.lib.format.read_magic(stream) != (1, 0):
            raise JobError(f"{name} is not a .npy file of version 1")
        shape, fortran, dtype = np.lib.format.read_array_header_1_0(stream, max_header_size=MAX_HEADER)
    except JobError:
        raise
    except (ValueError, TypeError, SyntaxError, OverflowError, MemoryError, RecursionError) as error:
        raise JobError(f"{name} is not a .npy file of version 1") from error
    if dtype.hasobject:
        raise JobError(f"{name} holds Python objects, which are a pickle; only numbers are read")
    if dtype.str not in _DTYPES:
        raise JobError(f"{name} has dtype {dtype.str}; it takes little-endian booleans, integers or floats")
    offset, count = stream.tell(), math.prod(shape)
    if not 1 <= len(shape) <= MAX_DIMENSIONS or min(shape) < 1:
        raise JobError(f"{name} has shape {shape}; it takes at least one row and at most {MAX_DIMENSIONS} dimensions")
    if len(data) - offset != count * dtype.itemsize:
        raise JobError(f"{name} has {len(data) - offset} bytes of data, which is not what its shape {shape} needs")
    return np.frombuffer(data, dtype, offset=offset).reshape(shape, order="F" if fortran else "C")
