"""CBOW with negative sampling, a block of up to eight centre words at a time.

The mean h of the input vectors x of the words around a centre is to predict the centre's output
vector c and none of the drawn noise words n. With s(z) = 1 / (1 + exp(-z)), a centre asks for

    e          = (1 - s(h.c)) c  -  negative * mean_n s(h.n) n
    outputs[c] += alpha * (1 - s(h.c)) h
    outputs[n] -= alpha * negative / K * s(h.n) h
    inputs[x]  += alpha * e         for each x

The gradient of the mean is e divided by the number of the x: Mikolov's program does without the
division, and so does gensim. With the sum in place of the mean, gensim divides, though the
gradient of the sum is e itself; so it is here: either way, the step is as large as that of h.

Two things differ from Mikolov's program, neither in expectation: the centres of a block share one
window width and one set of K noise words, weighted to count as `negative`; and the errors of a
block are found before any vector is changed. Four centres at a time, the rows of noise and of
their h then move each other, after them those of each centre.

A kept word costs about 2 K + 4 + 2 window products and sums of `dim` numbers. (The window's share
is its two sums of window + 1 rows on average; the rest K + 1 logits and twice as much for steps.)

Source: Mikolov et al. 2013, "Efficient Estimation of Word Representations in Vector Space";
Ji et al. 2016, "Parallelizing Word2Vec in Shared and Distributed Memory" (shared noise words).
"""

from collections import namedtuple

import numpy as np

from inlay.kernels.exchange import dots_four, dots_of_pairs, exchange_four, exchange_pair
from inlay.kernels.logistic import weigh_errors, weigh_losses
from inlay.kernels.rows import (
    aligned_zeros,
    fetch_far,
    lanes_row,
    minus,
    part,
    plus,
    row_width,
    times,
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
    kernel,
    subsample,
    take,
)
from inlay.kernels.wide import WIDTH, fma, load, splat, store, zeros

# Work space, see `make_scratch`.
Scratch = namedtuple(
    "Scratch", "words left right repeats targets ranges sums means steps logits weights"
)


def make_scratch(size, window, n_noise, dim):
    """Work space for pieces of at most `size` words; one for each thread.

    `n_noise` noise words are drawn for each block, a multiple of 2.
    """
    row = row_width(dim)
    return Scratch(
        words=np.zeros(size + PAD, np.int32),
        left=np.zeros(size, np.int32),
        right=np.zeros(size, np.int32),
        repeats=np.zeros(size, np.int32),
        targets=np.zeros(2 * n_noise, np.int32),
        sums=aligned_zeros((BLOCK + 2 * window + 1) * row),
        means=aligned_zeros(BLOCK * row),
        steps=aligned_zeros(BLOCK * row),
        ranges=(
            np.zeros(BLOCK, np.int32),
            np.zeros(BLOCK, np.int32),
            np.zeros(BLOCK, np.float32),
            np.zeros(BLOCK, np.float32),
        ),
        logits=aligned_zeros((n_noise + 1) * BLOCK),
        weights=aligned_zeros((n_noise + 1) * BLOCK),
    )


@part
def find_ranges(left, right, block, mean, firsts, lasts, ups, downs):
    """The words around each of eight centres, and what their sum and its step are multiplied by.

    A centre that stands alone, and one beyond the block, has none, and is multiplied by 0.
    """
    start, stop, b = block
    for j in range(BLOCK):
        c = min(start + j, stop - 1)
        firsts[j], lasts[j] = max(c - b, left[c]), min(c + b + 1, right[c])
        n = lasts[j] - firsts[j] - 1
        ups[j] = downs[j] = 0
        if n > 0 and start + j < stop:
            over = np.float32(1) / np.float32(n)
            ups[j], downs[j] = (over, np.float32(1)) if mean else (np.float32(1), over)


@part
def average(inputs, words, low, high, start, ranges, sums, means, row, lanes):
    """The means, or sums, of the words around each of eight centres.

    What stands in a range is the difference of two sums from `low` on.
    """
    firsts, lasts, ups, _ = ranges
    for at in range(0, len(lanes) * 8, WIDTH):
        total = zeros()
        store(sums, at, total)
        for p in range(low, high):
            total = plus(total, load(inputs, words[p] * row + at))
            store(sums, (p - low + 1) * row + at, total)
    for j in range(BLOCK):
        s0, s1 = (firsts[j] - low) * row, (lasts[j] - low) * row
        own, v = words[start + j] * row, splat(ups[j])
        for at in range(0, len(lanes) * 8, WIDTH):
            total = minus(load(sums, s1 + at), load(sums, s0 + at))
            store(means, j * row + at, times(v, minus(total, load(inputs, own + at))))


@part
def weigh(weights, words, targets, start, ups, n_noise, alpha, share):
    """The step size of each noise word with each of eight centres; then of the centres.

    A noise word that is the centre itself does not count against that centre.
    """
    for j in range(BLOCK):
        size = alpha if ups[j] > 0 else np.float32(0)
        weights[n_noise * BLOCK + j] = size
        for k in range(n_noise):
            weights[k * BLOCK + j] = 0 if targets[k] == words[start + j] else -size * share


