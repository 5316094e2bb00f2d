"""Vectors of new texts by a distributed memory of means (PV-DM, mean): all else stands still.

Only the vector d of a text moves, so that the step of a block of up to eight words w is

    d += alpha * (sum_w (1 - s(h.w)) w  -  negative / K * sum_n s(h.n) n)

with h the mean of d and of the words around w; see `inlay.kernels.paragraph_memory`. Where words do
not learn, much of it is cheaper:

- Their rows take half the room (`inlay.kernels.halves`).
- The noise words of a block follow each other in a pool that was drawn at random, from anywhere on:
  one draw for all of them. Two vectors of a text by two seeds are as near to each other as if each
  word was drawn (a cosine of .919 on IMDB), and a probe finds as much in them.
- No mean is written: the sum of what stands around a word is multiplied as it slides along, and
  its logits are divided. Beyond both ends of a text stand zeros, so that no sum asks where it is.
- What two neighbours ask of a noise word they share is added up before its row is read again.

At 100 dimensions, K = 4 and a window of 5, on IMDB's 42,000 words, a word that is kept takes 60 ns
(120 by the kernel of the training with its words held still): 19 for logits, 8 for the step of d, 8
for thinning out, draws and places, 3 for errors, 3 for the first sum of each block, 2 for repeats,
2 for asking for rows, 11 for waiting for them; the rest is one waiting for the other. That is what
each part saves when it is left out; of waiting, what few rows save, which stay in the first-level
cache. If no rows were asked for ahead, it would be 35 more.
"""

from collections import namedtuple

import numpy as np

from inlay.kernels.halves import half_width
from inlay.kernels.logistic import weigh_errors
from inlay.kernels.paragraph import block_end, take_text
from inlay.kernels.rows import ROW, aligned_zeros, minus, part, plus, times
from inlay.kernels.sampling import (
    BLOCK,
    INCREMENT,
    MULTIPLIER,
    below,
    choose_centres,
    kernel,
)
from inlay.kernels.wide import (
    WIDTH,
    fma,
    load,
    lower_half,
    prefetch_far,
    splat,
    store,
    store_sums,
    zeros,
)

PAIRS = BLOCK // 2  # of words in a block
FULL = 16  # words that are compared at once, the last ones with what lies behind them
# Work space, see `make_scratch`.
Scratch = namedtuple("Scratch", "words repeats places rows total weights errors")
# What a piece needs: float32 rates, one for each time that it is gone through; int64 window;
# float32 share of a noise word, negative / K; float32 limit (see `sampling.choose_centres`).
Step = namedtuple("Step", "rates window share limit")


def make_scratch(size, window, n_noise, dim):
    """Work space for pieces of at most `size` words; one for each thread.

    `n_noise` noise words are drawn for every two words, a multiple of 4.
    """
    room = BLOCK * (n_noise + 1) + 4
    return Scratch(
        words=np.zeros(size + max(BLOCK, window) + FULL, np.int32),
        repeats=np.zeros(size + FULL, np.int32),
        places=np.zeros(size + 2 * (window + BLOCK), np.int64),
        rows=np.zeros(PAIRS * n_noise + BLOCK, np.int64),
        total=aligned_zeros(4 * half_width(dim)),
        weights=aligned_zeros(room),
        errors=aligned_zeros(room),
    )


@part
def fetch_half(a, at, half):
    """Ask for a row of a into the second-level cache."""
    for i in range(0, half, ROW):
        prefetch_far(a, at + i)


@part
def find_repeats(words, n, reach, repeats):
    """`sampling.count_repeats`, of words that have `reach` others before them, 8 or more."""
    size, first = (n + FULL - 1) // FULL * FULL, np.uint64(reach)
    for k in range(size):
        i = first + np.uint64(k)
        w, r = words[i], np.int32(0)
        for by in range(1, 9):  # in one go, which the compiler unrolls
            r += w == words[i - np.uint64(by)]
        repeats[k] = r
    for by in range(9, reach + 1):
        before = first - np.uint64(by)
        for k in range(size):
            repeats[k] += words[first + np.uint64(k)] == words[before + np.uint64(k)]


@part
def gather(total, document, d, words, places, first, last, half):
    """The vector of the text and those of `places[first:last]`, added up."""
    for i in range(0, half, WIDTH):
        s, t = load(document, d + i), load(document, d + half + i)
        for q in range(first, last):
            x = load(words, places[q] + i)
            s, t = plus(s, x), plus(t, lower_half(x))
        store(total, i, s)
        store(total, half + i, t)


