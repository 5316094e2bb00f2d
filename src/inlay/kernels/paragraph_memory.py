"""Paragraph vectors by a distributed memory (PV-DM), with negative sampling: a block of words.

The vector d of a text, together with the vectors x of the words around a word w, is to predict w
and none of the drawn noise words n. What predicts, h, is either the mean of d and x (`mean`), or
all of them side by side, where output vectors are as much longer (`join`); each has a module of
its own, and what they share is here. One step for a block of up to eight words is

    g_w         = alpha * ((1 - s(h.w)) w  -  negative / K * sum_n s(h.n) n)
    d, each x  += their share of g_w, of all words w of the block
    outputs[w] += alpha * (1 - s(h.w)) h
    outputs[n] -= alpha * negative / K * sum_w s(h.n) h

The parts of a mean each get the whole of g, as in Mikolov's program and gensim's; parts that stand
side by side get their own part of it. The words of a block share one width, and all logits are
found before any vector is changed. Two neighbours share K noise words, each of which is read and
written once for both; not more than two, for all have the vector of the text in common, and it
takes many noise words to move it as well as the original does. A word takes (6 K + 6) * dim FLOP,
and some 8 * dim for h, in sums that slide along the text.

At 100 dimensions and K = 8 that is 60 ns for a word that is kept, at the 117 GFLOP/s of the core
that it was measured on. It took 280 to 370 ns by means, on IMDB's 42,000 words, and 220 with every
row in the first caches: waiting for rows of words was the largest part. Since they are asked for in
the second-level cache (`rows.fetch_far`) it is a seventh less. A quarter of the time went to draws,
step sizes and errors, a quarter to the steps of noise words, a fifth to logits, and three tenths to
the means and their steps, where the rows of words come in.

Source: Le and Mikolov 2014, "Distributed Representations of Sentences and Documents", 2.2.
"""

from collections import namedtuple

import numpy as np

from inlay.kernels.exchange import dots_four, dots_of_pairs
from inlay.kernels.paragraph import four_rows
from inlay.kernels.rows import add_one, aligned_zeros, fetch_far, part, row_width
from inlay.kernels.sampling import BLOCK, draw_noise, kernel, take
from inlay.kernels.wide import WIDTH, fma, load, splat, store, zeros

PAIRS = BLOCK // 2  # of words in a block

# Work space, see `make_scratch`.
Scratch = namedtuple(
    "Scratch", "words repeats targets hidden shares change weights errors parts at"
)


def make_scratch(size, window, n_noise, dim, slots):
    """Work space for pieces of at most `size` words; one for each thread.

    `n_noise` noise words are drawn for every two words, a multiple of 4. `slots` is 1 for the
    mean, else how many vectors stand side by side.
    """
    row, room = row_width(dim), BLOCK * (n_noise + 1)
    return Scratch(
        words=np.zeros(size + 2 * window + BLOCK, np.int32),
        repeats=np.zeros(size, np.int32),
        targets=np.zeros(2 * PAIRS * n_noise + BLOCK, np.int32),
        hidden=aligned_zeros(BLOCK * row),
        shares=np.zeros(BLOCK, np.float32),
        change=aligned_zeros(slots * BLOCK * row),
        weights=aligned_zeros(room),
        errors=aligned_zeros(room),
        parts=aligned_zeros(room),
        at=np.zeros(BLOCK, np.int64),
    )


