"""Counting which words stand near which, a row of the matrix at a time.

A cell of row i of the matrix sums 1/d over all pairs of a word i and the cell's word d places
away. Counting pair by pair, in the order of the text, would add to a random place of a matrix
larger than any cache. So the places of each word are found first, and a row is summed over
them: the sums of one row lie close together, and the words around a place are a cache line or two,
which are asked for in advance. A bit for each column says which there are, so that nothing is
hashed or sorted, and a row still comes in the order of its columns. A text that does not fit into
memory is counted in parts, whose rows are summed in the same way.

Sums are float64. The caller may scale the weights so that they are whole numbers: then each sum
is exact up to 2**53, and is the same in whatever order it is taken.

Source: Pennington, Socher and Manning 2014, "GloVe: Global Vectors for Word Representation",
section 3.1 and 4.2; Gustavson 1978 (sparse products by rows).
"""

from collections import namedtuple

import numpy as np

from inlay.kernels.compiled import njit
from inlay.kernels.lanes import prefetch
from inlay.kernels.masks import lowest
from inlay.kernels.sampling import INCREMENT, MULTIPLIER, below

AHEAD = 8  # places between asking for words and reading them
LOW = 16  # bits of the column in a cell of a tile
ONE = np.uint64(1)

kernel = njit(cache=True, nogil=True)
part = njit(cache=True, nogil=True, forceinline=True)

# Work space of one thread: float64 zeros, one for each row and more; uint64 zeros, a bit for each.
Sums = namedtuple("Sums", "sums bits")
# Rows that were counted: int64 (rows,), int32 and float64 (cells,), a row after the other.
Rows = namedtuple("Rows", "sizes columns values")


def make_sums(vocab_size):
    """Work space for `count` and `merge`; one for each thread."""
    blocks = -(-vocab_size // 64)
    return Sums(np.zeros(blocks * 64), np.zeros(blocks, np.uint64))


@part
def add(space, column, value):
    """Add to the sum of a column."""
    space.sums[column] += value
    space.bits[column >> 6] |= ONE << np.uint64(column & 63)


@part
def take(space, out, n):
    """Append the sums to rows that have n cells so far, in the order of the columns.

    Returns how many cells there are then; the sums are zeros again.
    """
    sums, bits = space.sums, space.bits
    for block in range(bits.size):
        left = np.uint64(bits[block])
        if left != 0:
            bits[block] = 0
            while left != 0:
                column = block * 64 + np.int64(lowest(left))
                out.columns[n] = column
                out.values[n] = sums[column]
                sums[column] = 0
                left &= left - ONE
                n += 1
    return n


@kernel
def places(ids, begin, end, starts):
    """Where each word stands: a sort by counting.

    Args:
        ids: int32, words, and -1 between sentences.
        begin: The first place that is looked at.
        end: After the last.
        starts: int64 `(vocab_size + 1,)`, changed: word i's places are those from `starts[i]` to
            `starts[i + 1]`.

    Returns:
        int32, the places in the order of the words.
    """
    starts[:] = 0
    n = 0
    for at in range(begin, end):
        if ids[at] >= 0:
            starts[ids[at] + 1] += 1
            n += 1
    for word in range(1, starts.size):
        starts[word] += starts[word - 1]
    found = np.empty(n, np.int32)
    for at in range(begin, end):
        word = ids[at]
        if word >= 0:
            found[starts[word]] = at
            starts[word] += 1
    for word in range(starts.size - 1, 0, -1):
        starts[word] = starts[word - 1]
    starts[0] = 0
    return found


@kernel
def bound(starts, first, last, reach):
    """How many cells the rows `first` to `last` have at most, if a place has `reach` neighbours."""
    total = 0
    for row in range(first, last):
        total += min(starts.size - 1, reach * (starts[row + 1] - starts[row]))
    return total


@kernel
def count(ids, found, starts, rows, weights, both, space, out):
    """Sum the rows from `rows[0]` to `rows[1]`; returns how many cells they have.

    Args:
        ids: As of `places`.
        found: What `places` returned.
        starts: What `places` filled.
        rows: Two whole numbers.
        weights: float64 `(window + 1,)`, what a pair at each distance counts; that at 0 is unused.
        both: Whether words to the left count as well as those to the right.
        space: `Sums`.
        out: `Rows` with room for `bound` cells; the cells of a row come in the order of their
            columns.
    """
    first, last = rows
    n = 0
    for row in range(first, last):
        for i in range(starts[row], starts[row + 1]):
            if i + AHEAD < found.size:
                prefetch(ids, np.int64(found[i + AHEAD]))
            at = np.int64(found[i])
            for d in range(1, min(weights.size, ids.size - at)):
                column = ids[at + d]
                if column < 0:
                    break
                add(space, column, weights[d])
            if both:
                for d in range(1, min(weights.size, at + 1)):
                    column = ids[at - d]
                    if column < 0:
                        break
                    add(space, column, weights[d])
        before, n = n, take(space, out, n)
        out.sizes[row - first] = n - before
    return n


@kernel
def merge(runs, offsets, space, out):
    """Sum rows that were counted in several parts; returns how many cells there are.

    Args:
        runs: `Rows` of all parts, one after the other: sizes int64 `(parts, rows)`.
        offsets: int64 `(parts,)`, where the cells of each part begin; changed.
        space: `Sums`.
        out: `Rows` with room for as many cells.
    """
    n = 0
    for row in range(out.sizes.size):
        for part in range(offsets.size):
            start = offsets[part]
            stop = start + runs.sizes[part, row]
            for i in range(start, stop):
                add(space, runs.columns[i], runs.values[i])
            offsets[part] = stop
        before, n = n, take(space, out, n)
        out.sizes[row] = n - before
    return n


@kernel
def tile(rows, scale, width, seed, starts, cells, values):
    """Sort cells into tiles of `width` columns, and shuffle each tile.

    Args:
        rows: `Rows`, at most 65,536 of them.
        scale: What values are multiplied by.
        width: Columns of a tile, at most 65,536.
        seed: uint64, of the shuffling.
        starts: int64 `(tiles + 1,)`, changed: where each tile begins.
        cells: uint32, as many as there are cells, changed: the row, and in the lower 16 bits the
            column within its tile.
        values: float32, as many, changed.
    """
    starts[:] = 0
    n = 0
    for row in range(rows.sizes.size):
        n += rows.sizes[row]
    for i in range(n):
        starts[rows.columns[i] // width + 1] += 1
    for k in range(1, starts.size):
        starts[k] += starts[k - 1]
    i = 0
    for row in range(rows.sizes.size):
        for _ in range(rows.sizes[row]):
            k = rows.columns[i] // width
            to = starts[k]
            cells[to] = (row << LOW) | (rows.columns[i] - k * width)
            values[to] = rows.values[i] * scale
            starts[k] = to + 1
            i += 1
    for k in range(starts.size - 1, 0, -1):
        starts[k] = starts[k - 1]
    starts[0] = 0
    state = seed
    for k in range(starts.size - 1):
        first = starts[k]
        for i in range(starts[k + 1] - 1, first, -1):
            state = state * MULTIPLIER + INCREMENT
            j = first + below(state, i - first + 1)
            cells[i], cells[j] = cells[j], cells[i]
            values[i], values[j] = values[j], values[i]
