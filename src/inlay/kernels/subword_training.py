"""fastText's skip-gram with negative sampling, a block of up to eight centre words at a time.

A word is the mean of its rows, h = (1/R) sum of r: its own row and those of its n-grams. It is to
predict the output vector of each word c around it, and none of the drawn noise words n. With
s(z) = 1 / (1 + exp(-z)), one step for a block of words is

    outputs[c] += alpha * sum over its pairs   (1 - s(h.c)) h
    outputs[n] -= alpha * sum over all pairs   negative / K * s(h.n) h
    rows of h  += alpha * sum over h's pairs   ((1 - s(h.c)) c  -  negative * mean_n s(h.n) n)

The last is not divided by R, as it is not in the official program: then h itself moves as far as
a word without n-grams does. As in `inlay.kernels.skipgram` the words of a block share one width
of the window and one set of K noise words, and all vectors are read before any is changed. So
the vector of a word is made of its rows once, not once for each pair, and what all its pairs ask
for is added to its rows once: a word of 19 rows with six pairs costs 38 rows of memory traffic
instead of 228.

For D numbers to a vector, R rows to a word, a width b and K noise words, a word takes about
2 D (2 R + 3 (K + 2 b + 4)) floating-point operations, and moves 4 D (3 R + 3 (K + 2 b + 8) / 8)
bytes: 14,000 and 26,000 for 100 numbers, 19 rows, b = 3 and K = 8. Most of the bytes are those of
rows, which are asked for a block ahead.

Source: Bojanowski et al. 2017, "Enriching Word Vectors with Subword Information", sections 3.1
and 3.2; Ji et al. 2016, "Parallelizing Word2Vec in Shared and Distributed Memory".
"""

from collections import namedtuple

import numpy as np

from inlay.kernels.compiled import njit
from inlay.kernels.lanes import fma, load, splat, store, zeros
from inlay.kernels.logistic import weigh_errors, weigh_losses
from inlay.kernels.rows import FAST, ROW, add, add_two, aligned_zeros, dots, fetch, part, row_width
from inlay.kernels.sampling import (
    BLOCK,
    INCREMENT,
    MULTIPLIER,
    PAD,
    below,
    count_repeats,
    draw_noise,
    subsample,
    take,
)

# Of what rows words are made: int64 starts (vocab_size + 1,) and int32 rows, as
# `inlay.kernels.subword_rows` lists them; float32 shares (vocab_size,), one over their number.
Parts = namedtuple("Parts", "starts rows shares")
# Work space, see `make_scratch`.
Scratch = namedtuple(
    "Scratch", "words left right repeats targets counts shrunk hidden changes logits weights"
)

SLOTS = 4096  # for counting rows, a power of 2; two rows in one slot make steps a little smaller
MEASURED = 8  # of so many blocks the loss of one is measured

kernel = njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")


def make_scratch(size, window, n_noise, dim):
    """Work space for pieces of at most `size` words; one for each thread.

    `n_noise` noise words are drawn for each block, a multiple of 4.
    """
    height = n_noise + BLOCK + 2 * window + 4
    return Scratch(
        words=np.zeros(size + window + PAD, np.int32),
        left=np.zeros(size, np.int32),
        right=np.zeros(size, np.int32),
        repeats=np.zeros(size, np.int32),
        targets=np.zeros(height + n_noise, np.int32),
        counts=np.zeros(SLOTS, np.uint16),
        shrunk=np.zeros(BLOCK, np.float32),
        hidden=aligned_zeros(BLOCK * row_width(dim)),
        changes=aligned_zeros(BLOCK * row_width(dim)),
        logits=aligned_zeros(height * BLOCK),
        weights=aligned_zeros((window + 1) * height * BLOCK),
    )


