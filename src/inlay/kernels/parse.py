"""Rows of text vectors: tokens by their bounds, decimals to the exact float32.

A number `[-+]digits[.digits][e[-+]digits]` is read as an integer m of at most 19 digits and a
power of ten k. If m <= 2^53 and |k| <= 22, both m and 10^|k| are exact float64 numbers, so
one multiplication or division rounds once and gives the correctly rounded float64 [1].
Otherwise it may be a few units in the last place off. The answer wanted is the float32 that
this float64 rounds to, which nearly always is the same for all float64 numbers so near: then
it is certain. A number that is not certain, and whatever else does not look like a row, is
left to Python by a mark on its row; a kernel never raises.

Digits behind the point are read eight at a time: a load of 64 bits, the position of the first
byte that is no digit, and three multiplications [2].

Sources: [1] Clinger 1990, "How to read floating point numbers accurately", section 3.
[2] Lemire 2021, "Number parsing at a gigabyte per second", section 3.
"""

import numpy as np

from inlay.kernels.compiled import njit

# What `parse_lines` says of a line: a row; a row whose token holds separators; nothing but
# separators; something for Python to judge.
OK, SPACED, BLANK, ODD = 0, 1, 2, 3

TAB, LF, CR, SPACE = np.uint8(9), np.uint8(10), np.uint8(13), np.uint8(32)
PLUS, MINUS, POINT, ZERO = np.uint8(43), np.uint8(45), np.uint8(46), np.uint8(48)
NINE, LETTER_E, LOWER_CASE = np.uint8(9), np.uint8(101), np.uint8(32)

POWERS = np.array([float(f"1e{k}") for k in range(309)])
TENS = np.array([10**k for k in range(9)], np.uint64)
EXACT = np.uint64(2**53)
ROOM_FOR_ONE, ROOM_FOR_EIGHT = np.uint64(10**18), np.uint64(10**11)

# Offsets into a buffer are unsigned: numba then leaves out the check for negative ones.
U0, U1, U2, U4, U7, U8 = (np.uint64(k) for k in (0, 1, 2, 4, 7, 8))
U10, U16, U24, U32, U40, U48, U56 = (np.uint64(k) for k in (10, 16, 24, 32, 40, 48, 56))

ASCII_ZEROS = np.uint64(0x3030303030303030)
ABOVE_NINE = np.uint64(0x7676767676767676)
HIGH_BITS = np.uint64(0x8080808080808080)
LOW_BITS = np.uint64(0x0101010101010101)
PAIRS = np.uint64(0x000000FF000000FF)
HUNDREDS, TEN_THOUSANDS = np.uint64(0x000F424000000064), np.uint64(0x0000271000000001)


@njit(cache=True, nogil=True, inline="always")
def _load8(buf, p):
    """Eight bytes at `p` as a little-endian integer; LLVM makes one load of it."""
    low = np.uint64(buf[p]) | np.uint64(buf[p + U1]) << U8
    low |= np.uint64(buf[p + U2]) << U16 | np.uint64(buf[p + np.uint64(3)]) << U24
    high = np.uint64(buf[p + U4]) << U32 | np.uint64(buf[p + np.uint64(5)]) << U40
    high |= np.uint64(buf[p + np.uint64(6)]) << U48 | np.uint64(buf[p + U7]) << U56
    return low | high


@njit(cache=True, nogil=True, inline="always")
def _digits8(buf, p):
    """`(n, value)` of the digits at `p`: at most eight, up to the first byte that is none."""
    w = _load8(buf, p) ^ ASCII_ZEROS
    high = ((w + ABOVE_NINE) | w) & HIGH_BITS
    # The lowest high bit is 2^(8n+7): a bit for each full byte below it counts the digits. With
    # no high bit at all, the subtraction wraps around and makes it eight.
    below = ((high & (~high + U1)) >> U7) - U1
    n = ((below & LOW_BITS) * LOW_BITS) >> U56
    # Zeros in front instead of what comes behind; in two steps, for a shift by 64 is undefined.
    half = (U8 - n) << U2
    w = (w << half) << half
    w = w * U10 + (w >> U8)
    w = ((w & PAIRS) * HUNDREDS + ((w >> U16) & PAIRS) * TEN_THOUSANDS) >> U32
    return n, w


