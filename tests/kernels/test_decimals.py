import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from inlay.kernels.decimals import WIDEST, shortest, write_rows


def both(kernel):
    return pytest.mark.parametrize("kernel", [kernel, kernel.py_func], ids=["compiled", "python"])


def written(numbers, kernel=write_rows, space=False):
    matrix = np.array([numbers], np.float32)
    blob, offsets = np.frombuffer(b"ab", np.uint8), np.array([0, 2])
    out = np.zeros(matrix.size * WIDEST + 4, np.uint8)
    with np.errstate(over="ignore"):
        row, size = kernel(blob, offsets, matrix, 0, space, out)
    return row, out[:size].tobytes().decode()


@both(write_rows)
@pytest.mark.parametrize(
    ("x", "text"),
    [
        (0.0, "0"),
        (-0.0, "-0"),
        (1, "1"),
        (-0.044457, "-0.044457"),
        (0.1, "0.1"),
        (100, "100"),
        (123456789, "123456790"),
        (999999999, "1e09"),
        (1.5e-5, "0.000015"),
        (1.5e-6, "1.5e-06"),
        (1 / 3, "0.33333334"),
        (-3.4028234e38, "-3.4028235e38"),
        (1e-45, "1.4013e-45"),
        (9.999999e-6, "9.999999e-06"),
    ],
)
def test_a_number(kernel, x, text):
    assert written([x], kernel) == (1, f"ab {text}\n")


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
@settings(max_examples=2000, deadline=None)
def test_reading_gives_the_same_number_and_no_shorter_text_would(x):
    row, text = written([x])
    assert row == 1
    decimal = text[3:-1]
    assert len(decimal) < WIDEST
    assert np.float32(float(decimal)).tobytes() == np.float32(x).tobytes()
    if 0 < abs(x) < np.finfo(np.float32).tiny:  # subnormal: fewer digits would do
        return
    digits = decimal.lstrip("-").split("e")[0].replace(".", "").strip("0")
    by_numpy = np.format_float_scientific(abs(np.float32(x)), trim="-").split("e")[0]
    assert len(digits) <= len(by_numpy.replace(".", "").strip("0")), decimal


@both(write_rows)
@pytest.mark.parametrize("x", [np.nan, np.inf, -np.inf])
def test_what_is_not_finite_stops_the_kernel_before_its_row(kernel, x):
    assert written([1, x], kernel) == (0, "")


@both(write_rows)
def test_a_space_at_the_end(kernel):
    assert written([1, 2], kernel, space=True) == (1, "ab 1 2 \n")


@both(shortest)
def test_digits_and_power(kernel):
    with np.errstate(over="ignore"):
        assert tuple(map(int, kernel(np.float32(0.25)))) == (25, -2, 1)
        assert tuple(map(int, kernel(np.float32(3e30)))) == (3, 30, 1)
