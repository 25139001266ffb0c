import io
import struct

import numpy as np
import pytest

from scatter.learning.errors import PredictionError, TruthError
from scatter.learning.models import MAX_MAGNITUDE
from scatter.learning.predictions import MAX_CLASSES, Outputs, read_predictions, read_truth

P, V = Outputs.PROBABILITIES, Outputs.VALUES
ROWS = np.array([[0.25, 0.75], [0.5, 0.5], [1.0, 0.0]])


def npy(array: np.ndarray, version: tuple[int, int] | None = None) -> bytes:
    buffer = io.BytesIO()
    np.lib.format.write_array(buffer, array, version)
    return buffer.getvalue()


def raw(header: bytes, data: bytes = b"", version: bytes = b"\x01\x00") -> bytes:
    return b"\x93NUMPY" + version + struct.pack("<H", len(header)) + header + data


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("order", ["C", "F"])
@pytest.mark.parametrize("version", [(1, 0), (2, 0)])
def test_what_numpy_writes_is_read_as_float64(dtype, order, version):
    array = np.array(ROWS, dtype, order=order)
    read = read_predictions(npy(array, version), 3, P, 2)
    assert read.dtype == np.float64
    assert read.flags.c_contiguous
    assert read.tolist() == ROWS.tolist()
    assert read_predictions(npy(array), 3, P).tolist() == ROWS.tolist()


def test_headers_of_other_writers_are_read():
    data = struct.pack("<2d", 1.5, -2.5)
    for header in (
        b"{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2)}",
        b"{'descr':'<f8','fortran_order':False,'shape':(1,2),}\n",
        b" { 'descr' : '<f8' , 'fortran_order' : True , 'shape' : ( 1 , 2 , ) , }   ",
    ):
        assert read_predictions(raw(header, data), 1, V, 2).tolist() == [[1.5, -2.5]]


def test_the_largest_header_and_values_are_read():
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2), }".ljust(1024)
    data = struct.pack("<2d", -MAX_MAGNITUDE, MAX_MAGNITUDE)
    assert read_predictions(raw(header, data), 1, V, 2).tolist() == [[-MAX_MAGNITUDE, MAX_MAGNITUDE]]
    with pytest.raises(PredictionError, match="takes 1025 bytes"):
        read_predictions(raw(header + b" ", data), 1, V, 2)


GOOD = b"{'descr': '<f8', 'fortran_order': False, 'shape': (1, 2), }"
REFUSED = {
    "empty": (b"", "not a .npy file"),
    "text": (b"0.1,0.9\n0.5,0.5\n", "not a .npy file"),
    "version 3": (raw(GOOD, bytes(16), b"\x03\x00"), "not a .npy file of version 1 or 2"),
    "cut in the length": (b"\x93NUMPY\x01\x00\x05", "header of a .npy file takes 5 bytes"),
    "header past the end": (raw(GOOD)[:-5], "header of a .npy file takes 59 bytes"),
    "long header": (raw(GOOD + b" " * 1000, bytes(16)), "takes 1059 bytes, more than the file or the 1024 allowed"),
    "long header of version 2": (b"\x93NUMPY\x02\x00" + struct.pack("<I", 2**31) + GOOD, "takes 2147483648 bytes"),
    "code": (raw(b"__import__('os').system('true')"), "not that of an array of plain numbers"),
    "other keys": (raw(b"{'descr': '<f8', 'shape': (1, 2), }"), "not that of an array of plain numbers"),
    "object": (npy(np.array([[None]], object)), r"dtype \|O, expected one of <f4, <f8"),
    "structured": (npy(np.zeros((1, 2), "f4,f4")), "not that of an array of plain numbers"),
    "integers": (npy(np.zeros((1, 2), np.int64)), "dtype <i8"),
    "float16": (npy(np.zeros((1, 2), np.float16)), "dtype <f2"),
    "big-endian": (npy(np.zeros((1, 2), ">f8")), "dtype >f8"),
    "no dimension": (npy(np.float64(1)), "not that of an array of plain numbers"),
    "three dimensions": (npy(np.zeros((1, 2, 3))), "not that of an array of plain numbers"),
    "truncated": (npy(np.zeros((1, 2)))[:-1], r"shape \(1, 2\) and dtype <f8 has 15 bytes"),
    "trailing": (npy(np.zeros((1, 2))) + b"x", "has 17 bytes"),
    "no elements": (npy(np.zeros((1, 0))), "has 0 bytes of data"),
    "bomb": (raw(GOOD.replace(b"(1, 2)", b"(999999999999999, 999999999999999)")), "has 0 bytes of data"),
    "too many digits": (raw(GOOD.replace(b"1, 2", b"1" * 100 + b", 2")), "not that of an array of plain numbers"),
    "one dimension": (npy(np.ones(1)), r"shape \(1,\), expected \(1, 2\)"),
    "rows": (npy(np.ones((2, 2))), r"shape \(2, 2\), expected \(1, 2\)"),
    "columns": (npy(np.ones((1, 3))), r"shape \(1, 3\), expected \(1, 2\)"),
    "nan": (npy(np.array([[0.5, np.nan]])), "NaN, infinite"),
    "infinite": (npy(np.array([[0.5, -np.inf]], np.float32)), "NaN, infinite"),
    "huge": (npy(np.array([[0.5, 1e39]])), "beyond 3.40e"),
}


