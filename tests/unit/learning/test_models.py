import io
import json
import pickle
import struct
import zipfile

import numpy as np
import pytest
import safetensors.numpy

from scatter.learning.errors import LearningError, ModelError
from scatter.learning.models import (
    MAX_HEADER,
    MAX_MAGNITUDE,
    Model,
    ModelLimits,
    read_model,
    require_layout,
    write_model,
)

WEIGHTS = {"w": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.array([1.5, -2.0], dtype=np.float32)}


def file_of(header: object, data: bytes) -> bytes:
    text = (header if isinstance(header, str) else json.dumps(header)).encode()
    return struct.pack("<Q", len(text)) + text + data


def entry(dtype: str = "F32", shape: tuple[int, ...] = (1,), begin: int = 0, end: int = 4) -> dict[str, object]:
    return {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}


def test_a_model_is_an_ordered_immutable_mapping_of_copies():
    source = {"w": np.ones((2, 2), np.float32), "a": np.float16(3) * np.ones((), np.float16)}
    model = Model(source)
    source["w"][0, 0] = 9
    assert list(model) == ["a", "w"]
    assert len(model) == 2
    assert model["w"][0, 0] == 1
    assert (model.parameters, model.nbytes) == (5, 18)
    assert repr(model) == "Model(2 tensors, 5 parameters)"
    with pytest.raises(ValueError, match="read-only"):
        model["w"][0, 0] = 2
    with pytest.raises(TypeError):
        hash(model)


def test_models_are_equal_when_layout_and_numbers_are():
    model = Model(WEIGHTS)
    assert model == Model(dict(reversed(WEIGHTS.items())))
    assert model != Model({**WEIGHTS, "b": WEIGHTS["b"].astype(np.float64)})
    assert model != Model({**WEIGHTS, "b": np.array([1.5, 2.0], np.float32)})
    assert model != "a model"


def test_the_file_has_these_bytes():
    header = b'{"b":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"w":{"dtype":"F32","shape":[2,3],"data_offsets":[8,32]}}'
    header += b" " * (-len(header) % 8)
    expected = struct.pack("<Q", len(header)) + header + struct.pack("<8f", 1.5, -2, 0, 1, 2, 3, 4, 5)
    assert write_model(Model(WEIGHTS)) == expected


def test_the_library_writes_the_same_bytes_for_one_dtype():
    for tensors in (
        WEIGHTS,
        {"a b": np.ones((1, 2), np.float16), "Z": np.zeros(3, np.float16), 'q"\\': np.ones(1, np.float16)},
    ):
        assert write_model(Model(tensors)) == safetensors.numpy.save(tensors)


def test_the_library_reads_what_is_written_with_several_dtypes():
    tensors = {"a": np.ones(3, np.float16), "b": np.full((2, 1), 2.5), "c": np.array(7, np.float32)}
    loaded = safetensors.numpy.load(write_model(Model(tensors)))
    assert {name: (t.dtype, t.shape, t.tolist()) for name, t in loaded.items()} == {
        name: (t.dtype, t.shape, t.tolist()) for name, t in tensors.items()
    }


def test_what_the_library_writes_is_read_and_metadata_is_dropped():
    data = safetensors.numpy.save(WEIGHTS, metadata={"format": "pt", "note": "hello"})
    assert read_model(data) == Model(WEIGHTS)
    assert write_model(read_model(data)) == write_model(Model(WEIGHTS))


def test_negative_zero_big_endian_and_fortran_order_have_the_bytes_of_their_numbers():
    model = Model({"w": np.asfortranarray(WEIGHTS["w"].astype(">f4")), "b": WEIGHTS["b"]})
    assert write_model(model) == write_model(Model(WEIGHTS))
    zeros = Model({"z": np.zeros(2, np.float64)})
    assert write_model(Model({"z": np.array([-0.0, 0.0])})) == write_model(zeros)


def test_extremes_survive():
    for dtype in (np.float16, np.float32):
        info = np.finfo(dtype)
        tensor = np.array([info.max, info.min, info.smallest_subnormal, info.tiny], dtype)
        assert read_model(write_model(Model({"x": tensor})))["x"].tobytes() == tensor.tobytes()