@part
def compose(out, out0, inputs, rows, begin, end, share, row):
    """Row `out0` of out = `share` times the sum of the rows `rows[begin:end]`.

    A strip of four registers at a time is summed over all rows, so that many rows are on their
    way from memory at once.
    """
    factor = splat(share)
    at = 0
    while at + 32 <= row:
        a, b, c, d = zeros(), zeros(), zeros(), zeros()
        for k in range(begin, end):
            r = rows[k] * row + at
            a, b = fma(factor, load(inputs, r), a), fma(factor, load(inputs, r + 8), b)
            c, d = fma(factor, load(inputs, r + 16), c), fma(factor, load(inputs, r + 24), d)
        store(out, out0 + at, a)
        store(out, out0 + at + 8, b)
        store(out, out0 + at + 16, c)
        store(out, out0 + at + 24, d)
        at += 32
    if at < row:
        a, b = zeros(), zeros()
        for k in range(begin, end):
            r = rows[k] * row + at
            a, b = fma(factor, load(inputs, r), a), fma(factor, load(inputs, r + 8), b)
        store(out, out0 + at, a)
        store(out, out0 + at + 8, b)


@part
def spread(inputs, rows, begin, end, changes, c0, scale, row):
    """Add `scale` times row `c0` of changes to each of the rows `rows[begin:end]`."""
    factor = splat(scale)
    at = 0
    while at + 32 <= row:
        a, b = load(changes, c0 + at), load(changes, c0 + at + 8)
        c, d = load(changes, c0 + at + 16), load(changes, c0 + at + 24)
        for k in range(begin, end):
            r = rows[k] * row + at
            store(inputs, r, fma(factor, a, load(inputs, r)))
            store(inputs, r + 8, fma(factor, b, load(inputs, r + 8)))
            store(inputs, r + 16, fma(factor, c, load(inputs, r + 16)))
            store(inputs, r + 24, fma(factor, d, load(inputs, r + 24)))
        at += 32
    if at < row:
        a, b = load(changes, c0 + at), load(changes, c0 + at + 8)
        for k in range(begin, end):
            r = rows[k] * row + at
            store(inputs, r, fma(factor, a, load(inputs, r)))
            store(inputs, r + 8, fma(factor, b, load(inputs, r + 8)))


@part
def choose_block(repeats, start, b, n, limit, size):
    """How many of `size` words the block from `start` takes, and what to multiply its steps by.

    A block adds up what its pairs ask of a vector, all from the same starting point. Where a
    word stands r times ("- - - -"), c words ask up to r c times as much of an output vector as a
    pair does, and of a word's own rows up to 2 b r times as much. Neither may go beyond `limit`,
    or vectors grow without bound: so r c <= `limit`, and steps are smaller where 2 b r is more.
    """
    most = 1
    for p in range(max(start - b, 0), min(start + size + b, n)):
        most = max(most, repeats[p] + 1)
    room = limit / np.float32(most)
    scale = min(np.float32(1), room / np.float32(2 * b))
    return max(1, int(min(room, np.float32(size)))), scale


@part
def shrink_shared(counts, shrunk, words, parts, start, stop, room):
    """What to multiply the step of each word's rows by, where the block's words share rows.

    Words of the same rows are moved by each other's steps as by their own, and a word with an
    n-gram twice moves itself twice as far. On average over its rows, a word is moved m times,
    and only m <= `room` leaves vectors bounded: beyond, its steps are multiplied by room / m.
    """
    starts, rows, shares = parts
    counts[:] = 0
    for c in range(start, stop):
        for k in range(starts[words[c]], starts[words[c] + 1]):
            counts[rows[k] & (SLOTS - 1)] += 1
    for c in range(start, stop):
        times = 0
        for k in range(starts[words[c]], starts[words[c] + 1]):
            times += counts[rows[k] & (SLOTS - 1)]
        shrunk[c - start] = min(np.float32(1), room / (np.float32(times) * shares[words[c]]))


@part
def weigh(weights, words, left, right, targets, block, step, n_noise):
    """The step size of every pair of a block: `weights` (K + positions, 8).

    The first K rows are the noise words, negative, for each of the eight centres as often as it
    has pairs; then the words from `start - b` on, positive. Zero: no pair.
    """
    start, stop, b = block
    alpha, share = step
    base = start - b
    weights[: (n_noise + stop + b - base + 4) * BLOCK] = 0
    for c in range(start, stop):
        first, last = max(c - b, left[c]), min(c + b + 1, right[c])
        column = c - start
        for p in range(first, last):
            weights[(n_noise + p - base) * BLOCK + column] = alpha
        weights[(n_noise + c - base) * BLOCK + column] = 0
        for k in range(n_noise):
            n = 0
            for p in range(first, last):
                # A noise word that is the very word to be predicted does not count.
                n += p != c and targets[k] != words[p]
            weights[k * BLOCK + column] = -n * share


