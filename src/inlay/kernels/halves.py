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
    size = np.uint32(bits & REST)
    up = np.uint32(size + AWAY)  # numba adds in 64 bits, if it is not told
    up = np.uint32((up if up > low else low) - low)
    up = NAN if size >= INFINITE else up
    return np.uint32(np.uint32(bits & SIGN | up) >> BITS)


@kernel
def pack_rows(rows, into, half):
    """Pack rows into the words `into`, uint32, of `half` words each.

    Args:
        rows: The bits of float32 numbers: uint32 `(n, dim)`, `dim` at most `2 * half`.
        into: uint32 `(n * half,)`, changed in place.
        half: `half_width(dim)`.
    """
    n, dim = rows.shape
    flat, both = rows.reshape(-1), max(dim - half, 0)
    for r in range(n):
        # Numbers that cannot be negative: else the compiler gathers number by number.
        at, to, behind = np.uint64(r * dim), np.uint64(r * half), np.uint64(r * dim + half)
        for k in range(both):
            i = np.uint64(k)
            low = np.uint32(rounded(flat[behind + i], NONE))  # an int, when run uncompiled
            into[to + i] = np.uint32(rounded(flat[at + i], low) << BITS) | low
        for k in range(both, min(half, dim)):
            i = np.uint64(k)
            into[to + i] = np.uint32(rounded(flat[at + i], NONE)) << BITS
