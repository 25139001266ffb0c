import io
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from scatter.jobs.errors import JobError
from scatter.jobs.examples import array_bytes, read_examples
from scatter.learning.predictions import Outputs

LABELS = array_bytes(np.array([0, 1, 2]))


def npy(array: NDArray[Any], version: tuple[int, int] = (1, 0), pickles: bool = False) -> bytes:
    stream = io.BytesIO()
    np.lib.format.write_array(stream, array, version=version, allow_pickle=pickles)
    return stream.getvalue()


@pytest.mark.parametrize("dtype", ["?", "u1", "<i2", "<i8", "<f2", "<f4", "<f8"])
@pytest.mark.parametrize("shape", [(3,), (3, 4), (3, 2, 2, 1)])
def test_inputs_of_many_kinds_are_read(dtype: str, shape: tuple[int, ...]) -> None:
    array = np.arange(np.prod(shape)).reshape(shape).astype(dtype)
    examples = read_examples(npy(array), LABELS, Outputs.PROBABILITIES, where="x")
    assert np.array_equal(examples.inputs, array)
    assert examples.inputs.dtype == array.dtype
    assert examples.rows == 3


def test_fortran_order_is_read_and_written_in_c_order() -> None:
    array = np.asfortranarray(np.arange(6).reshape(3, 2))
    examples = read_examples(npy(array), LABELS, Outputs.PROBABILITIES, where="x")
    assert np.array_equal(examples.inputs, array)
    assert examples.to_files()["inputs.npy"] == npy(np.arange(6).reshape(3, 2))


def test_values_are_read_as_expected_outputs() -> None:
    values = np.array([[0.5], [1.5], [2.5]])
    examples = read_examples(npy(np.zeros(3)), npy(values), Outputs.VALUES, where="x")
    assert np.array_equal(examples.truth.array, values)
    with pytest.raises(JobError, match=r"x/outputs.npy cannot be used: "):
        read_examples(npy(np.zeros(3)), npy(values), Outputs.PROBABILITIES, where="x")


def test_what_is_written_is_read_again() -> None:
    examples = read_examples(npy(np.arange(6.0).reshape(3, 2)), LABELS, Outputs.PROBABILITIES, where="x")
    files = examples.to_files()
    again = read_examples(files["inputs.npy"], files["outputs.npy"], Outputs.PROBABILITIES, where="x")
    assert again.to_files() == files


HUGE = npy(np.zeros((3, 4))).replace(b"(3, 4)", b"(3, 9)")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "is not a .npy file of version 1"),
        (b"PK\x03\x04", "is not a .npy file of version 1"),
        (npy(np.zeros(3), version=(2, 0)), "is not a .npy file of version 1"),
        (npy(np.zeros(3))[:40], "is not a .npy file of version 1"),
        (npy(np.zeros(3)).replace(b"(3,)", b"[3 ]"), "is not a .npy file of version 1"),
        (npy(np.zeros(3)).replace(b"'<f8'", b"'<q8'"), 'has dtype "<q8"; it takes'),
        (npy(np.array([1, "a"], object), pickles=True), "holds Python objects, which are a pickle"),
        (npy(np.array(["a", "b", "c"])), 'has dtype "<U1"; it takes little-endian'),
        (npy(np.zeros(3, ">f8")), 'has dtype ">f8"; it takes little-endian'),
        (npy(np.zeros(3, "c16")), 'has dtype "<c16"; it takes little-endian'),
        (npy(np.zeros(())), r"has shape \(\); it takes at least one row"),
        (npy(np.zeros((0, 3))), r"has shape \(0, 3\); it takes at least one row"),
        (npy(np.zeros((3, 0))), r"has shape \(3, 0\); it takes at least one row"),
        (npy(np.zeros((3,) + (1,) * 8)), "at most 8 dimensions"),
        (npy(np.zeros(3)) + b"x", r"has 25 bytes of data, which is not what its shape \(3,\) needs"),
        (HUGE, r"has 96 bytes of data, which is not what its shape \(3, 9\) needs"),
        (npy(np.zeros(3)).replace(b"(3,), }" + b" " * 10, b"(3000000000,), }"), "bytes of data|not a .npy file"),
        (npy(np.zeros(3)).replace(b"'descr'", b"'dtype'"), "is not a .npy file of version 1"),
        (npy(np.zeros(3, [("a", "<f8")])), "has dtype .*; it takes little-endian"),
        (npy(np.zeros(3)).replace(b"(3,)", b"(-3)"), "is not a .npy file of version 1"),
        (npy(np.zeros((3, 1))).replace(b"(3, 1)", b"(-3,1)"), "it takes at least one row"),
    ],
)
def test_inputs_that_are_not_plain_numbers_are_refused(content: bytes, sentence: str) -> None:
    with pytest.raises(JobError, match=f"^x/inputs.npy .*{sentence}|^x/inputs.npy {sentence}"):
        read_examples(content, LABELS, Outputs.PROBABILITIES, where="x")