@njit(cache=True, nogil=True)
def decimal_to_float32(m, k, exact):
    """`m * 10^k` as `(float32, certain)`; `exact` is False if digits behind m were cut off."""
    a = k if k >= 0 else -k
    if a > 308:
        return np.float32(0.0), m == U0 and exact
    y = np.float64(m) * POWERS[a] if k >= 0 else np.float64(m) / POWERS[a]
    if exact and m <= EXACT and a <= 22:
        return np.float32(y), True
    # m, the power, and the operation are rounded, and cut digits weigh less than one more: at
    # most 4 * 2^-53, unless y is below the normal range.
    low, high = np.float32(y * (1.0 - 2.0**-50)), np.float32(y * (1.0 + 2.0**-50))
    return low, low == high and (y > 1e-300 or (m == U0 and exact))


@njit(cache=True, nogil=True)
def parse_number(buf, p, stop):
    """The number at `buf[p:stop]`, as `(float32, where it ends, certain)`."""
    size = np.uint64(buf.size)
    negative = p < stop and buf[p] == MINUS
    if p < stop and (buf[p] == MINUS or buf[p] == PLUS):
        p += U1
    m, k, exact, digits = U0, np.int64(0), True, U0
    while p < stop and buf[p] - ZERO <= NINE:
        if m < ROOM_FOR_ONE:
            m = m * U10 + np.uint64(buf[p] - ZERO)
        else:
            exact = False
            k += 1
        p += U1
        digits += U1
    if p < stop and buf[p] == POINT:
        p += U1
        n = U8
        while n == U8 and m < ROOM_FOR_EIGHT and p + U8 <= size:
            n, value = _digits8(buf, p)
            n, value = np.uint64(n), np.uint64(value)  # Python gets its own numbers of a kernel
            m = m * TENS[n] + value
            k -= np.int64(n)
            p += n
            digits += n
        while p < stop and buf[p] - ZERO <= NINE:
            if m < ROOM_FOR_ONE:
                m = m * U10 + np.uint64(buf[p] - ZERO)
                k -= 1
            else:
                exact = False
            p += U1
            digits += U1
    good = digits > U0
    if p < stop and buf[p] | LOWER_CASE == LETTER_E:
        p += U1
        down = p < stop and buf[p] == MINUS
        if p < stop and (buf[p] == MINUS or buf[p] == PLUS):
            p += U1
        good = good and p < stop and buf[p] - ZERO <= NINE
        e = np.int64(0)
        while p < stop and buf[p] - ZERO <= NINE:
            e = min(e * 10 + np.int64(buf[p] - ZERO), np.int64(100_000))
            p += U1
        k += -e if down else e
    value32, certain = decimal_to_float32(m, k, exact)
    return -value32 if negative else value32, p, good and certain and np.isfinite(value32)


@njit(cache=True, nogil=True, inline="always")
def usual_number(buf, p, stop):
    """A number like -0.123456, as nearly all are, as `(where it ends, float32)`.

    One digit, the point, up to eight digits: the caller looks at what follows. It ends at 0 if it
    is of another kind, or so near to the very end that it takes the long way.
    """
    end, x = U0, np.float32(0)
    q = p + U1 if p < stop and buf[p] == MINUS else p
    if q + U10 < stop and buf[q] - ZERO <= NINE and buf[q + U1] == POINT:
        n, value = _digits8(buf, q + U2)
        n, value = np.uint64(n), np.uint64(value)
        if n > U0:
            end = q + U2 + n
            m = np.uint64(buf[q] - ZERO) * TENS[n] + value
            x = np.float32(np.float64(np.int64(m)) / POWERS[n])
            x = x if q == p else -x
    return end, x


