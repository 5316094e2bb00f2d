"""What one pass over many rows or tokens can tell of each: length, NaN, equality, characters."""

import numpy as np

from inlay.kernels.compiled import njit

# What is wrong with a row's numbers.
FINITE, NAN, INFINITE = 0, 1, 2

# The multiplier of FNV-1a, which here takes 32 bits at a time.
BASIS, PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)
HALF = np.uint64(32)
GOLDEN = np.uint64(0x9E3779B97F4A7C15)


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


@njit(cache=True, nogil=True)
def first_of_hash(hashes, wanted, slots, shift, first):
    """For each wanted row the first wanted one of the same hash; for the others, themselves.

    Args:
        hashes: uint64 `(n,)`.
        wanted: bool `(n,)`.
        slots: uint32 `(2^k,)`, zeros, more than `n`: open addressing, as `inlay.kernels.hashing`.
        shift: `64 - k`.
        first: int64 `(n,)`, written.
    """
    mask = slots.size - 1
    for row in range(hashes.size):
        first[row] = row
        if not wanted[row]:
            continue
        slot = np.int64((hashes[row] * GOLDEN) >> shift)
        while slots[slot] != 0 and hashes[slots[slot] - 1] != hashes[row]:
            slot = (slot + 1) & mask
        if slots[slot] == 0:
            slots[slot] = row + 1
        else:
            first[row] = np.int64(slots[slot]) - 1


@njit(cache=True, nogil=True)
def mark_tokens(blob, offsets, classes, marks):
    """The classes of bytes that each token has, as bits.

    Args:
        blob: uint8 `(bytes,)`.
        offsets: int64 `(n + 1,)`: where each token begins in it; checked.
        classes: uint8 `(256,)`: the bits of each byte.
        marks: uint8 `(n,)`, written: those of all bytes of the token.
    """
    for row in range(marks.size):
        mark = np.uint8(0)
        for p in range(offsets[row], offsets[row + 1]):
            mark |= classes[blob[p]]
        marks[row] = mark