@part
def predict(out, to, near, total, after, words, around, outputs, four, own, shares, half, n_noise):
    """The logits of two neighbours: with four noise words, and each with its own word.

    `total` is the sum of the first one's words, itself among them; that of the word behind both is
    written from `after` on. `around` is the places of both, and of what comes and goes for each;
    `shares` those of the words in their means.
    """
    x0, x1, in0, out0, in1, out1 = around
    y0, y1, y2, y3 = four
    c0, c1 = own
    s0, s1, s2, s3, s4 = zeros(), zeros(), zeros(), zeros(), zeros()
    t0, t1, t2, t3, t4 = zeros(), zeros(), zeros(), zeros(), zeros()
    for i in range(0, half, WIDTH):
        s, t = load(total, i), load(total, half + i)
        x, y = load(words, x0 + i), load(words, x1 + i)
        a, b = minus(s, x), minus(t, lower_half(x))
        x, z = load(words, in0 + i), load(words, out0 + i)
        s, t = plus(s, minus(x, z)), plus(t, minus(lower_half(x), lower_half(z)))
        c, d = minus(s, y), minus(t, lower_half(y))
        x, z = load(words, in1 + i), load(words, out1 + i)
        store(total, after + i, plus(s, minus(x, z)))
        store(total, after + half + i, plus(t, minus(lower_half(x), lower_half(z))))
        z = load(outputs, y0 + i)
        s0, t0 = fma(a, z, s0), fma(c, z, t0)
        z = lower_half(z)
        s0, t0 = fma(b, z, s0), fma(d, z, t0)
        z = load(outputs, y1 + i)
        s1, t1 = fma(a, z, s1), fma(c, z, t1)
        z = lower_half(z)
        s1, t1 = fma(b, z, s1), fma(d, z, t1)
        z = load(outputs, y2 + i)
        s2, t2 = fma(a, z, s2), fma(c, z, t2)
        z = lower_half(z)
        s2, t2 = fma(b, z, s2), fma(d, z, t2)
        z = load(outputs, y3 + i)
        s3, t3 = fma(a, z, s3), fma(c, z, t3)
        z = lower_half(z)
        s3, t3 = fma(b, z, s3), fma(d, z, t3)
        z, x = load(outputs, c0 + i), load(outputs, c1 + i)
        s4, t4 = fma(a, z, s4), fma(c, x, t4)
        s4, t4 = fma(b, lower_half(z), s4), fma(d, lower_half(x), t4)
    u, v = splat(shares[0]), splat(shares[1])
    store_sums(times(s0, u), times(s1, u), times(s2, u), times(s3, u), out, to)
    store_sums(times(t0, v), times(t1, v), times(t2, v), times(t3, v), out, to + n_noise)
    store_sums(times(s4, u), times(t4, v), zeros(), zeros(), out, near)


@part
def pull(document, d, outputs, rows, weights, first, half):
    """The vector of the text += eight weighted rows."""
    r0, r1, r2, r3 = rows[first], rows[first + 1], rows[first + 2], rows[first + 3]
    r4, r5, r6, r7 = rows[first + 4], rows[first + 5], rows[first + 6], rows[first + 7]
    v0, v1 = splat(weights[first]), splat(weights[first + 1])
    v2, v3 = splat(weights[first + 2]), splat(weights[first + 3])
    v4, v5 = splat(weights[first + 4]), splat(weights[first + 5])
    v6, v7 = splat(weights[first + 6]), splat(weights[first + 7])
    for i in range(0, half, WIDTH):
        s, t = load(document, d + i), load(document, d + half + i)
        z = load(outputs, r0 + i)
        s, t = fma(v0, z, s), fma(v0, lower_half(z), t)
        z = load(outputs, r1 + i)
        s, t = fma(v1, z, s), fma(v1, lower_half(z), t)
        z = load(outputs, r2 + i)
        s, t = fma(v2, z, s), fma(v2, lower_half(z), t)
        z = load(outputs, r3 + i)
        s, t = fma(v3, z, s), fma(v3, lower_half(z), t)
        z = load(outputs, r4 + i)
        s, t = fma(v4, z, s), fma(v4, lower_half(z), t)
        z = load(outputs, r5 + i)
        s, t = fma(v5, z, s), fma(v5, lower_half(z), t)
        z = load(outputs, r6 + i)
        s, t = fma(v6, z, s), fma(v6, lower_half(z), t)
        z = load(outputs, r7 + i)
        s, t = fma(v7, z, s), fma(v7, lower_half(z), t)
        store(document, d + i, s)
        store(document, d + half + i, t)


@part
def take_rows(rows, pool, drawn, places, start, n_noise, half):
    """Where the noise of a block and its own words begin among the outputs."""
    n = PAIRS * n_noise
    for k in range(n):
        rows[k] = np.int64(pool[drawn + k]) * half
    for c in range(BLOCK):
        rows[n + c] = places[start + c]


@part
def weigh(weights, n_noise, alpha, share):
    """Step sizes: of the noise words of each word, negative; then of the words."""
    for k in range(BLOCK * n_noise):
        weights[k] = -alpha * share
    for c in range(BLOCK):
        weights[BLOCK * n_noise + c] = alpha


