"""Rows of text with a separator of one byte between cells: numbers at their end, a word before."""

import numpy as np

from inlay.kernels.compiled import njit
from inlay.kernels.parse import BLANK, CR, LF, ODD, OK, SPACE, U0, U1, parse_number, usual_number


@njit(cache=True, nogil=True)
def parse_cells(buf, start, stop, separator, first, longest, matrix, bounds, status):
    """Read each line of `buf[start:stop]` as `first` cells, and numbers.

    Spaces may stand around a number. Lines end in LF, CR LF, or at `stop`. What quotes do is
    not known here.

    Args:
        buf: uint8 `(bytes,)`.
        start: Where the first line begins.
        stop: Just behind a line feed, or the end of the last line.
        separator: Between two cells, uint8.
        first: Cells before the numbers, of which the last is the word; there may be none.
        longest: Bytes of a line that is not left to Python.
        matrix: float32 `(lines, numbers)`, written.
        bounds: int64 `(lines, 2)`, written: the word's bounds in `buf`, or the line's, without its
            LF, where `status` says ODD.
        status: uint8 `(lines,)`, written: OK, BLANK, or ODD for what Python must judge.
    """
    p, stop = np.uint64(start), np.uint64(stop)
    for r in range(matrix.shape[0]):
        line, word, end, good = p, p, p, True
        for _ in range(first):
            word = p
            while p < stop and buf[p] != separator and buf[p] != LF and buf[p] != CR:
                p += U1
            end = p
            good = p < stop and buf[p] == separator
            if not good:
                break
            p += U1
        for j in range(matrix.shape[1] if good else 0):
            if j > 0:
                good = p < stop and buf[p] == separator
                if not good:
                    break
                p += U1
            while p < stop and buf[p] == SPACE:
                p += U1
            q, x = usual_number(buf, p, stop)
            if q == U0 or (buf[q] != separator and buf[q] > SPACE):
                x, q, good = parse_number(buf, p, stop)
            matrix[r, j], p = x, np.uint64(q)
            if not good:
                break
            while p < stop and buf[p] == SPACE:
                p += U1
        if p < stop and buf[p] == CR:
            p += U1
        if good and (p == stop or buf[p] == LF) and p - line <= np.uint64(longest):
            status[r], bounds[r, 0], bounds[r, 1] = OK, word, end
            p += U1
            continue
        while p < stop and buf[p] != LF:
            p += U1
        empty = p == line or (p == line + U1 and buf[line] == CR)
        status[r], bounds[r, 0], bounds[r, 1] = BLANK if empty else ODD, line, p
        p += U1
