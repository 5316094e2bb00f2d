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
Memory" (shared noise words); Vose 1991 (the alias method).
"""

from collections import namedtuple

import numpy as np

from inlay.kernels.compiled import njit
from inlay.kernels.rows import FAST, ROW, add, aligned_zeros, copy, dots, fetch, part, row_width

BLOCK = 8  # centre words a step; a multiple of 4
PAD = BLOCK + 4  # words that a block may read beyond the last one

# The vectors, each flat float32 (vocab_size * row).
Model = namedtuple("Model", "inputs outputs")
# Noise words by the alias method: uint32 and int32 (vocab_size,).
Noise = namedtuple("Noise", "accept alias")
# What a step needs: float32 alpha, int64 window, float32 negative / K, float32 limit above 0 (see
# `choose_centres`), uint64 seed.
Step = namedtuple("Step", "alpha window share limit seed")
# Work space, see `make_scratch`.
Scratch = namedtuple("Scratch", "words left right repeats targets rows logits weights")

kernel = njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")

MULTIPLIER = np.uint64(6364136223846793005)  # Knuth's 64-bit linear congruential generator
INCREMENT = np.uint64(1442695040888963407)
HIGH = np.uint64(32)  # of its bits only the upper half is random enough


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


def make_noise(weights):
    """The alias table that draws word i in proportion to `weights[i]` (not negative, not all 0).

    A slot is drawn evenly; it gives its own number with probability `accept / 2**32`, else its
    alias.
    """
    chance = np.asarray(weights, np.float64)
    chance = chance * (chance.size / chance.sum())
    accept = np.full(chance.size, 2**32 - 1, np.uint32)
    alias = np.arange(chance.size, dtype=np.int32)
    pair_slots(chance, accept, alias)
    return Noise(accept, alias)


@kernel
def pair_slots(chance, accept, alias):
    """Vose's method: each slot below 1 is filled up by a word that has more than 1 left."""
    n = chance.size
    small, large = 0, 0
    while small < n and chance[small] >= 1:
        small += 1
    while large < n and chance[large] < 1:
        large += 1
    slot = small
    while slot < n and large < n:
        accept[slot] = np.uint32(chance[slot] * 4294967295.0)
        alias[slot] = large
        chance[large] -= 1 - chance[slot]
        if chance[large] < 1 and large < small:
            # Passed over already while it was large: it is filled at once.
            slot = large
        else:
            small += 1
            while small < n and chance[small] >= 1:
                small += 1
            slot = small
        while large < n and chance[large] < 1:
            large += 1


@part
def _below(state, n):
    """A whole number under `n`, from the state's upper half."""
    return np.int64(((state >> HIGH) * np.uint64(n)) >> HIGH)


@part
def subsample(ids, keep, state, words, left, right):
    """Copy the words that are kept, and for each the bounds of its sentence.

    Word i stays with probability `(keep[i] + 1) / 2**32`; -1 in `ids` ends a sentence.
    Returns how many stayed, and the generator's state.
    """
    n = 0
    start = 0
    for i in range(ids.size):
        word = ids[i]
        if word < 0:
            left[start:n] = start
            right[start:n] = n
            start = n
        else:
            state = state * MULTIPLIER + INCREMENT
            words[n] = word
            n += (state >> HIGH) <= keep[word]
    left[start:n] = start
    right[start:n] = n
    return n, state


@part
def count_repeats(words, n, reach, repeats):
    """`repeats[i]`: how many of the `reach` words before word i are that word."""
    repeats[:n] = 0
    for by in range(1, reach + 1):
        for i in range(by, n):
            repeats[i] += words[i] == words[i - by]


@part
def choose_centres(repeats, start, b, n, limit):
    """How many centres the block from `start` takes, and what to multiply its step sizes by.

    A block adds up what its pairs ask of a vector, all from the same starting point. Where a
    word stands r times ("- - - -"), c centres ask up to r c times as much of it as a pair does,
    and a sum that goes far beyond the goal makes vectors grow without bound. So r c <= `limit`,
    and where even one centre is too much, its steps are smaller. Fewer centres cost as much
    time as eight.
    """
    most = 1
    for p in range(max(start - b, 0), min(start + BLOCK + b, n)):
        most = max(most, repeats[p] + 1)
    room = min(limit / np.float32(most), np.float32(BLOCK))
    return max(1, int(room)), min(np.float32(1), room)


