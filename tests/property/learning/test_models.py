import json
import struct

import numpy as np
import safetensors.numpy
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from scatter.learning.errors import ModelError
from scatter.learning.models import MAX_MAGNITUDE, Model, read_model, write_model

NAMES = st.text(st.characters(codec="ascii", exclude_categories=["C"]), min_size=1, max_size=12).filter(
    lambda name: name != "__metadata__"
)


@st.composite
def tensors(draw: st.DrawFn) -> np.ndarray:
    width = draw(st.sampled_from([16, 32, 64]))
    limit = MAX_MAGNITUDE if width == 64 else None
    low = None if limit is None else -limit
    elements = st.floats(low, limit, width=width, allow_nan=False, allow_infinity=False)
    shape = draw(hnp.array_shapes(min_dims=0, max_dims=3, max_side=4))
    return draw(hnp.arrays(np.dtype(f"<f{width // 8}"), shape, elements=elements))


MODELS = st.dictionaries(NAMES, tensors(), min_size=1, max_size=5)


@given(MODELS)
def test_what_is_written_is_read_and_written_again(tensors):
    model = Model(tensors)
    data = write_model(model)
    assert read_model(data) == model
    assert read_model(data, like=model) == model
    assert write_model(read_model(data)) == data
    assert len(data) % 2 == 0
    assert struct.unpack("<Q", data[:8])[0] % 8 == 0


@given(MODELS, st.randoms(use_true_random=False))
def test_equal_tensors_have_equal_bytes_whatever_wrote_them(tensors, random):
    names = list(tensors)
    random.shuffle(names)
    shuffled = {name: np.array(tensors[name], order="F") for name in names}
    by_library = safetensors.numpy.save(
        {name: np.array(t, order="C") for name, t in shuffled.items()}, metadata={"x": "y"}
    )
    assert write_model(Model(shuffled)) == write_model(Model(tensors))
    assert write_model(read_model(by_library)) == write_model(Model(tensors))


@given(MODELS)
def test_the_library_reads_the_same_numbers(tensors):
    loaded = safetensors.numpy.load(write_model(Model(tensors)))
    assert loaded.keys() == tensors.keys()
    assert all(
        np.array_equal(loaded[name], tensors[name]) and loaded[name].dtype == tensors[name].dtype for name in tensors
    )


def refused_or_read(data: bytes, like: Model | None) -> None:
    """Whatever comes in, a model goes out or a ModelError does."""
    try:
        model = read_model(data, like=like)
    except ModelError as error:
        message = str(error)
    else:
        assert read_model(write_model(model)) == model
        return
    assert message.isprintable()
    assert len(message) < 400


@given(st.binary(max_size=200), st.booleans())
@example(b"\x02\0\0\0\0\0\0\0{}", False)
@example(struct.pack("<Q", 1 << 20) + b"{}", False)
def test_any_bytes(data, with_reference):
    refused_or_read(data, Model({"a": np.zeros(1)}) if with_reference else None)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)
ENTRY = st.fixed_dictionaries(
    {},
    optional={
        "dtype": st.sampled_from(["F16", "F32", "F64", "BF16", "I64", "F4", "F6_E2M3", "BOOL", "C64"]) | JSON,
        "shape": st.lists(st.integers(-1, 2**63), max_size=9) | JSON,
        "data_offsets": st.lists(st.integers(0, 40), min_size=2, max_size=2) | JSON,
    },
)
HEADERS = st.dictionaries(st.sampled_from(["a", "b", "__metadata__"]) | st.text(max_size=3), ENTRY | JSON, max_size=3)


@given(HEADERS, st.binary(max_size=40))
@settings(max_examples=300)
def test_any_header(header, data):
    text = json.dumps(header).encode()
    refused_or_read(struct.pack("<Q", len(text)) + text + data, None)


@given(MODELS, st.data())
def test_any_damage_to_a_file(tensors, data):
    written = bytearray(write_model(Model(tensors)))
    for _ in range(data.draw(st.integers(1, 3))):
        written[data.draw(st.integers(0, len(written) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(written)) | st.just(len(written)))
    refused_or_read(bytes(written[:cut]), Model(tensors))
    refused_or_read(bytes(written[:cut]), None)
