"""Skip-gram with negative sampling, a block of up to eight centre words at a time.

A word c and each word x around it are a pair: x's input vector is to predict c's output vector
and none of the drawn noise words n. With s(z) = 1 / (1 + exp(-z)), one step for a block is

    inputs[x]  += alpha * sum over its pairs  ((1 - s(x.c)) c  -  negative * mean_n s(x.n) n)
    outputs[c] += alpha * sum over its pairs   (1 - s(x.c)) x
    outputs[n] -= alpha * sum over all pairs   negative / K * s(x.n) x

Two things differ from Mikolov's program, neither in expectation: the centres of a block share one
window width and one set of K noise words, weighted to count as `negative` each, so that the
product of a word with a noise word is worked out once and not once for each pair; and the errors
of a block are found before any vector is changed. Then four words around and the output vectors of
their columns move each other. A block is three small matrix products over a few rows that stay in
the first-level cache.

Source: Mikolov et al. 2013, "Distributed Representations of Words and Phrases and their
Compositionality", equation 4; Ji et al. 2016, "Parallelizing Word2Vec in Shared and Distributed
Memory" (shared noise words).
"""

from collections import namedtuple

import numpy as np

from inlay.kernels.compiled import njit
from inlay.kernels.exchange import dots_four, exchange_row
from inlay.kernels.logistic import weigh_errors, weigh_losses
from inlay.kernels.rows import FAST, aligned_zeros, fetch_far, lanes_row, part, plus
from inlay.kernels.sampling import (
    BLOCK,
    INCREMENT,
    MEASURED,
    MULTIPLIER,
    PAD,
    below,
    choose_centres,
    count_repeats,
    draw_noise,
    subsample,
    take,
)
from inlay.kernels.wide import WIDTH, load, store, zeros

# Work space, see `make_scratch`.
Scratch = namedtuple("Scratch", "words left right repeats targets logits weights")

kernel = njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")


def make_scratch(size, window, n_noise, dim):
    """Work space for pieces of at most `size` words; one for each thread.

    `n_noise` noise words are drawn for each block, a multiple of 4.
    """
    span = BLOCK + 2 * window + 4
    columns = n_noise + BLOCK
    return Scratch(
        words=np.zeros(size + PAD, np.int32),
        left=np.zeros(size, np.int32),
        right=np.zeros(size, np.int32),
        repeats=np.zeros(size, np.int32),
        logits=aligned_zeros(span * columns),
        weights=aligned_zeros((window + 1) * span * columns),
        targets=np.zeros(columns + n_noise, np.int32),
    )


@part
def weigh(weights, words, left, right, targets, block, step):
    """The step size of every pair of a block: `weights` (positions, K + 8).

    Row p is the word at `low + p`. Its first K columns are the noise words, negative, once for
    each centre that p belongs to; then the eight centres, positive. Zero: no pair.
    """
    start, stop, low, high, b = block
    alpha, share = step
    columns = (targets.size + BLOCK) // 2
    n_noise = columns - BLOCK
    weights[: (high - low + 4) * columns] = 0
    for p in range(low, high):
        first = max(p - b, left[p], start)
        last = min(p + b + 1, right[p], stop)
        n = last - first
        row = (p - low) * columns
        centres = row + n_noise - start
        for c in range(first, last):
            weights[centres + c] = alpha
        if start <= p < stop:
            weights[centres + p] = 0
            n -= 1
        if n > 0:
            for k in range(row, row + n_noise):
                weights[k] = -n * share
    # A noise word that is the centre itself does not count against that centre.
    for c in range(start, stop):
        for k in range(n_noise):
            if targets[k] == words[c]:
                for p in range(max(c - b, left[c]), min(c + b + 1, right[c])):
                    if p != c:
                        weights[(p - low) * columns + k] += share


@part
def weigh_whole(weights, at, b, n_noise, step):
    """`weigh` for a block in the middle of a sentence, where the width alone decides."""
    alpha, share = step
    for p in range(BLOCK + 2 * b):
        n = 0
        for c in range(BLOCK):
            pair = p - b != c and abs(p - b - c) <= b
            weights[at + n_noise + c] = alpha if pair else 0
            n += pair
        for k in range(n_noise):
            weights[at + k] = -n * share
        at += n_noise + BLOCK
    weights[at : at + 4 * (n_noise + BLOCK)] = 0


@part
def no_noise_is_centre(targets, n_noise):
    """Whether the noise words and the centres have no word in common."""
    same = False
    for k in range(n_noise):
        for c in range(n_noise, n_noise + BLOCK):
            same |= targets[k] == targets[c]
    return not same


@part
def column_ranges(p, b, start, n_noise):
    """The columns that positions p and p + 1 need, in whole groups of four: noise, centres."""
    first = max(p - b - start, 0)
    size = (min(p + b + 2 - start, BLOCK) - first + 3) & -4
    first = n_noise + min(first, BLOCK - size)
    return (0, n_noise), (first, first + size)


