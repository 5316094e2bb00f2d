"""fastText with hierarchical softmax, for skip-gram and for CBOW.

Each inner node of Huffman's tree has a vector y, and the way to a word turns at each node of its
path; see `inlay.kernels.hierarchical` for the step of a row h along a path. With skip-gram h is
the mean of a word's rows, its own and those of its n-grams, and goes along the path of each word
around it, one after the other. With CBOW it is the mean of all rows around a word, and goes along
the path of that word. Either way, each of the rows is moved as far as h is, not divided by their
number, as in the official program.

The rows of a word are summed up once for all its pairs, and moved once by all that these ask for:
h itself has moved on meanwhile, as it would have with the rows. CBOW does so for a span of
sixteen words at a time, of which all input rows are read before any is changed, and shares one
width of the window among them; the nodes move with each word.

With paths of L nodes, R rows to a word and D numbers to a vector, a word of skip-gram takes about
2 D (2 R + 2 b (3 L + 2)) floating-point operations for a width b: 55,000 for 100 numbers, 19 rows,
b = 3 and L = 13.

Source: Bojanowski et al. 2017, "Enriching Word Vectors with Subword Information"; Morin and
Bengio 2005; Mikolov et al. 2013, "Distributed Representations of Words and Phrases and their
Compositionality", equation 3.
"""

from collections import namedtuple

import numpy as np

from inlay.kernels.exchange import add_row, clear, learn
from inlay.kernels.hierarchical import fetch_path, no_copies, weigh_path
from inlay.kernels.rows import aligned_zeros, copy, fetch, lanes_row, row_width
from inlay.kernels.sampling import (
    INCREMENT,
    MULTIPLIER,
    PAD,
    below,
    count_repeats,
    kernel,
    subsample,
)
from inlay.kernels.subword_cbow import SPAN, average, give_back
from inlay.kernels.subword_training import MEASURED, SLOTS, compose, shrink_shared, spread

# Work space, see `make_scratch`.
Scratch = namedtuple(
    "Scratch",
    "words left right repeats counts shrunk sums hidden changes change path own weights errors",
)


def make_scratch(size, window, n_nodes, dim):
    """Work space for pieces of at most `size` words; one for each thread.

    `n_nodes` is `huffman.longest(tree)`.
    """
    row = row_width(dim)
    return Scratch(
        words=np.zeros(size + PAD, np.int32),
        left=np.zeros(size, np.int32),
        right=np.zeros(size, np.int32),
        repeats=np.zeros(size, np.int32),
        counts=np.zeros(SLOTS, np.uint16),
        shrunk=np.zeros(SPAN + 2 * window, np.float32),
        sums=aligned_zeros((SPAN + 2 * window) * row),
        hidden=aligned_zeros(SPAN * row),
        changes=aligned_zeros(SPAN * row),
        change=aligned_zeros(row),
        path=np.zeros(n_nodes, np.int32),
        own=no_copies(),
        weights=aligned_zeros(n_nodes + 4),
        errors=aligned_zeros(n_nodes + 4),
    )


