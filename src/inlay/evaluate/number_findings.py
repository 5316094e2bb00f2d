"""What may be wrong with the numbers of a table."""

import numpy as np

from inlay.aliases import Array
from inlay.core import Table
from inlay.core.tokens import slot_shift
from inlay.evaluate.findings import EXAMPLES, Finding, found

BLOCK = 4096  # rows
COMPARED = 1 << 14  # numbers at once: they stay in the cache, and their memory is used again
FAR = 10.0  # deviations from the median at which a length is an outlier
TO_SIGMA = 1.4826  # times the MAD is the standard deviation, if lengths are normal
LEAST = 1e-3  # the deviation of logarithms that is assumed at least: all lengths may be 1


def number_findings(table: Table) -> list[Finding]:
    """NaN, infinity, rows of zeros, rows of other lengths, and rows that are equal.

    The rows are read once, by all cores, and those that seem equal again; memory for at most 41
    bytes a row.

    A length is an outlier if its logarithm is more than 10 deviations from the median of the
    logarithms; a deviation is 1.4826 times the median of all distances from that median (MAD),
    and at least 0.001. So a few outliers change neither what is usual nor how far is far.
    """
    kinds, lengths, hashes = _examined(table)
    from inlay.kernels.examine import FINITE, INFINITE, NAN

    special = [row for row in (table.pad_id, table.unk_id) if row is not None]
    zeros = (lengths == 0) & (kinds == FINITE)
    ordinary = (kinds == FINITE) & ~zeros
    zeros[special] = False
    far, usual, factor = _outliers(lengths, ordinary)
    equal, first = _equal(table, hashes, ordinary)
    notes = [f"length {lengths[row]:.3g}" for row in far[:EXAMPLES]]
    return [
        *found(
            table,
            "nan",
            "rows with NaN",
            np.flatnonzero(kinds == NAN),
            "leave these tokens out; one NaN makes the loss of a whole model NaN",
        ),
        *found(
            table,
            "infinity",
            "rows with infinity",
            np.flatnonzero(kinds == INFINITE),
            "leave these tokens out; the numbers may have been too large for their type",
        ),
        *found(
            table,
            "zeros",
            "rows of zeros",
            np.flatnonzero(zeros),
            "check that they stand for padding or unknown words; otherwise leave them out, for "
            "they have no direction",
        ),
        *found(
            table,
            "lengths",
            f"rows of an unusual length, more than {factor:.3g} times longer or shorter than the "
            f"median of {usual:.3g} (10 robust deviations: median and MAD of the logarithms)",
            far,
            "look at these tokens: markup and rare junk often stand out in this way",
            notes,
        ),
        *found(
            table,
            "equal",
            "rows that are equal to an earlier one",
            equal,
            "check that this is meant: tokens may have been mapped to one vector, or a row "
            "written twice",
            [f"as row {row}, {table.tokens[row]!r:.60}" for row in first[:EXAMPLES].tolist()],
        ),
    ]


def _examined(table: Table) -> tuple[Array, Array, Array]:
    """Of each row: what its numbers are, its length, and a hash of its bytes."""
    from inlay.jobs.threads import Pool, thread_count
    from inlay.kernels.examine import examine_rows

    n, rows = len(table), table._rows
    kinds, lengths, hashes = np.empty(n, np.uint8), np.empty(n), np.empty(n, np.uint64)

    def work(start: int) -> None:
        some = slice(start, start + BLOCK)
        block = _floats(rows[some])
        examine_rows(block, block.view(np.uint32), kinds[some], lengths[some], hashes[some])

    threads = thread_count()
    with Pool(threads) as pool:
        for _ in pool.in_order(work, range(0, n, BLOCK), 4 * threads):
            pass
    return kinds, lengths, hashes


def _floats(block: Array) -> Array:
    dtype = np.float64 if block.dtype == np.float64 else np.float32
    return np.ascontiguousarray(block, dtype).view(np.ndarray)


def _outliers(lengths: Array, ordinary: Array) -> tuple[Array, float, float]:
    """The rows that are, the usual length, and the factor that is too much."""
    if not ordinary.any():
        return np.empty(0, np.int64), 0.0, 0.0
    logs = np.zeros(len(lengths))
    np.log(lengths, out=logs, where=ordinary)
    median = float(np.median(logs[ordinary]))
    away = np.abs(logs - median)
    deviation = max(TO_SIGMA * float(np.median(away[ordinary])), LEAST)
    far = np.flatnonzero(ordinary & (away > FAR * deviation))
    far = far[np.argsort(-away[far], kind="stable")]
    return far, float(np.exp(median)), float(np.exp(FAR * deviation))


def _equal(table: Table, hashes: Array, ordinary: Array) -> tuple[Array, Array]:
    """The rows that are equal to an earlier one, and for each the first that it is equal to."""
    from inlay.kernels.examine import first_of_hash

    n = len(hashes)
    slots, first = np.zeros(1 << (2 * n).bit_length(), np.uint32), np.empty(n, np.int64)
    first_of_hash(hashes, ordinary, slots, slot_shift(slots.size), first)
    rows = np.flatnonzero(first != np.arange(n))
    first = first[rows]
    really = np.zeros(rows.size, bool)  # equal hashes may be of different rows, if hardly ever
    step = max(COMPARED // table.dim, 1)
    for start in range(0, rows.size, step):
        some = slice(start, start + step)
        really[some] = (table._rows[rows[some]] == table._rows[first[some]]).all(axis=1)
    return rows[really], first[really]