@pytest.mark.parametrize("case", REFUSED)
@pytest.mark.parametrize("outputs", Outputs)
@pytest.mark.filterwarnings("error")
def test_bad_predictions_get_one_sentence(case, outputs):
    data, message = REFUSED[case]
    with pytest.raises(PredictionError, match=message) as caught:
        read_predictions(data, 1, outputs, 2)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) < 250


def test_probabilities_are_not_negative_and_add_up_to_one():
    with pytest.raises(PredictionError, match=r"negative: -0\.25"):
        read_predictions(npy(np.array([[1.25, -0.25]])), 1, P, 2)
    with pytest.raises(PredictionError, match=r"row 1 add up to 0\.99"):
        read_predictions(npy(np.array([[0.5, 0.5], [0.5, 0.4985]])), 2, P, 2)
    with pytest.raises(PredictionError, match=r"row 0 add up to 1\.0"):
        read_predictions(npy(np.array([[0.5, 0.5015], [0.5, 0.5]])), 2, P, 2)
    assert read_predictions(npy(np.array([[0.5, 0.5009]])), 1, P, 2)[0, 1] == 0.5009
    assert read_predictions(npy(np.array([[1.25, -0.25]])), 1, V, 2)[0, 1] == -0.25


def test_columns_are_bounded_even_when_the_file_sets_them():
    with pytest.raises(PredictionError, match="65537 columns"):
        read_predictions(npy(np.zeros((1, MAX_CLASSES + 1), np.float32)), 1, V)
    assert read_predictions(npy(np.zeros((1, MAX_CLASSES), np.float32)), 1, V).shape == (1, MAX_CLASSES)
    with pytest.raises(PredictionError, match=r"expected \(2, columns\)"):
        read_predictions(npy(np.zeros((1, 2))), 2, V)


@pytest.mark.parametrize("dtype", ["i1", "u1", "i2", "u2", "i4", "u4", "i8", "u8"])
def test_classes_of_any_integer_type_are_read(dtype):
    truth = read_truth(npy(np.array([3, 0, 9], dtype)), P)
    assert (truth.array.tolist(), truth.array.dtype, truth.rows, truth.outputs) == ([3, 0, 9], np.int64, 3, P)


def test_expected_values_are_read():
    truth = read_truth(npy(np.array([[1.5], [2.5]], np.float32)), V)
    assert (truth.array.tolist(), truth.array.dtype, truth.rows) == ([[1.5], [2.5]], np.float64, 2)


@pytest.mark.parametrize(
    ("array", "outputs", "message"),
    [
        (np.zeros(3), P, r"dtype <f8, expected one of <i2, <i4, <i8, <u2, <u4, <u8, \|i1, \|u1"),
        (np.zeros((3, 1), np.int64), P, r"shape \(3, 1\), expected \(rows,\)"),
        (np.array([0, -1]), P, "go from -1 to 0"),
        (np.array([0, MAX_CLASSES]), P, "outside 0 to 65535"),
        (np.array([2**64 - 1], np.uint64), P, "outside 0 to 65535"),
        (np.zeros(3, np.int64), V, "dtype <i8"),
        (np.zeros(3), V, r"expected \(rows, targets\)"),
        (np.zeros((1, MAX_CLASSES + 1)), V, "65537 columns"),
        (np.array([[np.inf]]), V, "NaN, infinite"),
    ],
)
def test_a_bad_truth_is_the_requestors_fault(array, outputs, message):
    with pytest.raises(TruthError, match=message):
        read_truth(npy(array), outputs)