@part
def draw_noise(accept, alias, state, words, start, stop):
    """Fill `words[start:stop]` with noise words; returns the generator's state."""
    for k in range(start, stop):
        state = state * MULTIPLIER + INCREMENT
        slot = _below(state, accept.size)
        state = state * MULTIPLIER + INCREMENT
        other = alias[slot]
        words[k] = slot if (state >> HIGH) < accept[slot] else other
    return state


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
def weigh_errors(logits, weights, at, size):
    """Each logit z of a pair of weight w becomes w (1 - s(z)), or -|w| s(z) for noise.

    s(z) = 1/2 + tanh(z / 2) / 2. The rational function for tanh (z / 2) was fitted by weighted
    least squares; it is exact to 9e-6, and it vectorises. Mikolov's table is exact to 3e-3.
    """
    for i in range(size):
        z = min(max(logits[i], np.float32(-12.5)), np.float32(12.5))
        y = z * z
        p = y * np.float32(4.57509906e-05) + np.float32(1.42454455e-02)
        p = y * p + np.float32(4.99981316e-01)
        q = y * np.float32(8.31688366e-07) + np.float32(1.08114339e-03)
        q = y * q + np.float32(1.11795230e-01)
        q = y * q + np.float32(1)
        half = weights[at + i] * np.float32(0.5)
        logits[i] = half - abs(half) * (z * p / q)


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
    """Learn from one piece of the corpus; returns how many words were kept of it.

    Args:
        ids: int32, words below `vocab_size`; -1 ends a sentence. At most as many words as the
            scratch was made for.
        keep: uint32 `(vocab_size,)`, how often a word is kept, of 2**32.
        model: `Model`, changed in place, also by other threads at the same time.
        noise_table: `Noise`.
        scratch: `Scratch`, this thread's own.
        step: `Step`. The result depends on its seed and on no other source of chance.
        lanes: `row_lanes(dim)`.
    """
    inputs, outputs = model.inputs, model.outputs
    accept, alias = noise_table.accept, noise_table.alias
    words, targets, rows = scratch.words, scratch.targets, scratch.rows
    left, right, repeats = scratch.left, scratch.right, scratch.repeats
    logits, weights = scratch.logits, scratch.weights
    row = (len(lanes) + 1) // 2 * ROW
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
    stop = 0
    while stop < n:
        start = stop
        state = state * MULTIPLIER + INCREMENT
        b = 1 + _below(state, step.window)
        centres, scale = choose_centres(repeats, start, b, n, step.limit)
        stop = min(start + centres, n)
        low, high = max(start - b, 0), min(stop + b, n)

        block = (start, stop, low, high, b)

        # The noise of the next block is drawn now, so that its rows are on their way.
        targets[:n_noise] = targets[columns:]
        targets[n_noise:columns] = words[start : start + BLOCK]
        state = np.uint64(draw_noise(accept, alias, state, targets, columns, columns + n_noise))
        for k in range(columns, columns + n_noise):
            fetch(outputs, targets[k] * row, lanes)
        if high + BLOCK <= n:
            for p in range(BLOCK):
                fetch(outputs, words[stop + p] * row, lanes)
                fetch(inputs, words[high + p] * row, lanes)

        area = 0
        whole = low + BLOCK + 2 * b == high and right[low] >= high and stop - start == BLOCK
        if whole and no_noise_is_centre(targets, n_noise):
            area = b * span * columns
        else:
            less = (sizes[0] * scale, sizes[1] * scale)
            weigh(weights, words, left, right, targets, block, less)
        take_targets(rows, outputs, targets, columns, row, lanes)
        find_logits(logits, inputs, rows, words, block, columns, row, lanes)
        weigh_errors(logits, weights, area, (high - low + 4) * columns)
        change_outputs(outputs, targets, inputs, words, logits, block, columns, row, lanes)
        change_inputs(inputs, words, rows, logits, block, columns, row, lanes)
    return n