@part
def find_logits(logits, means, outputs, words, targets, start, n_noise, row, lanes):
    """The products of eight means with the noise words' vectors, and with their centres'."""
    for j in range(0, BLOCK, 4):
        h = j * row
        four = (h, h + row, h + 2 * row, h + 3 * row)
        for k in range(0, n_noise, 2):
            y0, y1 = targets[k] * row, targets[k + 1] * row
            at = k * BLOCK + j
            dots_four(outputs, y0, y1, means, four, logits, at, at + BLOCK, lanes)
        p = start + j
        y01, y23 = (words[p] * row, words[p + 1] * row), (words[p + 2] * row, words[p + 3] * row)
        dots_of_pairs(means, four, outputs, y01 + y23, logits, n_noise * BLOCK + j, lanes)


@part
def add_steps(inputs, words, left, right, block, around, steps, downs, sums, row, lanes):
    """Add to each word's vector the steps of the centres that it stands around, but its own."""
    start, stop, b = block
    for at in range(0, len(lanes) * 8, WIDTH):
        total = zeros()
        store(sums, at, total)
        for j in range(BLOCK):
            total = fma(splat(downs[j]), load(steps, j * row + at), total)
            store(sums, (j + 1) * row + at, total)
    for p in range(around[0], around[1]):
        x0 = words[p] * row
        first, last = max(p - b, left[p], start), min(p + b + 1, right[p], stop)
        if first < last:
            s0, s1 = (first - start) * row, (last - start) * row
            if start <= p < stop:
                own, v = (p - start) * row, splat(-downs[p - start])
                for at in range(0, len(lanes) * 8, WIDTH):
                    step = minus(load(sums, s1 + at), load(sums, s0 + at))
                    step = fma(v, load(steps, own + at), step)
                    store(inputs, x0 + at, plus(load(inputs, x0 + at), step))
            else:
                for at in range(0, len(lanes) * 8, WIDTH):
                    step = minus(load(sums, s1 + at), load(sums, s0 + at))
                    store(inputs, x0 + at, plus(load(inputs, x0 + at), step))


@kernel
def train(ids, keep, model, noise_table, scratch, step, lanes):
    """Learn from one piece of the corpus; the arguments are those of `skipgram.train`.

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
        How many words were kept of the piece; the summed loss of the centres of every eighth
        block, before they are learned from: -log s(h.c) - negative * mean_n log s(-h.n); and how
        many these are.
    """
    inputs, outputs = model.inputs, model.outputs
    accept, alias = noise_table.accept, noise_table.alias
    words, targets = scratch.words, scratch.targets
    left, right, repeats = scratch.left, scratch.right, scratch.repeats
    means, steps, ranges = scratch.means, scratch.steps, scratch.ranges
    sums, (firsts, lasts, ups, downs) = scratch.sums, ranges
    logits, weights = scratch.logits, scratch.weights
    row = lanes_row(lanes)
    n_noise = targets.size // 2
    size = (n_noise + 1) * BLOCK
    n, state = subsample(ids, keep, step.seed, words, left, right)
    count_repeats(words, n, max(BLOCK, step.window), repeats)
    state = np.uint64(state)  # a Python int, when run uncompiled
    words[n : n + PAD] = 0
    state = np.uint64(draw_noise(accept, alias, state, targets, n_noise, 2 * n_noise))
    number, loss, terms = 0, 0.0, 0
    zero, eight = np.int64(0), np.int64(BLOCK)  # a literal would be a type of its own
    stop = zero
    while stop < n:
        start = stop
        state = state * MULTIPLIER + INCREMENT
        b = 1 + below(state, step.window) if step.shrink else step.window
        centres, scale = choose_centres(repeats, start, b, n, step.limit)
        stop = min(start + centres, n)
        low, high = max(start - b, 0), min(stop + b, n)

        # The noise of the next block is drawn now, so that its rows are on their way.
        take(targets, zero, targets, n_noise, n_noise)
        state = np.uint64(draw_noise(accept, alias, state, targets, n_noise, 2 * n_noise))
        for k in range(n_noise, 2 * n_noise):
            fetch_far(outputs, targets[k] * row, lanes)
        if stop + step.window + BLOCK <= n:
            for p in range(stop, stop + BLOCK):
                fetch_far(outputs, words[p] * row, lanes)
                fetch_far(inputs, words[p + step.window] * row, lanes)

        block = (start, stop, b)
        find_ranges(left, right, block, step.mean, firsts, lasts, ups, downs)
        average(inputs, words, low, high, start, ranges, sums, means, row, lanes)
        alpha = step.alpha * scale
        weigh(weights, words, targets, start, ups, n_noise, alpha, step.share)
        find_logits(logits, means, outputs, words, targets, start, n_noise, row, lanes)
        if number % MEASURED == 0 and alpha > 0:
            losses, centres = weigh_losses(logits, weights, zero, size)
            loss += losses / alpha
            terms += centres
        number += 1
        weigh_errors(logits, weights, zero, size)
        for j in range(0, BLOCK, 4):
            h = j * row
            four = (h, h + row, h + 2 * row, h + 3 * row)
            exchange_four(
                means, four, steps, h, outputs, targets, zero, n_noise, logits, j, eight, lanes
            )
        for j in range(stop - start):
            y0, e = words[start + j] * row, logits[n_noise * BLOCK + j]
            exchange_pair(means, j * row, steps, j * row, outputs, y0, e, lanes)
        around = (low, high)
        add_steps(inputs, words, left, right, block, around, steps, downs, sums, row, lanes)
    return n, loss, terms