@njit(cache=True, nogil=True)
def _parse_vector(buf, p, stop, row):
    """Fill `row` with numbers, each behind separators: `(where the last ends, all certain)`."""
    for j in range(row.size):
        if p >= stop or (buf[p] != SPACE and buf[p] != TAB):
            return p, False
        p += U1
        while p < stop and (buf[p] == SPACE or buf[p] == TAB):
            p += U1
        end, x = usual_number(buf, p, stop)
        if end != U0 and buf[end] <= SPACE:
            row[j], p = x, np.uint64(end)
            continue
        x, end, certain = parse_number(buf, p, stop)
        row[j], p = x, np.uint64(end)
        if not certain:
            return p, False
    return p, True


@njit(cache=True, nogil=True)
def _token_end(buf, line, end, dim):
    """Where the token of `buf[line:end]` ends if the last `dim` fields are its vector.

    `end` if there are too few fields. A line that begins with a separator has an empty token.
    """
    q = end
    for _ in range(dim):
        while q > line and buf[q - U1] != SPACE and buf[q - U1] != TAB:
            q -= U1
        if q == line:
            return end
        while q > line and (buf[q - U1] == SPACE or buf[q - U1] == TAB):
            q -= U1
    return q


@njit(cache=True, nogil=True)
def parse_lines(buf, start, stop, matrix, bounds, status):
    """Read each line of `buf[start:stop]` as a token and a vector.

    Separators are runs of spaces and tabs; they may stand before the line's end, which is
    LF, CR LF, or `stop`. The last `dim` fields are the vector and all before them the token.

    Args:
        buf: uint8 `(bytes,)`.
        start: Where the first line begins.
        stop: Just behind a line feed, or the end of the last line.
        matrix: float32 `(lines, dim)`, written.
        bounds: int64 `(lines, 2)`, written: the token's bounds in `buf`, or the whole line's
            without its end where `status` says ODD.
        status: uint8 `(lines,)`, written: OK, SPACED, BLANK or ODD.
    """
    p, stop = np.uint64(start), np.uint64(stop)
    for r in range(matrix.shape[0]):
        line = p
        while p < stop and buf[p] != SPACE and buf[p] != TAB and buf[p] != LF:
            p += U1
        token = p
        last, good = _parse_vector(buf, p, stop, matrix[r])
        p = np.uint64(last)
        while p < stop and (buf[p] == SPACE or buf[p] == TAB or buf[p] == CR):
            p += U1
        if good and (p == stop or buf[p] == LF):
            status[r], bounds[r, 0], bounds[r, 1] = OK, line, token
            p += U1
            continue
        p = token
        while p < stop and buf[p] != LF:
            p += U1
        end = p
        while end > line and buf[end - U1] <= SPACE and buf[end - U1] in (SPACE, TAB, CR):
            end -= U1
        p += U1
        token = np.uint64(_token_end(buf, line, end, matrix.shape[1]))
        last, good = _parse_vector(buf, token, end, matrix[r])
        if end == line:
            status[r], bounds[r, 0], bounds[r, 1] = BLANK, line, end
        elif good and last == end:
            status[r], bounds[r, 0], bounds[r, 1] = SPACED, line, token
        else:
            status[r], bounds[r, 0], bounds[r, 1] = ODD, line, end


@njit(cache=True, nogil=True)
def copy_spans(buf, bounds, blob, offsets):
    """Put `buf[bounds[i, 0]:bounds[i, 1]]` one after the other into `blob` uint8.

    `offsets` int64 `(n + 1,)` receives where each begins and the last one ends, from 0.
    """
    at = U0
    for i in range(bounds.shape[0]):
        offsets[i] = at
        start = np.uint64(bounds[i, 0])
        size = np.uint64(bounds[i, 1]) - start
        for j in range(size):
            blob[at + np.uint64(j)] = buf[start + np.uint64(j)]
        at += size
    offsets[bounds.shape[0]] = at