@part
def weigh_whole(weights, at, b, n_noise, step):
    """`weigh` for a block in the middle of a sentence, where the width alone decides."""
    alpha, share = step
    for i in range(n_noise * BLOCK):
        weights[at + i] = -2 * b * share
    at += n_noise * BLOCK
    for p in range(BLOCK + 2 * b):
        for c in range(BLOCK):
            weights[at + c] = alpha if p - b != c and abs(p - b - c) <= b else 0
        at += BLOCK
    weights[at : at + 4 * BLOCK] = 0


@part
def no_noise_is_target(targets, n_noise, size):
    """Whether the noise words and the words around have none in common."""
    same = False
    for k in range(n_noise):
        for p in range(n_noise, size):
            same |= targets[k] == targets[p]
    return not same


@part
def groups_of(p, n_noise, b):
    """Which of the block's words targets p and p + 1 are paired with, in groups of four.

    Counted from `start - b`, a position is near the first four words up to 3 + 2 b, and near the
    last four from 4 on.
    """
    near = p - n_noise
    return 4 if near > 3 + 2 * b else 0, 4 if 0 <= near < 3 else 8


@part
def find_logits(logits, outputs, targets, hidden, n_noise, size, b, row, lanes):
    """The product of each target's output vector with the block's words that it is paired with."""
    for p in range(0, size, 2):
        y0, y1 = targets[p] * row, targets[p + 1] * row
        begin, end = groups_of(p, n_noise, b)
        for c in range(begin, end, 4):
            at = p * BLOCK + c
            dots(outputs, y0, y1, hidden, c * row, logits, at, at + BLOCK, lanes)


@part
def find_changes(changes, outputs, targets, errors, n_noise, size, b, row, lanes):
    """For each of the eight words the sum of its targets' output vectors times the errors."""
    changes[: BLOCK * row] = 0
    far = np.int64(BLOCK)
    for c in range(0, BLOCK, 2):
        c0, c1 = c * row, (c + 1) * row
        for begin, end in ((0, n_noise), (n_noise + c, min(n_noise + c + 2 * b + 2, size))):
            for p in range(begin, end, 4):
                y01 = targets[p] * row, targets[p + 1] * row
                y23 = targets[p + 2] * row, targets[p + 3] * row
                w = p * BLOCK + c
                add_two(changes, c0, c1, outputs, y01 + y23, errors, w, w + 1, far, lanes)


@part
def change_outputs(outputs, targets, hidden, errors, n_noise, size, b, row, lanes):
    """Add to each target's output vector its errors times the vectors of the block's words."""
    near = np.int64(1)  # a literal 1 would be a type of its own: everything compiled twice
    for p in range(0, size, 2):
        y0, y1 = targets[p] * row, targets[p + 1] * row
        begin, end = groups_of(p, n_noise, b)
        for c in range(begin, end, 4):
            four = (c * row, (c + 1) * row, (c + 2) * row, (c + 3) * row)
            at = p * BLOCK + c
            add(outputs, y0, y1, hidden, four, errors, at, at + BLOCK, near, lanes)


