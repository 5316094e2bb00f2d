"""Skip-gram with negative sampling, a block of up to eight centre words at a time.

A word c and each word x around it are a pair: x's input vector is to predict c's output vector
and none of the drawn noise words n. With s(z) = 1 / (1 + exp(-z)), one step for a block is

    inputs[x]  += alpha * sum over its pairs  ((1 - s(x.c)) c  -  negative * mean_n s(x.n) n)
    outputs[c] += alpha * sum over its pairs   (1 - s(x.c)) x
    outputs[n] -= alpha * sum over all pairs   negative / K * s(x.n) x

Two things differ from Mikolov's program, neither in expectation: the centres of a block share one
window width and one set of K noise words, weighted to count as `negative` each, so that the
product of a word with a noise word is worked out once and not once for each pair; and all
vectors are read before any is changed. Then a block is three small matrix products over a few
rows that stay in the first-level cache, worked in tiles of two rows by four.

Source: Mikolov et al. 2013, "Distributed Representations of Words and Phrases and their
Compositionality", equation 4; Ji et al. 2016, "Parallelizing Word2Vec in Shared and Distributed
Memory" (shared noise words).
"""

from collections import namedtuple

import numpy as np

from inlay.kernels.compiled import njit
from inlay.kernels.logistic import weigh_errors, weigh_losses
from inlay.kernels.rows import (
    FAST,
    add,
    aligned_zeros,
    copy,
    dots,
    fetch,
    lanes_row,
    part,
    row_width,
)
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

# Work space, see `make_scratch`.
Scratch = namedtuple("Scratch", "words left right repeats targets rows logits weights")

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
        rows=aligned_zeros(columns * row_width(dim)),
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
def take_targets(rows, outputs, targets, columns, row, lanes):
    """Copy the output vectors of a block, so that they can be read after they are changed."""
    for k in range(columns):
        copy(rows, k * row, outputs, targets[k] * row, lanes)


@part
def find_logits(logits, inputs, rows, words, block, columns, row, lanes):
    """The product of each position's input vector with the output vectors of its columns."""
    start, _, low, high, b = block
    for p in range(low, high, 2):
        x0, x1 = words[p] * row, words[p + 1] * row
        at = (p - low) * columns
        for begin, end in column_ranges(p, b, start, columns - BLOCK):
            for k in range(begin, end, 4):
                dots(inputs, x0, x1, rows, k * row, logits, at + k, at + columns + k, lanes)


@part
def change_outputs(outputs, targets, inputs, words, errors, block, columns, row, lanes):
    """Add to each output vector its errors times the input vectors of its positions."""
    start, _, low, high, b = block
    for k in range(0, columns, 2):
        c = start + k - (columns - BLOCK)
        begin, end = (low, high) if c < start else (max(c - b, low), min(c + b + 2, high))
        y0, y1 = targets[k] * row, targets[k + 1] * row
        for p in range(begin, end, 4):
            at = (p - low) * columns + k
            x01 = words[p] * row, words[p + 1] * row
            x23 = words[p + 2] * row, words[p + 3] * row
            add(outputs, y0, y1, inputs, x01 + x23, errors, at, at + 1, columns, lanes)


@part
def change_inputs(inputs, words, rows, errors, block, columns, row, lanes):
    """Add to each input vector its errors times the old output vectors of its columns."""
    start, _, low, high, b = block
    near = np.int64(1)  # a literal 1 would be a type of its own: everything compiled twice
    for p in range(low, high, 2):
        x0, x1 = words[p] * row, words[p + 1] * row
        at = (p - low) * columns
        for begin, end in column_ranges(p, b, start, columns - BLOCK):
            for k in range(begin, end, 4):
                four = (k * row, (k + 1) * row, (k + 2) * row, (k + 3) * row)
                add(inputs, x0, x1, rows, four, errors, at + k, at + columns + k, near, lanes)


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
    words, targets, rows = scratch.words, scratch.targets, scratch.rows
    left, right, repeats = scratch.left, scratch.right, scratch.repeats
    logits, weights = scratch.logits, scratch.weights
    row = lanes_row(lanes)
    columns = rows.size // row
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
            fetch(outputs, targets[k] * row, lanes)
        if high + BLOCK <= n:
            for p in range(BLOCK):
                fetch(outputs, words[stop + p] * row, lanes)
                fetch(inputs, words[high + p] * row, lanes)

        area, size = zero, sizes[0]
        whole = low + BLOCK + 2 * b == high and right[low] >= high and stop - start == BLOCK
        if whole and no_noise_is_centre(targets, n_noise):
            area = b * span * columns
        else:
            size = sizes[0] * scale
            weigh(weights, words, left, right, targets, block, (size, size * step.share))
        take_targets(rows, outputs, targets, columns, row, lanes)
        find_logits(logits, inputs, rows, words, block, columns, row, lanes)
        if number % MEASURED == 0 and size > 0:
            sums = weigh_losses(logits, weights, area, (high - low) * columns)
            loss += sums[0] / size
            terms += sums[1]
        number += 1
        weigh_errors(logits, weights, area, (high - low + 4) * columns)
        change_outputs(outputs, targets, inputs, words, logits, block, columns, row, lanes)
        change_inputs(inputs, words, rows, logits, block, columns, row, lanes)
    return n, loss, terms