class Evil:
    def __reduce__(self):
        return (print, ("ran",))


def pickled(protocol: int) -> bytes:
    return pickle.dumps({"w": Evil()}, protocol)


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("archive/data.pkl", pickled(2))
    return buffer.getvalue()


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_pickles_are_refused_by_content(protocol, capsys):
    with pytest.raises(ModelError, match=r"^the model is a pickle, which can run code"):
        read_model(pickled(protocol))
    assert capsys.readouterr().out == ""


REFUSED = {
    "zip": (zipped(), "zip archive"),
    "empty": (b"", "not a safetensors file"),
    "text": (b"hello, this is a model", "not a safetensors file"),
    "brace beyond a small header": (b"\x04\0\0\0\0\0\0\0[1]", "not a safetensors file"),
    "huge header": (struct.pack("<Q", MAX_HEADER + 1) + b"{}" + b" " * 100, "header claims 1048577 bytes"),
    "header past the end": (struct.pack("<Q", 100) + b"{}", "not a valid safetensors file"),
    "no tensors": (file_of({}, b""), "^the model has no tensors$"),
    "truncated data": (file_of({"a": entry()}, b"123"), "not a valid safetensors file"),
    "trailing data": (file_of({"a": entry()}, b"12345"), "not a valid safetensors file"),
    "overlap": (file_of({"a": entry(), "b": entry()}, bytes(4)), "not a valid safetensors file"),
    "gap": (file_of({"a": entry(begin=4, end=8)}, bytes(8)), "not a valid safetensors file"),
    "wrong size": (file_of({"a": entry(shape=(2,))}, bytes(4)), "not a valid safetensors file"),
    "overflowing shape": (file_of({"a": entry(shape=(2**62, 2**62))}, bytes(4)), "not a valid safetensors file"),
    "negative shape": (file_of({"a": entry(shape=(-1,))}, bytes(4)), "not a valid safetensors file"),
    "no shape": (file_of({"a": {"dtype": "F32", "data_offsets": [0, 4]}}, bytes(4)), "not a valid safetensors file"),
    "nesting": (file_of('{"a":' + "[" * 5000, b""), "not a valid safetensors file"),
    "not unicode": (struct.pack("<Q", 4) + b'{"\xff"' + bytes(8), "not a valid safetensors file"),
    "integers": (file_of({"a": entry("I64", (1,), 0, 8)}, bytes(8)), "'a' is I64; only F16, F32, F64"),
    "bfloat16": (file_of({"a": entry("BF16", (2,))}, bytes(4)), "BF16"),
    "no elements": (file_of({"a": entry(shape=(0, 3), end=0)}, b""), "^tensor 'a' has no elements$"),
    "rank": (file_of({"a": entry(shape=(1,) * 9)}, bytes(4)), "^tensor 'a' has 9 dimensions, more than the 8 allowed$"),
    "nan": (file_of({"a": entry()}, struct.pack("<f", float("nan"))), "NaN, infinite"),
    "infinite": (file_of({"a": entry()}, struct.pack("<f", float("-inf"))), "NaN, infinite"),
    "nan in float16": (file_of({"a": entry("F16", (1,), 0, 2)}, b"\xff\x7f"), "NaN, infinite"),
    "huge float64": (file_of({"a": entry("F64", (1,), 0, 8)}, struct.pack("<d", 3.5e38)), "beyond 3.40e.38"),
    "unprintable name": (file_of({"a\n": entry()}, bytes(4)), r"'a\?' cannot be the name"),
    "unicode name": (file_of({"gewicht\u00e9": entry()}, bytes(4)), "cannot be the name"),
    "text in brackets": (b"(not a pickle, it ends otherwise)", "not a safetensors file"),
    "largest and smallest differ": (file_of({"a": entry("F64", (2,), 0, 16)}, struct.pack("<2d", -1e39, 1)), "beyond"),
    "smallest and largest differ": (file_of({"a": entry("F64", (2,), 0, 16)}, struct.pack("<2d", 1, 1e39)), "beyond"),
    "empty name": (file_of({"": entry()}, bytes(4)), "cannot be the name"),
    "long name": (file_of({"n" * 257: entry()}, bytes(4)), "cannot be the name"),
}


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.filterwarnings("error")
def test_bad_files_get_one_sentence(case):
    data, message = REFUSED[case]
    with pytest.raises(ModelError, match=message) as caught:
        read_model(data)
    assert isinstance(caught.value, LearningError)
    assert len(str(caught.value)) < 300
    assert str(caught.value).isprintable()


