"""Examples: inputs with the outputs that are expected for them, as .npy files beside one another.

Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
"""

import ast
import io
import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scatter.jobs.errors import JobError
from scatter.jobs.paths import shown
from scatter.learning.errors import TruthError
from scatter.learning.predictions import Outputs, Truth, read_truth

INPUTS = "inputs.npy"
OUTPUTS = "outputs.npy"

MAX_HEADER = 1024
MAX_DIMENSIONS = 8
_MAGIC = b"\x93NUMPY\x01\x00"
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
    """A view of the numbers in a .npy file.

    NumPy's own reader allocates before it compares the header with the length, and raises whatever its parsers do.
    """
    begin = len(_MAGIC) + 2
    end = begin + int.from_bytes(data[begin - 2 : begin], "little")
    if not data.startswith(_MAGIC) or end - begin > MAX_HEADER:
        raise JobError(f"{name} is not a .npy file of version 1")
    descr, fortran, shape = _parse_header(data[begin:end], name)
    if descr == "|O":
        raise JobError(f"{name} holds Python objects, which are a pickle; only numbers are read")
    if not isinstance(descr, str) or descr not in _DTYPES:
        raise JobError(f"{name} has dtype {shown(str(descr))}; it takes little-endian booleans, integers or floats")
    if not 1 <= len(shape) <= MAX_DIMENSIONS or min(shape) < 1:
        raise JobError(f"{name} has shape {shape}; it takes at least one row and at most {MAX_DIMENSIONS} dimensions")
    if len(data) - end != math.prod(shape) * np.dtype(descr).itemsize:
        raise JobError(f"{name} has {len(data) - end} bytes of data, which is not what its shape {shape} needs")
    return np.frombuffer(data, descr, offset=end).reshape(shape, order="F" if fortran else "C")


def _parse_header(raw: bytes, name: str) -> tuple[object, bool, tuple[int, ...]]:
    """dtype, Fortran order and shape, out of the literal of a dictionary that the format asks for."""
    try:
        header = ast.literal_eval(raw.decode("latin-1").strip())
    except (ValueError, SyntaxError, TypeError, MemoryError, RecursionError) as error:
        raise JobError(f"{name} is not a .npy file of version 1") from error
    if not isinstance(header, dict) or header.keys() != {"descr", "fortran_order", "shape"}:
        raise JobError(f"{name} is not a .npy file of version 1")
    shape = header["shape"]
    if not isinstance(shape, tuple) or not all(type(size) is int for size in shape):
        raise JobError(f"{name} is not a .npy file of version 1")
    return header["descr"], bool(header["fortran_order"]), shape
