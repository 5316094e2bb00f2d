"""Hierarchical softmax, for skip-gram and for CBOW.

Each inner node of Huffman's tree has a vector y. The way to a word c turns at each node of its
path; with z = 1 for the first turn and -1 for the other, and s(t) = 1 / (1 + exp(-t)), a row h
predicts c with the probability prod_y s(z h.y), and one step is

    h += alpha * sum_y z (1 - s(z h.y)) y        y += alpha * z (1 - s(z h.y)) h    for each y

where h is the input vector of a word around c for skip-gram, and the mean or sum of all of them for
CBOW (see `inlay.kernels.cbow` for how its step is shared). Each word draws its window's width.
Two things differ from Mikolov's program. It leaves out steps where |h.y| > 6. And here skip-gram
takes up to four different words around c at a time: their errors are found before any vector is
changed, and then node by node all four move it and are moved by it.

With paths of L nodes a pair, or a centre of CBOW, costs 3 L + 1 products and sums of `dim` numbers,
and moves 2 L + 2 rows, those of nodes once for four pairs; the first nodes' never leave the cache.

Source: Morin and Bengio 2005; Mikolov et al. 2013, "Distributed Representations of Words and
Phrases and their Compositionality", equation 3.
"""

from collections import namedtuple

import numpy as np

from inlay.kernels.exchange import (
    add_row,
    clear,
    dots_four,
    exchange_here,
    exchange_two,
    gather,
    learn,
)
from inlay.kernels.logistic import weigh_errors, weigh_losses
from inlay.kernels.rows import aligned_zeros, fetch_far, lanes_row, part, row_width
from inlay.kernels.sampling import INCREMENT, MEASURED, MULTIPLIER, below, kernel, subsample

# Work space, see `make_scratch`.
Scratch = namedtuple("Scratch", "words left right mean four change weights errors")


def make_scratch(size, window, n_nodes, dim):
    """Work space for pieces of at most `size` words; one for each thread.

    `n_nodes` is `huffman.longest(tree)`. The window does not matter.
    """
    row = row_width(dim)
    return Scratch(
        words=np.zeros(size + 1, np.int32),
        left=np.zeros(size, np.int32),
        right=np.zeros(size, np.int32),
        mean=aligned_zeros(row),
        four=np.zeros(4, np.int32),
        change=aligned_zeros(row),
        weights=aligned_zeros(4 * n_nodes + 4),
        errors=aligned_zeros(4 * n_nodes + 4),
    )


@part
def weigh_path(tree, word, alpha, weights):
    """The learning rate, and less it where the path takes the other turn; where the path is."""
    first, last = tree.starts[word], tree.starts[word + 1]
    for k in range(first, last):
        weights[k - first] = alpha if tree.codes[k] == 0 else -alpha
    return first, last


@part
def fetch_path(tree, word, outputs, row, lanes):
    """Ask for the vectors of a path, but for those near the root."""
    for k in range(tree.starts[word] + 6, tree.starts[word + 1]):
        fetch_far(outputs, tree.points[k] * row, lanes)


@part
def choose_four(words, p, high, c, four):
    """Up to four different words from place p on, but the centre; the next place, and how many.

    Where there are fewer, the first stands for the others.
    """
    m = 0
    while p < high and m < 4:
        if p != c:
            same = False
            for j in range(m):
                same |= four[j] == words[p]
            if same:
                break
            four[m] = words[p]
            m += 1
        p += 1
    if m > 0:
        four[m:] = four[0]
    return p, m


@part
def weigh_paths(codes, first, last, alpha, m, weights):
    """`weigh_path` for four words, of which m count."""
    for k in range(last - first):
        w = alpha if codes[np.uint64(first + k)] == 0 else -alpha
        for j in range(4):
            weights[np.uint64(4 * k + j)] = w if j < m else np.float32(0)


@part
def learn_two(inputs, x, outputs, tree, path, m, alpha, weights, errors, measured, lanes):
    """The step of a word, or two (m), at half the cost of four; returns the loss times alpha.

    `x` is where the rows of both begin, of one twice; `path` where the centre's path does and ends.
    """
    first, last = path
    row, n, points = lanes_row(lanes), last - first, tree.points
    by = (n + 3) & -4
    for k in range(by):
        w = np.float32(0)
        if k < n:
            w = alpha if tree.codes[np.uint64(first + k)] == 0 else -alpha
        weights[np.uint64(k)] = w
        weights[np.uint64(by + k)] = w if m == 2 else np.float32(0)
    for k in range(first, last, 4):
        y0, y1 = points[np.uint64(k)] * row, points[np.uint64(min(k + 1, last - 1))] * row
        y2 = points[np.uint64(min(k + 2, last - 1))] * row
        y3 = points[np.uint64(min(k + 3, last - 1))] * row
        at = k - first
        dots_four(inputs, x[0], x[1], outputs, (y0, y1, y2, y3), errors, at, by + at, lanes)
    loss = np.float32(0)
    if measured:
        loss, _ = weigh_losses(errors, weights, 0, 2 * by)
    weigh_errors(errors, weights, 0, 2 * by)
    exchange_two(inputs, x, outputs, points, first, last, errors, 0, by, lanes)
    return loss


