"""Sums and products of rows of floats, two rows by four at a time.

Vectors are rows of flat float32 arrays; a row is named by the offset at which it begins. It has
`dim` floats and zeros up to the next multiple of 16, and `lanes` is a tuple of `ceil(dim / 8)`
zeros: its length is part of its type, so that the compiler knows the row width, and the cache
on disk keeps one version for each.

A tile of two rows by four needs 6 loads for 8 multiplications, and its sums fit into the 16
registers of AVX2; one row by four would wait for memory.
"""

import numpy as np

from inlay.kernels.compiled import njit
from inlay.kernels.wide import (
    WIDTH,
    fma,
    load,
    prefetch,
    prefetch_far,
    splat,
    store,
    store_sums,
    zeros,
)

ROW = 16  # rows are a multiple of this many floats: a cache line
FAST = {"reassoc", "contract", "nsz", "arcp", "afn"}  # not nnan, ninf: those must stay visible

part = njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy", forceinline=True)


def row_width(dim):
    """Floats from one row to the next."""
    return -(-dim // ROW) * ROW


def row_lanes(dim):
    """The tuple whose length tells the kernel the row width."""
    return (0,) * -(-dim // 8)


def aligned_zeros(size):
    """Float32 zeros that begin at a cache line: rows that straddle lines cost a third more."""
    store = np.zeros(size + ROW, np.float32)
    skip = -store.ctypes.data % 64 // 4
    return store[skip : skip + size]


def scatter(rows, most, rng):
    """Fill float32 `(n, dim)`, whatever its strides, with numbers uniform in +-most / dim."""
    dim = rows.shape[1]
    for at in range(0, len(rows), 10_000):
        part = rows[at : at + 10_000]
        chance = rng.random(part.shape, np.float32) - np.float32(0.5)
        part[:] = chance * np.float32(2 * most) / np.float32(dim)


def packed(flat, row, dim):
    """Rows without their padding, moved together where they are."""
    n = flat.size // row
    padded, dense = flat.reshape(n, row), flat[: n * dim].reshape(n, dim)
    if row != dim:
        for at in range(0, n, 10_000):
            dense[at : at + 10_000] = padded[at : at + 10_000, :dim].copy()
    return dense


@part
def lanes_row(lanes):
    """`row_width`, of `row_lanes`."""
    return (len(lanes) + 1) // 2 * ROW


@part
def plus(x, y):
    """The sum of two registers."""
    return fma(y, splat(np.float32(1)), x)


@part
def minus(x, y):
    """The difference of two registers."""
    return fma(y, splat(np.float32(-1)), x)


@part
def times(x, y):
    """The product of two registers."""
    return fma(x, y, zeros())


@part
def dots(a, a0, a1, b, b0, out, out0, out1, lanes):
    """The products of rows `a0`, `a1` of a with four rows of b from `b0` on."""
    row = lanes_row(lanes)
    s0, s1, s2, s3 = zeros(), zeros(), zeros(), zeros()
    t0, t1, t2, t3 = zeros(), zeros(), zeros(), zeros()
    for at in range(0, len(lanes) * 8, WIDTH):
        x, y = load(a, a0 + at), load(a, a1 + at)
        z = load(b, b0 + at)
        s0, t0 = fma(x, z, s0), fma(y, z, t0)
        z = load(b, b0 + row + at)
        s1, t1 = fma(x, z, s1), fma(y, z, t1)
        z = load(b, b0 + 2 * row + at)
        s2, t2 = fma(x, z, s2), fma(y, z, t2)
        z = load(b, b0 + 3 * row + at)
        s3, t3 = fma(x, z, s3), fma(y, z, t3)
    store_sums(s0, s1, s2, s3, out, out0)
    store_sums(t0, t1, t2, t3, out, out1)


@part
def add_one(a, a0, b, rows, weights, w0, by, lanes):
    """Row `a0` of a += four weighted rows of b; the weights are `by` apart."""
    r0, r1, r2, r3 = rows
    v0, v1 = splat(weights[w0]), splat(weights[w0 + by])
    v2, v3 = splat(weights[w0 + 2 * by]), splat(weights[w0 + 3 * by])
    for at in range(0, len(lanes) * 8, WIDTH):
        x = fma(v0, load(b, r0 + at), load(a, a0 + at))
        x = fma(v1, load(b, r1 + at), x)
        x = fma(v2, load(b, r2 + at), x)
        store(a, a0 + at, fma(v3, load(b, r3 + at), x))


@part
def add_two(a, a0, a1, b, rows, weights, w0, w1, by, lanes):
    """`add_one` of two different rows at once: each row of b is loaded once for both."""
    r0, r1, r2, r3 = rows
    v0, v1 = splat(weights[w0]), splat(weights[w0 + by])
    v2, v3 = splat(weights[w0 + 2 * by]), splat(weights[w0 + 3 * by])
    u0, u1 = splat(weights[w1]), splat(weights[w1 + by])
    u2, u3 = splat(weights[w1 + 2 * by]), splat(weights[w1 + 3 * by])
    for at in range(0, len(lanes) * 8, WIDTH):
        z = load(b, r0 + at)
        x, y = fma(v0, z, load(a, a0 + at)), fma(u0, z, load(a, a1 + at))
        z = load(b, r1 + at)
        x, y = fma(v1, z, x), fma(u1, z, y)
        z = load(b, r2 + at)
        x, y = fma(v2, z, x), fma(u2, z, y)
        z = load(b, r3 + at)
        store(a, a0 + at, fma(v3, z, x))
        store(a, a1 + at, fma(u3, z, y))


@part
def add(a, a0, a1, b, rows, weights, w0, w1, by, lanes):
    """`add_two`, also where the same word stands in both places."""
    if a0 == a1:
        for w in (w0, w1):
            add_one(a, a0, b, rows, weights, w, by, lanes)
    else:
        add_two(a, a0, a1, b, rows, weights, w0, w1, by, lanes)


@part
def fetch(a, a0, lanes):
    """Ask for the row `a0` of a before it is needed."""
    for at in range(0, len(lanes) * 8, ROW):
        prefetch(a, a0 + at)


@part
def fetch_far(a, a0, lanes):
    """`fetch` into the second-level cache: what is asked for a whole block ahead.

    Rows of the next block would drive those of this one out of the first-level cache, and many
    at once wait for each other. CBOW, which asks for 24 rows, takes 440 ns for a word that is kept
    and not 570, at 300 dimensions; at 100, 185 and not 215. Skip-gram takes 620 and not 780, and
    270 and not 310.
    """
    for at in range(0, len(lanes) * 8, ROW):
        prefetch_far(a, a0 + at)


@part
def copy(a, a0, b, b0, lanes):
    """Row `a0` of a = row `b0` of b."""
    for at in range(0, len(lanes) * 8, WIDTH):
        store(a, a0 + at, load(b, b0 + at))
