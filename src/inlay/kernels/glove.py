"""GloVe: weighted least squares on the logarithms of co-occurrences, by AdaGrad.

For each cell x of the co-occurrence matrix, of a word i and a word j beside it, with

    e = w_i . c_j + b_i + d_j - log x,    f = min(1, (x / x_max) ** alpha)

the loss is f e**2 / 2, and each number p of w_i, c_j, b_i and d_j, whose gradient is g, changes:

    h = eta clip(g, -100, 100);    p -= h / sqrt(s);    s += h**2;    s is 1 at first.

A bias is one more number of its vector, where the other vector has a one: then a step is one
product and one change of two rows. The ones stay as they are, because their sums of squares are so
large that no step is left. A word has its vector and its sums side by side, so that all that a
step needs of it lies together.

At `row` floats, a step is 2 row FLOP for the product and 18 row for the change, of which 4 row are
roots and quotients, and it reads 16 row bytes and writes as many. The cells come in tiles of few
rows by few columns, so that most of these bytes come from the second-level cache and not from
memory.

Source: Pennington, Socher and Manning 2014, "GloVe: Global Vectors for Word Representation",
equations 8 and 9; Duchi, Hazan and Singer 2011 (AdaGrad).
"""

from collections import namedtuple

import numpy as np

from inlay.kernels.compiled import njit
from inlay.kernels.cooccurrence import LOW
from inlay.kernels.rows import FAST, ROW, part, row_width
from inlay.kernels.wide import (
    WIDTH,
    fma,
    greater,
    load,
    over_root,
    prefetch,
    smaller,
    splat,
    store,
    total,
    zeros,
)

BATCH = 2048  # cells that are looked up at once
AHEAD = 4  # cells between asking for rows and using them
FIXED = 1e30  # a sum of squares at which no step moves a number
CLIP = 100.0  # of each number of a gradient

# The words' rows and the contexts', each flat float32 (vocab_size * 2 * row).
Model = namedtuple("Model", "words contexts")
# Work space of one thread: int64 (BATCH, 2), where the rows of a cell begin, float32 (BATCH, 2).
Scratch = namedtuple("Scratch", "at terms")

kernel = njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")


def row_size(dim):
    """Floats of a vector with its bias, the one beside it, and padding."""
    return row_width(dim + 2)


def lanes_of(dim):
    """The tuple whose length tells the kernel the row size."""
    return (0,) * (row_size(dim) // 8)


def make_scratch():
    """Work space for `train`; one for each thread."""
    return Scratch(np.zeros((BATCH, 2), np.int64), np.zeros((BATCH, 2), np.float32))


@part
def ask(a, at, lanes):
    """Ask for a word's row and its sums before they are needed."""
    for k in range(0, 2 * len(lanes) * 8, ROW):
        prefetch(a, at + k)


@part
def step(words, contexts, w, c, log, weight, eta, lanes):
    """Learn from one cell; returns its loss."""
    row = len(lanes) * 8
    product = zeros()
    for k in range(0, row, WIDTH):
        product = fma(load(words, w + k), load(contexts, c + k), product)
    error = total(product) - log
    f = weight * error
    loss = np.float32(0.5) * f * error
    f *= eta
    by, less = splat(f), splat(np.float32(-1))
    most, least = splat(np.float32(CLIP) * eta), splat(np.float32(-CLIP) * eta)
    for k in range(0, row, WIDTH):
        x, y = load(words, w + k), load(contexts, c + k)
        g, h = load(words, w + row + k), load(contexts, c + row + k)
        p = smaller(greater(fma(by, y, zeros()), least), most)
        q = smaller(greater(fma(by, x, zeros()), least), most)
        store(words, w + k, fma(less, over_root(p, g), x))
        store(contexts, c + k, fma(less, over_root(q, h), y))
        store(words, w + row + k, fma(p, p, g))
        store(contexts, c + row + k, fma(q, q, h))
    return loss


@kernel
def train(model, cells, terms, tiles, eta, scratch, lanes):
    """Learn from the cells of some tiles, in their order; returns the sum of the losses.

    Args:
        model: `Model`, changed.
        cells: uint32: the row within its tile, and in the lower 16 bits the column.
        terms: float32 `(cells, 2)`: the logarithm of each, and its weight.
        tiles: int64 `(n, 4)`: the first cell of each, the one after its last, its first row,
            its first column.
        eta: float32, the learning rate.
        scratch: `Scratch`, this thread's own.
        lanes: `lanes_of(dim)`.
    """
    words, contexts = model
    at, own = scratch
    size = len(lanes) * 16
    loss = 0.0
    t = done = 0  # tiles, and cells of the next one
    while t < len(tiles):
        n = 0
        while t < len(tiles) and n < BATCH:
            first = tiles[t, 0] + done
            last = min(tiles[t, 1], first + BATCH - n)
            for i in range(first, last):
                at[n, 0] = (tiles[t, 2] + np.int64(cells[i] >> LOW)) * size
                at[n, 1] = (tiles[t, 3] + np.int64(cells[i] & 0xFFFF)) * size
                own[n, 0], own[n, 1] = terms[i, 0], terms[i, 1]
                n += 1
            done += last - first
            if last == tiles[t, 1]:
                t, done = t + 1, 0
        for k in range(n):
            near = min(k + AHEAD, n - 1)
            ask(words, at[near, 0], lanes)
            ask(contexts, at[near, 1], lanes)
            loss += step(words, contexts, at[k, 0], at[k, 1], own[k, 0], own[k, 1], eta, lanes)
    return loss
