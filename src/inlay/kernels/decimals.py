"""Float32 numbers to the shortest decimals that read back as the same float32.

For each number, 6 significant digits are tried, then 7, 8 and 9. Every decimal of 6 digits or
fewer survives the way through a normal float32, so 6 digits less their trailing zeros are the
shortest there is; and 9 always suffice. (Subnormal numbers get 6, where fewer would do.)
A decimal counts only if `decimal_to_float32`, which is what `inlay.kernels.parse` reads with,
is certain that it gives the number back.
"""

import math

import numpy as np

from inlay.kernels.compiled import njit
from inlay.kernels.parse import LF, MINUS, POINT, POWERS, SPACE, ZERO, decimal_to_float32

WIDEST = 17  # bytes of -0.0000123456789 and a separator
FIXED_FROM, FIXED_TO = -5, 8  # powers of ten written without an exponent
LETTER_E = np.uint8(101)


@njit(cache=True, nogil=True)
def shortest(x):
    """Positive float32 to `(m, k, certain)`: `m * 10^k`, no zero at the end of m."""
    a = np.float64(x)
    _, e = math.frexp(a)
    # log10(2) = 0.30103; one off at most, towards more digits.
    t = math.floor((e - 1) * 0.30103)
    if (t >= 0 and a >= POWERS[t + 1]) or (t < 0 and a * POWERS[-t - 1] >= 1.0):
        t += 1
    for digits in range(6, 10):
        j = digits - 1 - t
        m = np.int64(math.floor((a * POWERS[j] if j >= 0 else a / POWERS[-j]) + 0.5))
        value, certain = decimal_to_float32(np.uint64(m), np.int64(-j), True)
        if certain and value == x:
            while m % 10 == 0:
                m //= 10
                j -= 1
            return m, -j, True
    return np.int64(0), 0, False


@njit(cache=True, nogil=True)
def _put_digits(m, n, out, at):
    for i in range(at + n - 1, at - 1, -1):
        out[i] = ZERO + np.uint8(m % 10)
        m //= 10
    return at + n


@njit(cache=True, nogil=True)
def _put_decimal(m, k, out, at):
    """`m * 10^k` as 12300, 0.00123 or 1.23e-30; returns where it ends."""
    n, rest = 0, m
    while rest > 0:
        rest //= 10
        n += 1
    power = n - 1 + k
    if FIXED_FROM <= power <= FIXED_TO and k >= 0:
        at = _put_digits(m, n, out, at)
        return _put_digits(np.int64(0), k, out, at)
    if 0 <= power <= FIXED_TO:
        scale = np.int64(POWERS[-k])
        at = _put_digits(m // scale, n + k, out, at)
        out[at] = POINT
        return _put_digits(m % scale, -k, out, at + 1)
    if FIXED_FROM <= power < 0:
        out[at], out[at + 1] = ZERO, POINT
        return _put_digits(m, -k, out, at + 2)
    scale = np.int64(POWERS[n - 1])
    at = _put_digits(m // scale, 1, out, at)
    if n > 1:
        out[at] = POINT
        at = _put_digits(m % scale, n - 1, out, at + 1)
    out[at] = LETTER_E
    at += 1
    if power < 0:
        out[at] = MINUS
        at += 1
    return _put_digits(abs(power), 2, out, at)


@njit(cache=True, nogil=True)
def write_rows(blob, offsets, matrix, row, space_at_end, out):
    """Write lines of text into `out`, from `row` on: `(next row, bytes written)`.

    Stops before a row with a number that is not finite or has no certain decimal.

    Args:
        blob: uint8 `(bytes,)`, the tokens.
        offsets: int64 `(n + 1,)`, their bounds in `blob`.
        matrix: float32 `(n, dim)`.
        row: The first row to write.
        space_at_end: Whether a space stands before the line feed, as fastText has it.
        out: uint8, at least `dim * WIDEST + 2` bytes a row and the tokens.
    """
    at = 0
    while row < matrix.shape[0]:
        line = at
        for i in range(offsets[row], offsets[row + 1]):
            out[at] = blob[i]
            at += 1
        for j in range(matrix.shape[1]):
            x = matrix[row, j]
            out[at] = SPACE
            at += 1
            if math.copysign(1.0, x) < 0:
                out[at] = MINUS
                at += 1
                x = -x
            if x == 0:
                out[at] = ZERO
                at += 1
                continue
            m, k, certain = shortest(x) if np.isfinite(x) else (np.int64(0), 0, False)
            if not certain:
                return row, line
            at = _put_decimal(m, k, out, at)
        if space_at_end:
            out[at] = SPACE
            at += 1
        out[at] = LF
        at += 1
        row += 1
    return row, at