def test_limits_bound_bytes_and_tensors():
    data = write_model(Model(WEIGHTS))
    assert read_model(data, limits=ModelLimits(size=len(data), tensors=2)) == Model(WEIGHTS)
    with pytest.raises(ModelError, match=f"takes {len(data)} bytes, more than the {len(data) - 1} allowed"):
        read_model(data, limits=ModelLimits(size=len(data) - 1))
    with pytest.raises(ModelError, match="2 tensors, more than the 1 allowed"):
        read_model(data, limits=ModelLimits(tensors=1))


def test_a_reference_bounds_bytes_and_tensors():
    like = Model({"b": WEIGHTS["b"]})
    with pytest.raises(ModelError, match="2 tensors, more than the 1 allowed"):
        read_model(write_model(Model(WEIGHTS)), like=like)
    with pytest.raises(ModelError, match="more than the 1048592 allowed"):
        read_model(write_model(Model({"b": np.zeros(1 << 18)})), like=like)


@pytest.mark.parametrize(
    ("tensors", "message"),
    [
        ({"w": WEIGHTS["w"]}, "tensor 'b' is missing"),
        ({"w": WEIGHTS["w"], "c": WEIGHTS["b"]}, "tensor 'b' is missing"),
        ({**WEIGHTS, "b": np.zeros(3, np.float32)}, r"'b' has shape \(3,\), expected \(2,\)"),
        ({**WEIGHTS, "w": np.zeros((3, 2), np.float32)}, r"'w' has shape \(3, 2\), expected \(2, 3\)"),
        ({**WEIGHTS, "w": np.zeros((2, 3), np.float64)}, "'w' is float64, expected float32"),
    ],
)
def test_another_layout_than_the_reference_is_refused(tensors, message):
    with pytest.raises(ModelError, match=message):
        read_model(write_model(Model(tensors)), like=Model(WEIGHTS))


def test_layouts_are_compared_both_ways():
    with pytest.raises(ModelError, match="'c' is not in the initial model"):
        require_layout(Model({**WEIGHTS, "c": WEIGHTS["b"]}), Model(WEIGHTS))
    require_layout(Model(WEIGHTS), Model({name: tensor + 1 for name, tensor in WEIGHTS.items()}))


@pytest.mark.parametrize(
    "tensor",
    [
        np.arange(3),
        np.array(["x"]),
        np.array([None]),
        np.zeros(2, np.complex64),
        np.zeros(1, "f4,f4"),
        np.ones(1, bool),
    ],
)
def test_only_floats_make_a_model(tensor):
    with pytest.raises(ModelError, match="only float16, float32 and float64"):
        Model({"x": tensor})


def test_the_largest_value_is_allowed_and_the_metadata_key_is_not_a_tensor():
    assert Model({"x": np.array([MAX_MAGNITUDE, -MAX_MAGNITUDE])})["x"][0] == MAX_MAGNITUDE
    assert Model({"n" * 256: np.zeros((1,) * 8)})["n" * 256].ndim == 8
    with pytest.raises(ModelError, match="cannot be the name"):
        Model({"__metadata__": np.zeros(1)})


def test_a_header_that_could_not_be_read_again_is_not_written():
    model = Model({f"{number:0250d}": np.zeros(1, np.float16) for number in range(3600)})
    with pytest.raises(ModelError, match="header takes"):
        write_model(model)


def test_tensors_lie_in_c_order_whatever_order_they_came_in():
    model = Model({"w": np.asfortranarray(np.arange(6.0).reshape(2, 3))})
    assert model["w"].flags.c_contiguous
    assert model["w"].tolist() == [[0, 1, 2], [3, 4, 5]]
