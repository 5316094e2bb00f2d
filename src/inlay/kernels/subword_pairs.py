"""fastText with negative sampling as the official program does it: with noise for each pair.

With skip-gram, the mean h of a word's rows, its own and those of its n-grams, is to predict each
word c around it, and none of `negative` noise words n, which are drawn for this pair. With CBOW,
it is the mean of all rows around a word that predicts the word, against noise drawn for it. See
`inlay.kernels.pairs` for the step of h and its targets, one pair after the other. Each of the rows
is moved as far as h is, not divided by their number.

The rows of a word are summed up once for all its pairs of skip-gram, and moved once by all that
these ask for: h itself has moved on meanwhile, as it would have with the rows.

What differs from the program: s is no table, the noise words are drawn by the alias method, and a
word that has an n-gram twice is moved no further than others by skip-gram, nor beyond all bounds
by CBOW, where the words around share many.

Source: Bojanowski et al. 2017, "Enriching Word Vectors with Subword Information", sections 3.1
and 3.2.
"""

from collections import namedtuple

import numpy as np

from inlay.kernels.exchange import add_row, clear
from inlay.kernels.pairs import draw_pairs, learn_pair
from inlay.kernels.rows import aligned_zeros, fetch, lanes_row, row_width
from inlay.kernels.sampling import INCREMENT, MEASURED, MULTIPLIER, below, kernel, subsample
from inlay.kernels.subword_cbow import average, give_back
from inlay.kernels.subword_training import SLOTS, compose, shrink_shared, spread

# Work space, see `make_scratch`.
Scratch = namedtuple(
    "Scratch",
    "words left right counts shrunk sums hidden total change weights errors targets sizes",
)


def make_scratch(size, window, negative, dim):
    """Work space for pieces of at most `size` words; one for each thread."""
    row = row_width(dim)
    return Scratch(
        words=np.zeros(size + 1, np.int32),
        left=np.zeros(size, np.int32),
        right=np.zeros(size, np.int32),
        counts=np.zeros(SLOTS, np.uint16),
        shrunk=np.zeros(2 * window + 1, np.float32),
        sums=aligned_zeros((2 * window + 1) * row),
        hidden=aligned_zeros(row),
        total=aligned_zeros(row),
        change=aligned_zeros(row),
        weights=aligned_zeros(negative + 4),
        errors=aligned_zeros(negative + 4),
        targets=np.zeros(2 * window * (1 + negative), np.int32),
        sizes=np.zeros(2 * window, np.int32),
    )


