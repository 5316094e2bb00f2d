"""fastText's CBOW with negative sampling, a span of up to sixteen words at a time.

The words around a word c are one bag of rows, their own and those of their n-grams, and its mean
h is to predict c's output vector and none of the drawn noise words n. With s(z) =
1 / (1 + exp(-z)), one step for a span of words is

    outputs[c] += alpha * (1 - s(h.c)) h
    outputs[n] -= alpha * sum over the words of n's group   negative / K * s(h.n) h
    rows of h  += alpha * ((1 - s(h.c)) c  -  negative * mean_n s(h.n) n)

with the last not divided by the number of rows, as in the official program. The words of a span
share one width of the window, those of each group of eight also one set of K noise words, and all
input rows are read before any is changed. So a word's rows are summed up once and changed once in
each span, (16 + 2 b) / 16 times on average, where the official program does so 2 b times.

Source: Bojanowski et al. 2017, "Enriching Word Vectors with Subword Information"; Ji et al. 2016,
"Parallelizing Word2Vec in Shared and Distributed Memory".
"""

from collections import namedtuple

import numpy as np

from inlay.kernels.compiled import njit
from inlay.kernels.lanes import fma, load, splat, store, zeros
from inlay.kernels.logistic import weigh_errors, weigh_losses
from inlay.kernels.rows import FAST, ROW, aligned_zeros, fetch, part, row_width
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
from inlay.kernels.subword_training import (
    MEASURED,
    SLOTS,
    change_outputs,
    choose_block,
    compose,
    find_changes,
    find_logits,
    shrink_shared,
    spread,
)

SPAN = 16  # words a step; a multiple of 8

# Work space, see `make_scratch`.
Scratch = namedtuple(
    "Scratch", "words left right repeats targets counts shrunk sums hidden changes logits weights"
)

kernel = njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")


def make_scratch(size, window, n_noise, dim):
    """Work space for pieces of at most `size` words; one for each thread.

    `n_noise` noise words are drawn for each group of eight words, a multiple of 4.
    """
    height, row = n_noise + BLOCK + 4, row_width(dim)
    return Scratch(
        words=np.zeros(size + PAD, np.int32),
        left=np.zeros(size, np.int32),
        right=np.zeros(size, np.int32),
        repeats=np.zeros(size, np.int32),
        targets=np.zeros(height + n_noise, np.int32),
        counts=np.zeros(SLOTS, np.uint16),
        shrunk=np.zeros(SPAN + 2 * window, np.float32),
        sums=aligned_zeros((SPAN + 2 * window) * row),
        hidden=aligned_zeros(SPAN * row),
        changes=aligned_zeros(SPAN * row),
        logits=aligned_zeros(height * BLOCK),
        weights=aligned_zeros(height * BLOCK),
    )


@part
def add_up(out, out0, a, begin, end, without, factor, row):
    """Row `out0` of out = `factor` times the sum of rows `begin` to `end` of a, but for one."""
    scale = splat(factor)
    for at in range(0, row, 8):
        total = zeros()
        for k in range(begin, end):
            if k != without:
                total = fma(scale, load(a, k * row + at), total)
        store(out, out0 + at, total)


@part
def average(hidden, sums, inputs, words, left, right, parts, block, around, row):
    """The mean of all rows around each word of a block."""
    starts, rows, _ = parts
    start, stop, b = block
    low, high = around
    one = np.float32(1)
    for p in range(low, high):
        w = words[p]
        compose(sums, (p - low) * row, inputs, rows, starts[w], starts[w + 1], one, row)
    for c in range(start, stop):
        first, last, size = max(c - b, left[c]), min(c + b + 1, right[c]), 0
        for p in range(first, last):
            size += starts[words[p] + 1] - starts[words[p]] if p != c else 0
        factor = one / np.float32(max(size, 1))
        add_up(hidden, (c - start) * row, sums, first - low, last - low, c - low, factor, row)


@part
def give_back(inputs, sums, changes, words, left, right, parts, block, around, less, row):
    """Add what each word of a block asks for to all rows around it."""
    starts, rows, _ = parts
    start, stop, b = block
    low, high = around
    shrunk, scale = less
    zero = np.int64(0)  # a literal would be a type of its own
    for p in range(low, high):
        w = words[p]
        first, last = max(start, p - b, left[p]), min(stop, p + b + 1, right[p])
        add_up(sums, zero, changes, first - start, last - start, p - start, scale, row)
        spread(inputs, rows, starts[w], starts[w + 1], sums, zero, shrunk[p - low], row)