@kernel
def train(ids, keep, model, parts, tree, scratch, step, lanes):
    """Learn skip-gram from one piece of the corpus.

    Args:
        ids: int32, words below `vocab_size`; -1 ends a sentence. At most as many words as the
            scratch was made for.
        keep: uint32 `(vocab_size,)`, how often a word is kept, of 2**32.
        model: `inlay.kernels.sampling.Model`, changed in place, also by other threads at the same
            time; the inputs are rows, the outputs those of the inner nodes.
        parts: `inlay.kernels.subword_training.Parts`.
        tree: `huffman.Tree`.
        scratch: `Scratch`, this thread's own.
        step: `Step`, of which neither share nor mean is looked at; the limit is CBOW's.
        lanes: `row_lanes(dim)`.

    Returns:
        How many words were kept of the piece; the summed loss of the pairs of every eighth
        word, -log of the probability, before they are learned from; and how many these are.
    """
    inputs, outputs, path = model.inputs, model.outputs, scratch.path
    starts, rows, shares = parts.starts, parts.rows, parts.shares
    words, left, right = scratch.words, scratch.left, scratch.right
    hidden, total, change = scratch.hidden, scratch.changes, scratch.change
    weights, errors, shrunk = scratch.weights, scratch.errors, scratch.shrunk
    row, one, zero = lanes_row(lanes), np.float32(1), np.int64(0)
    n, state = subsample(ids, keep, step.seed, words, left, right)
    state = np.uint64(state)  # a Python int, when run uncompiled
    loss, terms = 0.0, 0
    for c in range(n):
        state = state * MULTIPLIER + INCREMENT
        b = 1 + below(state, step.window) if step.shrink else step.window
        if c + 1 < n:
            for k in range(starts[words[c + 1]], starts[words[c + 1] + 1]):
                fetch(inputs, rows[k] * row, lanes)
            fetch_path(tree, words[min(c + 1 + step.window, n - 1)], outputs, row, lanes)
        low, high = max(c - b, left[c]), min(c + b + 1, right[c])
        if high - low < 2:
            continue
        w, measured = words[c], c % MEASURED == 0 and step.alpha > 0
        compose(hidden, zero, inputs, rows, starts[w], starts[w + 1], shares[w], row)
        clear(total, lanes)
        for p in range(low, high):
            if p != c:
                length = weigh_path(tree, words[p], scratch.own, path, step.alpha, weights)
                clear(change, lanes)
                loss += learn(
                    *(hidden, zero, change, outputs, path, zero, length, weights, errors),
                    *(measured, lanes),
                )
                add_row(hidden, zero, change, one, lanes)
                add_row(total, zero, change, one, lanes)
                terms += measured and length > 0
        shrink_shared(scratch.counts, shrunk, words, parts, c, c + 1, one)
        spread(inputs, rows, starts[w], starts[w + 1], total, zero, shrunk[0], row)
    return n, loss / step.alpha if terms > 0 else 0.0, terms


@kernel
def train_cbow(ids, keep, model, parts, tree, scratch, step, lanes):
    """Learn CBOW from one piece of the corpus; as `train`, but for a word in place of a pair.

    The steps of a row in a span are made smaller, if there may be more than the limit.
    """
    inputs, outputs, path = model.inputs, model.outputs, scratch.path
    starts, rows, _ = parts
    words, left, right, repeats = scratch.words, scratch.left, scratch.right, scratch.repeats
    sums, hidden, changes, change = scratch.sums, scratch.hidden, scratch.changes, scratch.change
    weights, errors, shrunk = scratch.weights, scratch.errors, scratch.shrunk
    row, one, zero = lanes_row(lanes), np.float32(1), np.int64(0)
    n, state = subsample(ids, keep, step.seed, words, left, right)
    count_repeats(words, n, max(SPAN, step.window), repeats)
    state = np.uint64(state)  # a Python int, when run uncompiled
    loss, terms, stop = 0.0, 0, np.int64(0)
    while stop < n:
        start = stop
        state = state * MULTIPLIER + INCREMENT
        b = 1 + below(state, step.window) if step.shrink else step.window
        stop = min(start + SPAN, n)
        low, high = max(start - b, left[start]), min(stop + b, right[stop - 1])
        most = 1
        for p in range(low, high):
            most = max(most, repeats[p] + 1)
        room = step.limit / np.float32(2 * b)
        scale = min(one, room / np.float32(most))
        shrink_shared(scratch.counts, shrunk, words, parts, low, high, max(room / scale, one))
        block, around = (start, stop, b), (low, high)
        average(hidden, sums, inputs, words, left, right, parts, block, around, row)
        for p in range(high, min(high + SPAN, n)):
            for k in range(starts[words[p]], starts[words[p] + 1]):
                fetch(inputs, rows[k] * row, lanes)
        for c in range(start, stop):
            if c + 1 < n:
                fetch_path(tree, words[c + 1], outputs, row, lanes)
            clear(change, lanes)
            if min(c + b + 1, right[c]) - max(c - b, left[c]) > 1:
                length = weigh_path(tree, words[c], scratch.own, path, step.alpha, weights)
                measured = c % MEASURED == 0 and step.alpha > 0 and length > 0
                loss += learn(
                    *(hidden, (c - start) * row, change, outputs, path, zero, length, weights),
                    *(errors, measured, lanes),
                )
                terms += measured
            copy(changes, (c - start) * row, change, zero, lanes)
        less = (shrunk, scale)
        give_back(inputs, sums, changes, words, left, right, parts, block, around, less, row)
    return n, loss / step.alpha if terms > 0 else 0.0, terms
