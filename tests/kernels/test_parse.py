import math
import struct

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from inlay.kernels import parse
from inlay.kernels.parse import BLANK, ODD, OK, SPACED, copy_spans, parse_lines, parse_number


def both(kernel):
    """The kernel compiled, and as the Python it was written in."""
    return pytest.mark.parametrize("kernel", [kernel, kernel.py_func], ids=["compiled", "python"])


def number(text, kernel=parse_number, behind=b" 0.5 0.5 0.5"):
    buf = np.frombuffer(text.encode() + behind, np.uint8)
    with np.errstate(over="ignore"):  # numpy's scalars warn where numba wraps
        value, end, certain = kernel(buf, np.uint64(0), np.uint64(len(text)))
    return np.float32(value), int(end), bool(certain)


def expected(text):
    with np.errstate(over="ignore"):
        return np.float32(float(text))


def check_exact(text):
    value, end, certain = number(text)
    if certain:
        assert end == len(text), text
        assert value.tobytes() == expected(text).tobytes(), text
    return certain


NUMBERS = [
    "0",
    "-0",
    "1",
    "+1",
    "0.25",
    "-0.044457",
    "12.5",
    ".5",
    "-.5",
    "5.",
    "0.12345678",
    "1e5",
    "0.123456789",
    "123456.789012345678",
    "1E+3",
    "-1.671300083398818970e-02",
    "8.26997e-05",
    "0.0007694142576316829",
    "00000000000000000000001.5",
    "1e-45",
    "0.1234567890123456789012345",
    "1e-46",
    "3.4028234e38",
    "16777217",
    "0e999",
    "1.17549435e-38",
    "0.00000000000000000000001",
]


@both(parse_number)
@pytest.mark.parametrize("text", NUMBERS)
def test_a_number_is_the_float32_of_the_float64_that_python_reads(kernel, text):
    value, end, certain = number(text, kernel)
    assert certain
    assert end == len(text)
    assert value.tobytes() == expected(text).tobytes()


@both(parse_number)
@pytest.mark.parametrize(
    "text", ["", "-", ".", "-.", "abc", "e5", "1e", "1e+", "nan", "inf", "1e39", "1e400"]
)
def test_what_is_no_finite_number_is_left_to_python(kernel, text):
    assert not number(text, kernel)[2]


@both(parse_number)
def test_a_number_ends_where_it_ends(kernel):
    assert number("1.5x", kernel)[1] == 3
    assert number("1.5-2", kernel)[1] == 3
    assert number("1_000", kernel)[1] == 1


@both(parse_number)
@pytest.mark.parametrize("behind", [b"", b" ", b"\n"])
def test_nothing_is_read_beyond_the_buffer(kernel, behind, monkeypatch):
    for name in ("_digits8", "_load8"):  # as Python, which raises where numba reads on
        monkeypatch.setattr(parse, name, getattr(parse, name).py_func)
    for text in ("0.1", "0.1234567", "0.12345678", "0.123456789012345"):
        assert number(text, kernel, behind) == (expected(text), len(text), True)


decimals = st.builds(
    lambda sign, whole, part, power: f"{sign}{whole}.{part}{power}",
    st.sampled_from(["", "-", "+"]),
    st.integers(0, 10**25).map(str) | st.just("0"),
    st.text("0123456789", max_size=30),
    st.just("") | st.integers(-60, 45).map(lambda k: f"e{k}"),
)


@given(decimals)
@settings(max_examples=1000, deadline=None)
@example("0.1234567890123456789e-300")
@example("1.e-320")
def test_any_decimal_is_exact_or_not_certain(text):
    check_exact(text)


@given(st.floats(width=32, allow_nan=False, allow_infinity=False))
@settings(max_examples=500, deadline=None)
def test_numbers_as_programs_write_them_are_certain(x):
    x32 = np.float32(x)
    for text in (str(x32), f"{x:.6f}", f"{x:.5g}", f"{x:.18e}", repr(float(x)), f"{x:.9g}"):
        if math.isfinite(expected(text)):
            assert check_exact(text), text


