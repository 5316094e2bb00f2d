"""Frozen rows at half their size: two floats of 16 bits share the 32 of one.

A row of 2 H numbers is H words. Word i holds number i in its upper 16 bits and number H + i in its
lower ones, each as the upper half of a float32 (bfloat16: 8 bits of mantissa). A whole register is
therefore numbers i as it is loaded, for what stands in the lower bits changes them by less than
they were rounded by; and numbers H + i, when it is moved up by `lower_half`. That takes half the
loads and half the cache lines of float32.

The upper number is rounded with the lower one in place: what a register of it then is differs from
the number by no more than 2**-8 of it, as does the lower one.
"""

import numpy as np

from inlay.kernels.rows import ROW, part
from inlay.kernels.sampling import kernel

INFINITE = np.uint32(0x7F800000)  # the bits of infinity; those of NaN are above
NAN = np.uint32(0x7FC00000)
SIGN, REST = np.uint32(0x80000000), np.uint32(0x7FFFFFFF)
AWAY, BITS, NONE = np.uint32(0x8000), np.uint32(16), np.uint32(0)


def half_width(dim):
    """Words of a row of `dim` numbers: a multiple of 16, a cache line."""
    return -(-dim // (2 * ROW)) * ROW


@part
def rounded(bits, low):
    """The upper 16 bits of a float, so that with `low` below them they are as near as can be."""
    size = bits & REST
    up = max(size + AWAY, low) - low
    return ((bits & SIGN) | (NAN if size >= INFINITE else up)) >> BITS


@kernel
def pack_rows(rows, into, half):
    """Pack rows into the words `into`, uint32, of `half` words each.

    Args:
        rows: The bits of float32 numbers: uint32 `(n, dim)`, `dim` at most `2 * half`.
        into: uint32 `(n * half,)`, changed in place.
        half: `half_width(dim)`.
    """
    n, dim = rows.shape
    for r in range(n):
        both = max(dim - half, 0)
        for i in range(both):
            low = np.uint32(rounded(rows[r, half + i], NONE))  # an int, when run uncompiled
            into[r * half + i] = np.uint32(rounded(rows[r, i], low)) << BITS | low
        for i in range(both, min(half, dim)):
            into[r * half + i] = np.uint32(rounded(rows[r, i], NONE)) << BITS
