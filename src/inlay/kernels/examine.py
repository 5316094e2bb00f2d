"""What one pass over the numbers of many rows can tell of each: length, NaN, equality."""

import numpy as np
from numba import njit

# What is wrong with a row's numbers.
FINITE, NAN, INFINITE = 0, 1, 2

# The multiplier of FNV-1a, which here takes 32 bits at a time.
BASIS, PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)
HALF = np.uint64(32)


@njit(cache=True, nogil=True, fastmath={"contract", "nsz", "reassoc"})
def examine_rows(matrix, bits, kinds, lengths, hashes):
    """Look at each row once: `length = sqrt(sum x^2)`, in float64.

    Args:
        matrix: float32 or float64 `(n, dim)`.
        bits: uint32 `(n, words)`: the same bytes.
        kinds: uint8 `(n,)`, written: FINITE, NAN if there is one, else INFINITE.
        lengths: float64 `(n,)`, written; of no use where the kind is not FINITE.
        hashes: uint64 `(n,)`, written: equal for rows of equal bytes, hardly ever for others.
    """
    for i in range(matrix.shape[0]):
        total = 0.0
        for j in range(matrix.shape[1]):
            x = np.float64(matrix[i, j])
            total += x * x
        a, b, c, d = BASIS, BASIS, BASIS, BASIS  # four at once, for each waits for its product
        whole = bits.shape[1] - bits.shape[1] % 4
        for j in range(0, whole, 4):
            a = (a ^ np.uint64(bits[i, j])) * PRIME
            b = (b ^ np.uint64(bits[i, j + 1])) * PRIME
            c = (c ^ np.uint64(bits[i, j + 2])) * PRIME
            d = (d ^ np.uint64(bits[i, j + 3])) * PRIME
        for j in range(whole, bits.shape[1]):
            a = (a ^ np.uint64(bits[i, j])) * PRIME
        h = (((a * PRIME ^ b) * PRIME ^ c) * PRIME ^ d) * PRIME
        hashes[i] = h ^ (h >> HALF)
        lengths[i] = np.sqrt(total)
        kind = FINITE
        if not np.isfinite(total):  # rarely: look again, for which it is
            for j in range(matrix.shape[1]):
                if np.isnan(matrix[i, j]):
                    kind = NAN
                elif np.isinf(matrix[i, j]) and kind == FINITE:
                    kind = INFINITE
        kinds[i] = kind