@given(
    st.floats(2.0**-100, 2.0**100, width=32), st.integers(-3, 3), st.sampled_from([17, 19, 25, 40])
)
@settings(max_examples=1000, deadline=None)
def test_decimals_near_the_middle_of_two_float32(x, steps, digits):
    """Where a rounding of a rounding goes wrong: the decimals around a tie."""
    middle = (float(x) + float(np.nextafter(np.float32(x), np.float32(np.inf)))) / 2
    bits = struct.unpack("<q", struct.pack("<d", middle))[0] + steps
    near = struct.unpack("<d", struct.pack("<q", bits))[0]
    check_exact(f"{near:.{digits}e}")


@pytest.mark.parametrize("text", ["331812906771778e23", "427446128675282e23", "137140710464908e23"])
def test_powers_beyond_1e22_are_rounded_so_that_one_multiplication_may_be_wrong(text):
    assert np.float32(float(text[:-3]) * 1e23) != expected(text)
    check_exact(text)


def test_a_tie_is_left_to_python():
    assert not number(f"{1 + 2**-24:.25e}")[2]


def lines(text, dim, kernel=parse_lines):
    buf = np.frombuffer(text, np.uint8)
    n = text.count(b"\n") + (not text.endswith(b"\n"))
    matrix = np.full((n, dim), 7, np.float32)
    bounds, status = np.zeros((n, 2), np.int64), np.full(n, 9, np.uint8)
    with np.errstate(over="ignore"):
        kernel(buf, 0, len(text), matrix, bounds, status)
    return [text[a:b] for a, b in bounds.tolist()], matrix, status.tolist()


@both(parse_lines)
@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        (b"a 1 2\nb 3 4\n", [b"a", b"b"]),
        (b"a 1 2\nb 3 4", [b"a", b"b"]),
        (b"a 1 2 \nb 3 4 \n", [b"a", b"b"]),
        (b"a 1 2\r\nb 3 4\r\n", [b"a", b"b"]),
        (b"a\t1\t2\nb  3   4\t \n", [b"a", b"b"]),
        (b" 1 2\n-5 3 4\n", [b"", b"-5"]),
        ("\u00a0 1 2\n\u3000é 3 4\n".encode(), ["\u00a0".encode(), "\u3000é".encode()]),
    ],
)
def test_rows(kernel, text, tokens):
    found, matrix, status = lines(text, 2, kernel)
    assert found == tokens
    assert matrix.tolist() == [[1, 2], [3, 4]]
    assert status == [OK, OK]


@both(parse_lines)
def test_the_last_fields_are_the_vector_and_all_before_is_the_token(kernel):
    found, matrix, status = lines(b". . . 1 2\nat x 3  3 4 \r\n7 7 5 6\n", 2, kernel)
    assert found == [b". . .", b"at x 3", b"7 7"]
    assert matrix.tolist() == [[1, 2], [3, 4], [5, 6]]
    assert status == [SPACED] * 3


@both(parse_lines)
def test_lines_that_python_must_judge(kernel):
    text = b"a 1 x\nb 1\n\n \t\r\nc nan 1\n1 2\nd 1 2\n"
    found, matrix, status = lines(text, 2, kernel)
    assert status == [ODD, ODD, BLANK, BLANK, ODD, ODD, OK]
    assert found == [b"a 1 x", b"b 1", b"", b"", b"c nan 1", b"1 2", b"d"]
    assert matrix[-1].tolist() == [1, 2]


@both(parse_lines)
def test_only_as_many_lines_as_the_matrix_has_rows(kernel):
    matrix, bounds, status = (
        np.zeros((1, 1), np.float32),
        np.zeros((1, 2), np.int64),
        np.zeros(1, np.uint8),
    )
    with np.errstate(over="ignore"):
        kernel(np.frombuffer(b"a 1\nb 2\n", np.uint8), 0, 8, matrix, bounds, status)
    assert matrix[0, 0] == 1


@both(copy_spans)
def test_spans(kernel):
    buf = np.frombuffer(b"abcdef", np.uint8)
    blob, offsets = np.zeros(4, np.uint8), np.zeros(4, np.int64)
    kernel(buf, np.array([[4, 6], [2, 2], [0, 2]]), blob, offsets)
    assert blob.tobytes() == b"efab"
    assert offsets.tolist() == [0, 2, 2, 4]


def test_the_powers_of_ten_are_exact_up_to_22():
    assert [int(x) for x in parse.POWERS[:23]] == [10**k for k in range(23)]