@kernel
def train(ids, keep, model, parts, noise_table, scratch, step, lanes):
    """Learn skip-gram from one piece of the corpus.

    Args:
        ids: int32, words below `vocab_size`; -1 ends a sentence. At most as many words as the
            scratch was made for.
        keep: uint32 `(vocab_size,)`, how often a word is kept, of 2**32.
        model: `inlay.kernels.sampling.Model`, of rows and of words, changed in place, also by
            other threads at the same time.
        parts: `inlay.kernels.subword_training.Parts`.
        noise_table: `inlay.kernels.sampling.Noise`.
        scratch: `Scratch`, this thread's own; it says how many noise words are drawn.
        step: `inlay.kernels.sampling.Step`, of which neither share nor mean is looked at; the
            limit is CBOW's.
        lanes: `row_lanes(dim)`.

    Returns:
        How many words were kept; the summed loss of the pairs of every eighth word, before they
        are learned from: -log s(h.c) - sum_n log s(-h.n); and how many these are.
    """
    inputs, outputs = model.inputs, model.outputs
    accept, alias = noise_table.accept, noise_table.alias
    starts, rows, shares = parts.starts, parts.rows, parts.shares
    words, left, right = scratch.words, scratch.left, scratch.right
    hidden, total, change = scratch.hidden, scratch.total, scratch.change
    weights, errors, shrunk = scratch.weights, scratch.errors, scratch.shrunk
    targets, sizes = scratch.targets, scratch.sizes
    row, one, zero = lanes_row(lanes), np.float32(1), np.int64(0)
    width = targets.size // sizes.size
    weights[0], weights[1:] = step.alpha, -step.alpha
    n, state = subsample(ids, keep, step.seed, words, left, right)
    state = np.uint64(state)  # a Python int, when run uncompiled
    loss, terms = 0.0, 0
    for c in range(n):
        state = state * MULTIPLIER + INCREMENT
        b = 1 + below(state, step.window) if step.shrink else step.window
        low, high = max(c - b, left[c]), min(c + b + 1, right[c])
        q = zero
        for p in range(low, high):  # all rows of noise are on their way before the first is needed
            if p != c:
                fetch(outputs, words[p] * row, lanes)
                state = np.uint64(
                    draw_pairs(
                        *(accept, alias, state, targets, sizes, q, np.int64(1), words[p]),
                        *(outputs, row, lanes),
                    )
                )
                q += 1
        if q == 0:
            continue
        w, measured = words[c], c % MEASURED == 0 and step.alpha > 0
        compose(hidden, zero, inputs, rows, starts[w], starts[w + 1], shares[w], row)
        if c + 1 < n:
            for k in range(starts[words[c + 1]], starts[words[c + 1] + 1]):
                fetch(inputs, rows[k] * row, lanes)
        clear(total, lanes)
        for k in range(q):
            loss += learn_pair(
                *(hidden, zero, change, outputs, targets, k * width, sizes[k], weights, errors),
                *(measured, lanes),
            )
            add_row(hidden, zero, change, one, lanes)
            add_row(total, zero, change, one, lanes)
            terms += measured
        shrink_shared(scratch.counts, shrunk, words, parts, c, c + 1, one)
        spread(inputs, rows, starts[w], starts[w + 1], total, zero, shrunk[0], row)
    return n, loss / step.alpha if terms > 0 else 0.0, terms


@kernel
def train_cbow(ids, keep, model, parts, noise_table, scratch, step, lanes):
    """Learn CBOW from one piece of the corpus; as `train`, but for a word in place of a pair."""
    inputs, outputs = model.inputs, model.outputs
    accept, alias = noise_table.accept, noise_table.alias
    starts, rows, _ = parts
    words, left, right = scratch.words, scratch.left, scratch.right
    sums, hidden, change = scratch.sums, scratch.hidden, scratch.change
    weights, errors, shrunk = scratch.weights, scratch.errors, scratch.shrunk
    targets, sizes = scratch.targets, scratch.sizes
    row, one, zero = lanes_row(lanes), np.float32(1), np.int64(0)
    weights[0], weights[1:] = step.alpha, -step.alpha
    n, state = subsample(ids, keep, step.seed, words, left, right)
    state = np.uint64(state)  # a Python int, when run uncompiled
    loss, terms = 0.0, 0
    for c in range(n):
        state = state * MULTIPLIER + INCREMENT
        b = 1 + below(state, step.window) if step.shrink else step.window
        block, around = (c, c + 1, b), (max(c - b, left[c]), min(c + b + 1, right[c]))
        if around[1] - around[0] < 2:
            continue
        fetch(outputs, words[c] * row, lanes)
        state = np.uint64(
            draw_pairs(
                *(accept, alias, state, targets, sizes, zero, np.int64(1), words[c]),
                *(outputs, row, lanes),
            )
        )
        following = words[min(c + step.window + 1, n - 1)]
        for k in range(starts[following], starts[following + 1]):
            fetch(inputs, rows[k] * row, lanes)
        shrink_shared(
            scratch.counts, shrunk, words, parts, around[0], around[1], max(step.limit, one)
        )
        average(hidden, sums, inputs, words, left, right, parts, block, around, row)
        measured = c % MEASURED == 0 and step.alpha > 0
        loss += learn_pair(
            *(hidden, zero, change, outputs, targets, zero, sizes[0], weights, errors),
            *(measured, lanes),
        )
        terms += measured
        less = (shrunk, one)
        give_back(inputs, sums, change, words, left, right, parts, block, around, less, row)
    return n, loss / step.alpha if terms > 0 else 0.0, terms