@part
def weigh_group(weights, targets, words, left, right, group, step, n_noise):
    """The step size of every pair of a group: `weights` (K + 8, 8).

    The first K rows are the noise words, negative; in the other eight each word stands on the
    diagonal, positive. Zero: no pair, as of a word without others around it.
    """
    start, stop, b = group
    alpha, share = step
    weights[:] = 0
    for c in range(start, stop):
        if min(c + b + 1, right[c]) - max(c - b, left[c]) > 1:
            column = c - start
            weights[(n_noise + column) * BLOCK + column] = alpha
            for k in range(n_noise):
                # A noise word that is the very word to be predicted does not count.
                weights[k * BLOCK + column] = 0 if targets[k] == words[c] else -share


@kernel
def train(ids, keep, model, parts, noise_table, scratch, step, lanes):
    """Learn from one piece of the corpus: see `inlay.kernels.subword_training.train`.

    Returns:
        How many words were kept; and of the words of every eighth group the sum of their losses,
        -log s(h.c) - negative * mean_n log s(-h.n), and their number.
    """
    inputs, outputs = model.inputs, model.outputs
    accept, alias = noise_table.accept, noise_table.alias
    starts, rows, _ = parts
    words, targets, shrunk = scratch.words, scratch.targets, scratch.shrunk
    left, right, repeats = scratch.left, scratch.right, scratch.repeats
    sums, hidden, changes = scratch.sums, scratch.hidden, scratch.changes
    logits, weights = scratch.logits, scratch.weights
    row = (len(lanes) + 1) // 2 * ROW
    height = logits.size // BLOCK
    n_noise = targets.size - height
    none, one = np.int64(0), np.float32(1)
    n, state = subsample(ids, keep, step.seed, words, left, right)
    count_repeats(words, n, max(SPAN, step.window), repeats)
    state = np.uint64(state)  # a Python int, when run uncompiled
    words[n : n + PAD] = 0
    state = np.uint64(draw_noise(accept, alias, state, targets, height, height + n_noise))
    loss, terms, turn = 0.0, 0, 0
    stop = none
    while stop < n:
        start = stop
        state = state * MULTIPLIER + INCREMENT
        b = 1 + below(state, step.window)
        if not step.shrink:
            b = step.window
        centres, scale = choose_block(repeats, start, b, n, step.limit, SPAN)
        stop = min(start + centres, n)
        low, high = max(start - b, left[start]), min(stop + b, right[stop - 1])
        room = max(step.limit / np.float32(2 * b) / scale, one)
        shrink_shared(scratch.counts, shrunk, words, parts, low, high, room)
        block, around = (start, stop, b), (low, high)
        average(hidden, sums, inputs, words, left, right, parts, block, around, row)
        for p in range(high, min(high + SPAN, n)):
            for k in range(starts[words[p]], starts[words[p] + 1]):
                fetch(inputs, rows[k] * row, lanes)

        for begin in range(start, stop, BLOCK):
            end = min(begin + BLOCK, int(stop))
            take(targets, none, targets, height, n_noise)
            take(targets, n_noise, words, begin, height - n_noise)
            state = np.uint64(draw_noise(accept, alias, state, targets, height, height + n_noise))
            for k in range(height, height + n_noise):
                fetch(outputs, targets[k] * row, lanes)
            for p in range(end, min(end + BLOCK, n)):
                fetch(outputs, words[p] * row, lanes)
            less = (step.alpha * scale, step.alpha * step.share * scale)
            weigh_group(weights, targets, words, left, right, (begin, end, b), less, n_noise)
            h, g = hidden[(begin - start) * row :], changes[(begin - start) * row :]
            size = n_noise + BLOCK
            find_logits(logits, outputs, targets, h, n_noise, size, none, row, lanes)
            if turn % MEASURED == 0 and step.alpha > 0:
                total = weigh_losses(logits, weights, none, size * BLOCK)
                loss += total[0] / (step.alpha * scale)
                terms += total[1]
            turn += 1
            weigh_errors(logits, weights, none, height * BLOCK)
            find_changes(g, outputs, targets, logits, n_noise, size, none, row, lanes)
            change_outputs(outputs, targets, h, logits, n_noise, size, none, row, lanes)

        less = (shrunk, one)
        give_back(inputs, sums, changes, words, left, right, parts, block, around, less, row)
    return n, loss, terms
