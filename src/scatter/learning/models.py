"""Models and their files: safetensors with canonical bytes, so that equal models have equal CIDs.

A model is floating-point tensors by name, nothing else. Integer tensors (counters of batches, for example) have no mean, so
they are refused: job code keeps them out of the file or stores them as floats. bfloat16 is refused because NumPy has no such type.

A canonical file holds the tensors in the order of their names (as bytes), little-endian, C order, without gaps, behind
a header without metadata and without spaces but the ones that pad it to a multiple of eight. That is what the safetensors
library writes for tensors of one dtype; it is written here because the library sorts by dtype first and promises no bytes.

Format: https://huggingface.co/docs/safetensors/index#format
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

import numpy as np
import safetensors
from numpy.typing import NDArray

from scatter.learning.errors import ModelError, shown

Tensor = NDArray[np.floating[Any]]

DTYPES: Final[Mapping[str, np.dtype[Any]]] = MappingProxyType(
    {"F16": np.dtype("<f2"), "F32": np.dtype("<f4"), "F64": np.dtype("<f8")}
)
"""What a tensor may be made of: safetensors' name to NumPy's."""

MAX_HEADER: Final = 1 << 20
"""Bytes of a file's header at most (the format itself allows 100 MB)."""

MAX_RANK: Final = 8
"""Dimensions of a tensor at most."""

MAX_NAME: Final = 256
"""Characters of a tensor's name at most."""

MAX_MAGNITUDE: Final = float(np.finfo(np.float32).max)
"""The largest absolute value in a model, whatever its dtype: squares of such values add up in float64 without overflow."""

_METADATA: Final = "__metadata__"
_LENGTH_BYTES: Final = 8
_ZIP: Final = b"PK\x03\x04"
_PICKLE_FRAMED: Final = b"\x80"
_PICKLE_TEXT: Final = (b"(", b"c", b"]", b"}", b")")


@dataclass(frozen=True, slots=True)
class ModelLimits:
    """What a first model may measure: bytes of its file, number of its tensors. Later ones measure what the first does."""

    size: int = 1 << 30
    tensors: int = 4096


class Model(Mapping[str, Tensor]):
    """Tensors by name, in the order of their names. Immutable.

    Names are 1 to 256 printable ASCII characters; shapes have 0 to 8 dimensions and at least one element; dtypes are
    float16, float32 or float64 (little-endian); values are finite and at most `MAX_MAGNITUDE` in size. Negative zeros
    become zeros, so that models whose numbers are equal are equal to the last byte. Arrays are copied, C-contiguous and
    read-only.
    """

    __slots__ = ("_tensors",)

    def __init__(self, tensors: Mapping[str, Tensor]) -> None:
        """Check and copy `tensors`; ModelError when they are no model."""
        if not tensors:
            raise ModelError("the model has no tensors")
        self._tensors = {name: _checked(name, tensors[name]) for name in sorted(tensors)}

    def __getitem__(self, name: str) -> Tensor:
        return self._tensors[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tensors)

    def __len__(self) -> int:
        return len(self._tensors)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Model):
            return NotImplemented
        return self.layout == other.layout and all(np.array_equal(self[name], other[name]) for name in self)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"Model({len(self)} tensors, {self.parameters} parameters)"

    @property
    def layout(self) -> dict[str, tuple[tuple[int, ...], np.dtype[Any]]]:
        """Shape and dtype of each tensor: what all models of a job share."""
        return {name: (tensor.shape, tensor.dtype) for name, tensor in self._tensors.items()}

    @property
    def parameters(self) -> int:
        """How many numbers the model has."""
        return sum(tensor.size for tensor in self._tensors.values())

    @property
    def nbytes(self) -> int:
        """Bytes that the numbers take, without the header of a file."""
        return sum(tensor.nbytes for tensor in self._tensors.values())


def read_model(data: bytes, *, like: Model | None = None, limits: ModelLimits | None = None) -> Model:
    """The model in a safetensors file, from anybody.

    With `like` it must have the same names, shapes and dtypes; without, `limits` bound it (1 GiB, 4096 tensors unless
    given). Metadata in the header is ignored. ModelError says what is wrong: a pickle or a zip of pickles, a header or a
    length that is out of bounds, overlapping or missing bytes, another dtype, NaN or infinity, another layout than `like`.
    """
    bounds = limits or ModelLimits()
    if like is not None:
        bounds = ModelLimits(size=like.nbytes + MAX_HEADER + _LENGTH_BYTES, tensors=len(like))
    _check_frame(data, bounds)
    try:
        entries: list[tuple[str, dict[str, Any]]] = safetensors.deserialize(data)  # type: ignore[no-untyped-call]
    except safetensors.SafetensorError as error:
        raise ModelError(f"the model is not a valid safetensors file: {shown(error)}") from error
    if len(entries) > bounds.tensors:
        raise ModelError(f"the model has {len(entries)} tensors, more than the {bounds.tensors} allowed")
    model = Model({name: _decoded(name, entry) for name, entry in entries})
    if like is not None:
        require_layout(model, like)
    return model