@part
def find_logits(logits, inputs, outputs, targets, words, n, block, columns, row, lanes):
    """The product of each position's input vector with the output vectors of its columns.

    Meanwhile those of the next block are asked for, a few at a time: a processor can wait for
    few of them at once.
    """
    start, stop, low, high, b = block
    for p in range(low, high, 2):
        x0, x1 = words[p] * row, words[p + 1] * row
        at = (p - low) * columns
        for q in range(p - low, min(p - low + 2, BLOCK, n - high)):
            fetch_far(outputs, words[stop + q] * row, lanes)
            fetch_far(inputs, words[high + q] * row, lanes)
        for begin, end in column_ranges(p, b, start, columns - BLOCK):
            for k in range(begin, end, 4):
                y01 = targets[k] * row, targets[k + 1] * row
                y23 = targets[k + 2] * row, targets[k + 3] * row
                dots_four(
                    inputs, x0, x1, outputs, y01 + y23, logits, at + k, at + columns + k, lanes
                )


@part
def exchange(inputs, words, outputs, targets, errors, block, columns, row, lanes):
    """Four positions at a time, move them and the output vectors of their columns by each other."""
    start, _, low, high, b = block
    n_noise = columns - BLOCK
    for p in range(low, high, 4):
        x0, x1 = words[p] * row, words[p + 1] * row
        x2, x3 = words[p + 2] * row, words[p + 3] * row
        first = n_noise + max(p - b - start, 0)
        last = columns - max(start + BLOCK - (p + 4 + b), 0)
        at = (p - low) * columns
        for c in range(0, len(lanes) * 8, WIDTH):
            u01 = load(inputs, x0 + c), load(inputs, x1 + c)
            u = *u01, load(inputs, x2 + c), load(inputs, x3 + c)
            s = zeros(), zeros(), zeros(), zeros()
            for k in range(n_noise):
                s = exchange_row(outputs, targets[k] * row + c, errors, at + k, columns, u, s)
            for k in range(first, last):
                s = exchange_row(outputs, targets[k] * row + c, errors, at + k, columns, u, s)
            store(inputs, x0 + c, plus(load(inputs, x0 + c), s[0]))
            store(inputs, x1 + c, plus(load(inputs, x1 + c), s[1]))
            store(inputs, x2 + c, plus(load(inputs, x2 + c), s[2]))
            store(inputs, x3 + c, plus(load(inputs, x3 + c), s[3]))


@kernel
def train(ids, keep, model, noise_table, scratch, step, lanes):
    """Learn from one piece of the corpus.

    Args:
        ids: int32, words below `vocab_size`; -1 ends a sentence. At most as many words as the
            scratch was made for.
        keep: uint32 `(vocab_size,)`, how often a word is kept, of 2**32.
        model: `Model`, changed in place, also by other threads at the same time.
        noise_table: `Noise`.
        scratch: `Scratch`, this thread's own.
        step: `Step`. The result depends on its seed and on no other source of chance.
        lanes: `row_lanes(dim)`.

    Returns:
        How many words were kept of the piece; the summed loss of the pairs of every eighth
        block, before they are learned from: -log s(x.c) - negative * mean_n log s(-x.n); and how
        many pairs these are.
    """
    inputs, outputs = model.inputs, model.outputs
    accept, alias = noise_table.accept, noise_table.alias
    words, targets = scratch.words, scratch.targets
    left, right, repeats = scratch.left, scratch.right, scratch.repeats
    logits, weights = scratch.logits, scratch.weights
    row = lanes_row(lanes)
    columns = (targets.size + BLOCK) // 2
    n_noise = columns - BLOCK
    sizes = (step.alpha, step.alpha * step.share)
    span = weights.size // ((step.window + 1) * columns)
    for b in range(1, step.window + 1):
        weigh_whole(weights, b * span * columns, b, n_noise, sizes)
    n, state = subsample(ids, keep, step.seed, words, left, right)
    count_repeats(words, n, max(BLOCK, step.window), repeats)
    state = np.uint64(state)  # a Python int, when run uncompiled
    words[n : n + PAD] = 0
    state = np.uint64(draw_noise(accept, alias, state, targets, columns, columns + n_noise))
    number, loss, terms = 0, 0.0, 0
    zero = np.int64(0)  # a literal 0 would be a type of its own: everything compiled twice
    stop = zero
    while stop < n:
        start = stop
        state = state * MULTIPLIER + INCREMENT
        b = 1 + below(state, step.window) if step.shrink else step.window
        centres, scale = choose_centres(repeats, start, b, n, step.limit)
        stop = min(start + centres, n)
        low, high = max(start - b, 0), min(stop + b, n)

        block = (start, stop, low, high, b)

        # The noise of the next block is drawn now, so that its rows are on their way.
        take(targets, zero, targets, columns, n_noise)
        take(targets, n_noise, words, start, np.int64(BLOCK))
        state = np.uint64(draw_noise(accept, alias, state, targets, columns, columns + n_noise))
        for k in range(columns, columns + n_noise):
            fetch_far(outputs, targets[k] * row, lanes)

        area, size = zero, sizes[0]
        whole = low + BLOCK + 2 * b == high and right[low] >= high and stop - start == BLOCK
        if whole and no_noise_is_centre(targets, n_noise):
            area = b * span * columns
        else:
            size = sizes[0] * scale
            weigh(weights, words, left, right, targets, block, (size, size * step.share))
        find_logits(logits, inputs, outputs, targets, words, n, block, columns, row, lanes)
        if number % MEASURED == 0 and size > 0:
            sums = weigh_losses(logits, weights, area, (high - low) * columns)
            loss += sums[0] / size
            terms += sums[1]
        number += 1
        weigh_errors(logits, weights, area, (high - low + 4) * columns)
        exchange(inputs, words, outputs, targets, logits, block, columns, row, lanes)
    return n, loss, terms