@kernel
def train(ids, keep, model, tree, scratch, step, lanes):
    """Learn skip-gram from one piece of the corpus.

    Args:
        ids: int32, words below `vocab_size`; -1 ends a sentence. At most as many words as the
            scratch was made for.
        keep: uint32 `(vocab_size,)`, how often a word is kept, of 2**32.
        model: `Model`, changed in place, also by other threads at the same time; the outputs are
            those of the inner nodes.
        tree: `huffman.Tree`.
        scratch: `Scratch`, this thread's own.
        step: `Step`, of which neither share nor limit is looked at.
        lanes: `row_lanes(dim)`.

    Returns:
        How many words were kept of the piece; the summed loss of the pairs of every eighth
        centre, -log of the probability, before they are learned from; and how many these are.
    """
    inputs, outputs, points = model.inputs, model.outputs, tree.points
    words, left, right = scratch.words, scratch.left, scratch.right
    weights, errors = scratch.weights, scratch.errors
    four, row = scratch.four, lanes_row(lanes)
    n, state = subsample(ids, keep, step.seed, words, left, right)
    state = np.uint64(state)  # a Python int, when run uncompiled
    loss, terms = 0.0, 0
    for c in range(n):
        state = state * MULTIPLIER + INCREMENT
        b = 1 + below(state, step.window) if step.shrink else step.window
        if c + 1 < n:
            fetch_path(tree, words[c + 1], outputs, row, lanes)
            fetch_far(inputs, words[min(c + 1 + step.window, n - 1)] * row, lanes)
        first, last = tree.starts[words[c]], tree.starts[words[c] + 1]
        measured = c % MEASURED == 0 and step.alpha > 0 and first < last
        high, filled = min(c + b + 1, right[c]), 0
        p = max(c - b, left[c])
        while p < high and first < last:
            p, m = choose_four(words, p, high, c, four)
            if m == 0:  # the centre was all that was left
                break
            terms += m if measured else 0
            if m <= 2:
                x01, path = (four[0] * row, four[1] * row), (first, last)
                loss += learn_two(
                    *(inputs, x01, outputs, tree, path, m, step.alpha, weights, errors),
                    *(measured, lanes),
                )
                filled = 0  # the weights are others now
                continue
            if m != filled:
                weigh_paths(tree.codes, first, last, step.alpha, m, weights)
                filled = m
            x = (four[0] * row, four[1] * row, four[2] * row, four[3] * row)
            for k in range(first, last, 2):
                y0 = points[np.uint64(k)] * row
                y1 = points[np.uint64(min(k + 1, last - 1))] * row
                at = 4 * (k - first)
                dots_four(outputs, y0, y1, inputs, x, errors, at, at + 4, lanes)
            if measured:
                more, _ = weigh_losses(errors, weights, 0, 4 * (last - first))
                loss += more
            weigh_errors(errors, weights, 0, 4 * (last - first))
            exchange_here(inputs, x, outputs, points, first, last, errors, 0, 4, lanes)
    return n, loss / step.alpha if terms > 0 else 0.0, terms


@kernel
def train_cbow(ids, keep, model, tree, scratch, step, lanes):
    """Learn CBOW from one piece of the corpus; as `train`, but for a centre in place of a pair."""
    inputs, outputs, points = model.inputs, model.outputs, tree.points
    words, left, right, mean = scratch.words, scratch.left, scratch.right, scratch.mean
    change, weights, errors = scratch.change, scratch.weights, scratch.errors
    row = lanes_row(lanes)
    n, state = subsample(ids, keep, step.seed, words, left, right)
    state = np.uint64(state)  # a Python int, when run uncompiled
    loss, terms = 0.0, 0
    for c in range(n):
        state = state * MULTIPLIER + INCREMENT
        b = 1 + below(state, step.window) if step.shrink else step.window
        if c + 1 < n:
            fetch_path(tree, words[c + 1], outputs, row, lanes)
            fetch_far(inputs, words[min(c + 1 + step.window, n - 1)] * row, lanes)
        low, high = max(c - b, left[c]), min(c + b + 1, right[c])
        if high - low > 1:
            first, last = weigh_path(tree, words[c], step.alpha, weights)
            measured = c % MEASURED == 0 and step.alpha > 0 and first < last
            over = np.float32(1) / np.float32(high - low - 1)
            up, down = (over, np.float32(1)) if step.mean else (np.float32(1), over)
            gather(mean, inputs, words, low, high, c, up, row, lanes)
            clear(change, lanes)
            loss += learn(
                *(mean, 0, change, outputs, points, first, last, weights, errors),
                *(measured, lanes),
            )
            for p in range(low, high):
                if p != c:
                    add_row(inputs, words[p] * row, change, down, lanes)
            terms += measured
    return n, loss / step.alpha if terms > 0 else 0.0, terms