def write_model(model: Model) -> bytes:
    """The canonical safetensors file of a model: equal models give equal bytes, everywhere and in every version.

    ModelError when its header would not fit `MAX_HEADER`.
    """
    header, offset = {}, 0
    names = {dtype: name for name, dtype in DTYPES.items()}
    for name, tensor in model.items():
        end = offset + tensor.nbytes
        header[name] = {"dtype": names[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [offset, end]}
        offset = end
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % _LENGTH_BYTES)
    if len(text) > MAX_HEADER:
        raise ModelError(f"the model's header takes {len(text)} bytes, more than the {MAX_HEADER} allowed")
    return b"".join((len(text).to_bytes(_LENGTH_BYTES, "little"), text, *(t.tobytes() for t in model.values())))


def require_layout(model: Model, like: Model) -> None:
    """ModelError that names the first difference in names, shapes or dtypes; nothing when there is none."""
    for name in sorted(set(model) | set(like)):
        if name not in model:
            raise ModelError(f"tensor {shown(name)!r} is missing")
        if name not in like:
            raise ModelError(f"tensor {shown(name)!r} is not in the initial model")
        if model[name].shape != like[name].shape:
            raise ModelError(f"tensor {shown(name)!r} has shape {model[name].shape}, expected {like[name].shape}")
        if model[name].dtype != like[name].dtype:
            raise ModelError(f"tensor {shown(name)!r} is {model[name].dtype.name}, expected {like[name].dtype.name}")


def _check_frame(data: bytes, bounds: ModelLimits) -> None:
    """Bound what the library will read: the length of all and the length that the header claims."""
    if len(data) > bounds.size:
        raise ModelError(f"the model takes {len(data)} bytes, more than the {bounds.size} allowed")
    claimed = int.from_bytes(data[:_LENGTH_BYTES], "little")
    if data[_LENGTH_BYTES : _LENGTH_BYTES + 1] == b"{" and claimed <= MAX_HEADER:
        return
    if data.startswith(_ZIP):
        raise ModelError("the model is a zip archive, as PyTorch's .pth and .pt files are; only safetensors is read")
    if data.startswith(_PICKLE_FRAMED) or (data.startswith(_PICKLE_TEXT) and data.endswith(b".")):
        raise ModelError("the model is a pickle, which can run code when it is opened; only safetensors is read")
    if data[_LENGTH_BYTES : _LENGTH_BYTES + 1] == b"{":
        raise ModelError(f"the model's header claims {claimed} bytes, more than the {MAX_HEADER} allowed")
    raise ModelError("the model is not a safetensors file")


def _decoded(name: str, entry: Mapping[str, Any]) -> Tensor:
    """A tensor out of the library's (dtype, shape, bytes), whose lengths it has checked against each other."""
    dtype, shape = DTYPES.get(entry["dtype"]), tuple(entry["shape"])
    if dtype is None:
        raise ModelError(
            f"tensor {shown(name)!r} is {shown(entry['dtype'])}; only {', '.join(DTYPES)} can be aggregated"
        )
    _check_shape(name, shape)
    return np.frombuffer(entry["data"], dtype).reshape(shape)


def _check_shape(name: str, shape: tuple[int, ...]) -> None:
    if len(shape) > MAX_RANK:
        raise ModelError(f"tensor {shown(name)!r} has {len(shape)} dimensions, more than the {MAX_RANK} allowed")
    if 0 in shape:
        raise ModelError(f"tensor {shown(name)!r} has no elements")


def _checked(name: str, tensor: Tensor) -> Tensor:
    """A read-only copy of one tensor, or the reason why it cannot be part of a model."""
    # ASCII, because what else is printable depends on the version of Python.
    printable = name.isascii() and name.isprintable()
    if not 0 < len(name) <= MAX_NAME or not printable or name == _METADATA:
        raise ModelError(f"{shown(name)!r} cannot be the name of a tensor")
    if tensor.dtype.newbyteorder("<") not in DTYPES.values():
        raise ModelError(
            f"tensor {shown(name)!r} is {tensor.dtype}; only float16, float32 and float64 can be aggregated"
        )
    _check_shape(name, tensor.shape)
    low, high = float(tensor.min()), float(tensor.max())
    # NaN fails both comparisons, and NumPy's extremes hand it on.
    if not (low >= -MAX_MAGNITUDE and high <= MAX_MAGNITUDE):
        raise ModelError(f"tensor {shown(name)!r} has a value that is NaN, infinite or beyond {MAX_MAGNITUDE:.2e}")
    copy = np.array(tensor, dtype=tensor.dtype.newbyteorder("<"), order="C")
    # −0 + 0 is +0 in IEEE 754; every other number stays what it is.
    np.add(copy, 0, out=copy)
    copy.flags.writeable = False
    return copy