@part
def weigh(weights, targets, n_noise, centres, alpha, share):
    """Step sizes: (8, K) of each centre and noise word, negative; then of the 8 centres."""
    for c in range(BLOCK):
        centre = targets[PAIRS * n_noise + c]
        real = c < centres
        for k in range(n_noise):
            counts = real and targets[c // 2 * n_noise + k] != centre
            weights[c * n_noise + k] = -alpha * share if counts else np.float32(0)
        weights[BLOCK * n_noise + c] = alpha if real else np.float32(0)


@part
def four(at, c):
    """Four offsets of rows."""
    return at[c], at[c + 1], at[c + 2], at[c + 3]


@part
def shifted(rows, by):
    """Four offsets, all of them further on."""
    r0, r1, r2, r3 = rows
    return r0 + by, r1 + by, r2 + by, r3 + by


@part
def exchange_one(change, c0, a, a0, b, b0, weight, lanes):
    """Row `c0` of change = a weighted row of b, which += as much of row `a0` of a."""
    v = splat(weight)
    for i in range(0, len(lanes) * 8, WIDTH):
        z = load(b, b0 + i)
        store(change, c0 + i, fma(v, z, zeros()))
        store(b, b0 + i, fma(v, load(a, a0 + i), z))


@part
def exchange_two(change, c0, c1, a, a0, a1, b, rows, weights, w0, w1, lanes):
    """Two rows of change += four weighted rows of b, and each of these += as much of a's two.

    One after the other: a row of b that stands twice is changed twice.
    """
    r0, r1, r2, r3 = rows
    v0, v1, v2, v3 = (
        splat(weights[w0]),
        splat(weights[w0 + 1]),
        splat(weights[w0 + 2]),
        splat(weights[w0 + 3]),
    )
    u0, u1, u2, u3 = (
        splat(weights[w1]),
        splat(weights[w1 + 1]),
        splat(weights[w1 + 2]),
        splat(weights[w1 + 3]),
    )
    for at in range(0, len(lanes) * 8, WIDTH):
        x, y = load(a, a0 + at), load(a, a1 + at)
        s, t = load(change, c0 + at), load(change, c1 + at)
        z = load(b, r0 + at)
        s, t = fma(v0, z, s), fma(u0, z, t)
        store(b, r0 + at, fma(v0, x, fma(u0, y, z)))
        z = load(b, r1 + at)
        s, t = fma(v1, z, s), fma(u1, z, t)
        store(b, r1 + at, fma(v1, x, fma(u1, y, z)))
        z = load(b, r2 + at)
        s, t = fma(v2, z, s), fma(u2, z, t)
        store(b, r2 + at, fma(v2, x, fma(u2, y, z)))
        z = load(b, r3 + at)
        s, t = fma(v3, z, s), fma(u3, z, t)
        store(b, r3 + at, fma(v3, x, fma(u3, y, z)))
        store(change, c0 + at, s)
        store(change, c1 + at, t)


@kernel
def products(a, at, outputs, targets, width, base, out, centres, n_noise, lanes):
    """Of the rows `at` of a: with the noise words of each, and with its own word."""
    own = PAIRS * n_noise
    for c in range(0, centres, 2):
        for k in range(0, n_noise, 4):
            rows = shifted(four_rows(targets, c // 2 * n_noise + k, width), base)
            to = c * n_noise + k
            dots_four(a, at[c], at[c + 1], outputs, rows, out, to, to + n_noise, lanes)
    for c in range(0, centres, 4):
        rows = shifted(four_rows(targets, own + c, width), base)
        dots_of_pairs(a, four(at, c), outputs, rows, out, BLOCK * n_noise + c, lanes)


@part
def fetch_noise(outputs, targets, c, width, base, n_noise, lanes):
    """Ask for the noise of words c and c + 1 of the next block.

    Bit by bit, while this block is learned: all at once they would wait for each other.
    """
    begin = PAIRS * n_noise + BLOCK + c // 2 * n_noise
    for k in range(begin, begin + n_noise):
        fetch_far(outputs, targets[k] * width + base, lanes)


@kernel
def exchange_all(
    change, first, a, at, outputs, targets, width, base, errors, centres, n_noise, row, lanes
):
    """What the rows `at` of a are to change by, from row `first` on; output vectors learn of a.

    Both go by the errors of each word.
    """
    own = PAIRS * n_noise
    for c in range(centres):
        b0, weight = targets[own + c] * width + base, errors[BLOCK * n_noise + c]
        exchange_one(change, first + c * row, a, at[c], outputs, b0, weight, lanes)
    for c in range(0, centres, 2):
        c0, c1 = first + c * row, first + (c + 1) * row
        for k in range(0, n_noise, 4):
            rows = shifted(four_rows(targets, c // 2 * n_noise + k, width), base)
            w0 = c * n_noise + k
            w1 = w0 + n_noise
            exchange_two(change, c0, c1, a, at[c], at[c + 1], outputs, rows, errors, w0, w1, lanes)
        fetch_noise(outputs, targets, c, width, base, n_noise, lanes)


@kernel
def pull(documents, own, change, outputs, targets, width, errors, centres, n_noise, row, lanes):
    """Add to the texts `own` what all words of a block ask of them; nothing else learns."""
    of_words, zero, near = PAIRS * n_noise, np.int64(0), np.int64(1)  # no literals: types apart
    for i in range(row):
        change[i] = 0
    for c in range(centres, BLOCK):
        errors[BLOCK * n_noise + c] = 0  # these, too, came of what was there before
    for c in range(0, centres, 4):
        rows = four_rows(targets, of_words + c, width)
        add_one(change, zero, outputs, rows, errors, BLOCK * n_noise + c, near, lanes)
    for c in range(0, centres, 2):
        at = c * n_noise
        if c + 1 < centres:
            for k in range(at, at + n_noise):
                errors[k] += errors[k + n_noise]
        for k in range(0, n_noise, 4):
            rows = four_rows(targets, c // 2 * n_noise + k, width)
            add_one(change, zero, outputs, rows, errors, at + k, near, lanes)
        fetch_noise(outputs, targets, c, width, zero, n_noise, lanes)
    for t in own:
        for i in range(row):
            documents[t * row + i] += change[i]


@part
def draw_block(targets, n_noise, words, start, accept, alias, state):
    """The targets of the block from `start`; behind them the noise of the next, drawn now.

    So its rows are on their way long before they are read. Returns the generator's state.
    """
    n_all = PAIRS * n_noise
    columns = n_all + BLOCK
    take(targets, np.int64(0), targets, columns, n_all)
    take(targets, n_all, words, start, BLOCK)
    return draw_noise(accept, alias, state, targets, columns, columns + n_all)