@part
def collect(errors, rows, n_noise, count):
    """Add up what both words of a pair ask of each noise word; behind that, of the words.

    A noise word does not count against itself, and no word does from `count` on.
    """
    n_own, none = PAIRS * n_noise, np.float32(0)
    for c in range(0, BLOCK, 2):
        one, other = rows[n_own + c], rows[n_own + c + 1]
        for k in range(n_noise):
            at, row = c * n_noise + k, rows[c // 2 * n_noise + k]
            e = errors[at] if row != one and c < count else none
            e += errors[at + n_noise] if row != other and c + 1 < count else none
            errors[c // 2 * n_noise + k] = e
    for c in range(BLOCK):
        errors[n_own + c] = errors[2 * n_own + c] if c < count else none


@part
def share_of(p, b, n):
    """The share of each part in the mean that predicts word `p` of n."""
    return np.float32(1) / np.float32(max(min(p + b + 1, n) - max(p - b, 0), 1))


@part
def predict_block(out, total, words, outputs, rows, places, pool, drawn, block, n_noise, half):
    """All logits of a block; meanwhile the rows of the next one are asked for."""
    first, count, b, n, window = block
    for c in range(0, count, 2):
        p = first + c
        around = (
            *(places[p], places[p + 1], places[p + b + 1], places[p - b]),
            *(places[p + b + 2], places[p - b + 1]),
        )
        own = places[p], places[p + 1]
        shares = share_of(p - window, b, n), share_of(p + 1 - window, b, n)
        for k in range(0, n_noise, 4):
            at = c // 2 * n_noise + k
            four = rows[at], rows[at + 1], rows[at + 2], rows[at + 3]
            # Only the last time the sum moves on: before, it is written where nothing is read.
            after = 0 if k + 4 >= n_noise else 2 * half
            predict(
                *(out, c * n_noise + k, BLOCK * n_noise + c, total, after),
                *(words, around, outputs, four, own, shares, half, n_noise),
            )
            for j in range(drawn + at, drawn + at + 4):
                fetch_half(outputs, pool[j] * half, half)
        for q in range(p + BLOCK, p + BLOCK + 2):
            fetch_half(outputs, places[q], half)
            fetch_half(words, places[q + window], half)


@kernel
def read(ids, keep, model, pool, scratch, states, step, half):
    """Learn the vectors of new texts, once for each rate; returns how many words were kept.

    Args:
        ids: int32, -1 ends a text.
        keep: uint32 `(vocab_size,)`, how often a word is kept, of 2**32.
        model: `paragraph.Model`: of documents, float32 rows of `2 * half`; the others packed rows,
            see `halves`, with one of zeros behind the last.
        pool: int32, noise words; more than a block draws stand there again behind the last.
        scratch: `Scratch`, this thread's own.
        states: uint64, of each text's generator.
        step: `Step`.
        half: `half_width(dim)`.
    """
    documents, vectors, outputs = model.documents, model.words, model.outputs
    words, repeats, places, rows = scratch.words, scratch.repeats, scratch.places, scratch.rows
    total, weights, errors = scratch.total, scratch.weights, scratch.errors
    n_own = rows.size - BLOCK
    n_noise = n_own // PAIRS
    n_pool = pool.size - n_own
    nowhere = vectors.size - half
    zero = np.int64(0)  # a literal 0 would be a type of its own: everything compiled twice
    window = step.window
    for p in range(window):
        places[p] = nowhere
    reach = max(BLOCK, window)
    for p in range(reach):
        words[p] = -1  # no word
    kept, alpha = 0, np.float32(-1)
    for rate in step.rates:
        begin, text = 0, 0
        while begin < ids.size:
            state = np.uint64(states[text])
            n, begin, state = take_text(ids, begin, keep, state, words, reach)
            state = np.uint64(state)  # a Python int, when run uncompiled
            kept += n
            find_repeats(words, n, reach, repeats)
            for p in range(n):
                places[window + p] = np.int64(words[reach + p]) * half
            for p in range(window + n, 2 * (window + BLOCK) + n):
                places[p] = nowhere
            d = text * 2 * half
            state = state * MULTIPLIER + INCREMENT
            drawn = below(state, n_pool)
            stop = 0
            while stop < n:
                start = stop
                state = state * MULTIPLIER + INCREMENT
                b = 1 + below(state, window)
                centres, scale = choose_centres(repeats, start, b, n, step.limit)
                stop = block_end(start, n, centres)
                take_rows(rows, pool, drawn, places, window + start, n_noise, half)
                state = state * MULTIPLIER + INCREMENT
                drawn = below(state, n_pool)
                if rate * scale != alpha:
                    alpha = rate * scale
                    weigh(weights, n_noise, alpha, step.share)
                first = window + start
                gather(total, documents, d, vectors, places, first - b, first + b + 1, half)
                predict_block(
                    *(errors, total, vectors, outputs, rows, places, pool, drawn),
                    *((first, stop - start, b, n, window), n_noise, half),
                )
                weigh_errors(errors, weights, zero, BLOCK * (n_noise + 1))
                collect(errors, rows, n_noise, stop - start)
                for k in range(0, rows.size, 8):
                    pull(documents, d, outputs, rows, errors, k, half)
            states[text] = state
            text += 1
    return kept