@kernel
def train(ids, keep, model, parts, noise_table, scratch, step, lanes):
    """Learn from one piece of the corpus.

    Args:
        ids: int32, words below `vocab_size`; -1 ends a sentence. At most as many words as the
            scratch was made for.
        keep: uint32 `(vocab_size,)`, how often a word is kept, of 2**32.
        model: `inlay.kernels.sampling.Model`, of rows and of words, changed in place, also by
            other threads at the same time.
        parts: `Parts`.
        noise_table: `inlay.kernels.sampling.Noise`.
        scratch: `Scratch`, this thread's own.
        step: `inlay.kernels.sampling.Step`; `mean` is not looked at. The result depends on its
            seed and on no other source of chance.
        lanes: `row_lanes(dim)`.

    Returns:
        How many words were kept; and of the pairs of every eighth block the sum of their losses,
        -log s(h.c) - negative * mean_n log s(-h.n), and their number.
    """
    inputs, outputs = model.inputs, model.outputs
    accept, alias = noise_table.accept, noise_table.alias
    starts, rows, shares = parts.starts, parts.rows, parts.shares
    words, targets = scratch.words, scratch.targets
    left, right, repeats = scratch.left, scratch.right, scratch.repeats
    hidden, changes, shrunk = scratch.hidden, scratch.changes, scratch.shrunk
    logits, weights = scratch.logits, scratch.weights
    row = (len(lanes) + 1) // 2 * ROW
    height = logits.size // BLOCK
    n_noise = targets.size - height
    sizes = (step.alpha, step.alpha * step.share)
    for b in range(1, step.window + 1):
        weigh_whole(weights, b * height * BLOCK, b, n_noise, sizes)
    n, state = subsample(ids, keep, step.seed, words, left, right)
    count_repeats(words, n, max(BLOCK, step.window), repeats)
    state = np.uint64(state)  # a Python int, when run uncompiled
    words[n : n + step.window + PAD] = 0
    state = np.uint64(draw_noise(accept, alias, state, targets, height, height + n_noise))
    loss, terms, turn = 0.0, 0, 0
    zero = np.int64(0)  # a literal 0 would be a type of its own: everything compiled twice
    stop = zero
    while stop < n:
        start = stop
        state = state * MULTIPLIER + INCREMENT
        b = 1 + below(state, step.window)
        if not step.shrink:
            b = step.window
        centres, scale = choose_block(repeats, start, b, n, step.limit, BLOCK)
        stop = min(start + centres, n)
        room = max(step.limit / np.float32(2 * b) / scale, np.float32(1))
        shrink_shared(scratch.counts, shrunk, words, parts, start, stop, room)
        block = (start, stop, b)
        size = n_noise + stop - start + 2 * b

        # Positions are counted from `start - b` on, also where the piece begins or ends later:
        # there stands another word, of weight 0.
        take(targets, zero, targets, height, n_noise)
        for i in range(size + 4 - n_noise):
            targets[n_noise + i] = words[max(start - b + i, 0)]
        # The noise of the next block is drawn now, so that its rows are on their way.
        state = np.uint64(draw_noise(accept, alias, state, targets, height, height + n_noise))
        for k in range(height, height + n_noise):
            fetch(outputs, targets[k] * row, lanes)
        for c in range(start, stop):
            w = words[c]
            compose(
                hidden, (c - start) * row, inputs, rows, starts[w], starts[w + 1], shares[w], row
            )
        for c in range(stop, min(stop + BLOCK, n)):
            w = words[c]
            for k in range(starts[w], starts[w + 1]):
                fetch(inputs, rows[k] * row, lanes)
        for p in range(stop + b, min(stop + b + BLOCK, n)):
            fetch(outputs, words[p] * row, lanes)

        area = zero
        whole = stop - start == BLOCK and scale >= 1 and start >= b
        whole = whole and left[start] <= start - b and right[start] >= stop + b
        if whole and no_noise_is_target(targets, n_noise, size):
            area = b * height * BLOCK
        else:
            less = (sizes[0] * scale, sizes[1] * scale)
            weigh(weights, words, left, right, targets, block, less, n_noise)
        find_logits(logits, outputs, targets, hidden, n_noise, size, b, row, lanes)
        if turn % MEASURED == 0 and step.alpha > 0:
            sums = weigh_losses(logits, weights, area, size * BLOCK)
            loss += sums[0] / (step.alpha * scale)
            terms += sums[1]
        turn += 1
        weigh_errors(logits, weights, area, (size + 4) * BLOCK)
        find_changes(changes, outputs, targets, logits, n_noise, size, b, row, lanes)
        change_outputs(outputs, targets, hidden, logits, n_noise, size, b, row, lanes)
        for c in range(start, stop):
            w = words[c]
            spread(
                inputs,
                rows,
                starts[w],
                starts[w + 1],
                changes,
                (c - start) * row,
                shrunk[c - start],
                row,
            )
    return n, loss, terms


@kernel
def compose_words(inputs, parts, row, out):
    """The vectors of all words.

    Args:
        inputs: Of the model.
        parts: `Parts`.
        row: `row_width(dim)`.
        out: float32 `(vocab_size * row,)`, written.
    """
    starts, rows, shares = parts.starts, parts.rows, parts.shares
    for w in range(shares.size):
        compose(out, w * row, inputs, rows, starts[w], starts[w + 1], shares[w], row)
