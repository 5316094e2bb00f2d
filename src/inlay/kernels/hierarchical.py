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
Scratch = namedtuple("Scratch", "words left right mean four path own change weights errors")


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
        path=np.zeros(n_nodes, np.int32),
        own=no_copies(),
        change=aligned_zeros(row),
        weights=aligned_zeros(4 * n_nodes + 4),
        errors=aligned_zeros(4 * n_nodes + 4),
    )


def no_copies():
    """`[first, by]` for `follow`, of a thread that has no copies of nodes; int32."""
    return np.array([np.iinfo(np.int32).max, 0], np.int32)


@part
def follow(tree, word, own, path):
    """Fill `path` with a word's nodes, `by` further on from number `first` on.

    Returns where it begins and ends in the tree.
    """
    first, last = tree.starts[word], tree.starts[word + 1]
    for k in range(last - first):
        node = tree.points[np.uint64(first + k)]
        path[k] = node + (own[1] if node >= own[0] else 0)
    return first, last


@part
def weigh_path(tree, word, own, path, alpha, weights):
    """`follow`, and the learning rate, or less it where the path turns to 1; how many nodes."""
    first, last = follow(tree, word, own, path)
    for k in range(first, last):
        weights[k - first] = alpha if tree.codes[k] == 0 else -alpha
    return last - first


@part
def fetch_path(tree, word, outputs, row, lanes):
    """Ask for the vectors of a path, but for those near the root, which are there."""
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
def learn_two(inputs, x, outputs, codes, path, span, m, alpha, weights, errors, measured, lanes):
    """The step of a word, or two (m), at half the cost of four; returns the loss times alpha.

    `x` is where the rows of both begin, of one twice; `span` where the path's codes do and end.
    """
    first, last = span
    row, n, zero = lanes_row(lanes), last - first, np.int64(0)
    by = (n + 3) & -4
    for k in range(by):
        w = np.float32(0)
        if k < n:
            w = alpha if codes[np.uint64(first + k)] == 0 else -alpha
        weights[np.uint64(k)] = w
        weights[np.uint64(by + k)] = w if m == 2 else np.float32(0)
    for k in range(0, n, 4):
        y0, y1 = path[np.uint64(k)] * row, path[np.uint64(min(k + 1, n - 1))] * row
        y2 = path[np.uint64(min(k + 2, n - 1))] * row
        y3 = path[np.uint64(min(k + 3, n - 1))] * row
        dots_four(inputs, x[0], x[1], outputs, (y0, y1, y2, y3), errors, k, by + k, lanes)
    loss = np.float32(0)
    if measured:
        loss, _ = weigh_losses(errors, weights, 0, 2 * by)
    weigh_errors(errors, weights, 0, 2 * by)
    exchange_two(inputs, x, outputs, path, zero, n, errors, 0, by, lanes)
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
    inputs, outputs, path = model.inputs, model.outputs, scratch.path
    words, left, right = scratch.words, scratch.left, scratch.right
    weights, errors = scratch.weights, scratch.errors
    four, row, zero = scratch.four, lanes_row(lanes), np.int64(0)
    n, state = subsample(ids, keep, step.seed, words, left, right)
    state = np.uint64(state)  # a Python int, when run uncompiled
    loss, terms = 0.0, 0
    for c in range(n):
        state = state * MULTIPLIER + INCREMENT
        b = 1 + below(state, step.window) if step.shrink else step.window
        if c + 1 < n:
            fetch_path(tree, words[c + 1], outputs, row, lanes)
            fetch_far(inputs, words[min(c + 1 + step.window, n - 1)] * row, lanes)
        first, last = follow(tree, words[c], scratch.own, path)
        length = last - first
        measured = c % MEASURED == 0 and step.alpha > 0 and first < last
        high, filled = min(c + b + 1, right[c]), 0
        p = max(c - b, left[c])
        while p < high and first < last:
            p, m = choose_four(words, p, high, c, four)
            if m == 0:  # the centre was all that was left
                break
            terms += m if measured else 0
            if m <= 2:
                x01, span = (four[0] * row, four[1] * row), (first, last)
                loss += learn_two(
                    *(inputs, x01, outputs, tree.codes, path, span, m, step.alpha, weights),
                    *(errors, measured, lanes),
                )
                filled = 0  # the weights are others now
                continue
            if m != filled:
                weigh_paths(tree.codes, first, last, step.alpha, m, weights)
                filled = m
            x = (four[0] * row, four[1] * row, four[2] * row, four[3] * row)
            for k in range(0, length, 2):
                y0 = path[np.uint64(k)] * row
                y1 = path[np.uint64(min(k + 1, length - 1))] * row
                dots_four(outputs, y0, y1, inputs, x, errors, 4 * k, 4 * k + 4, lanes)
            if measured:
                more, _ = weigh_losses(errors, weights, 0, 4 * length)
                loss += more
            weigh_errors(errors, weights, 0, 4 * length)
            exchange_here(inputs, x, outputs, path, zero, length, errors, 0, 4, lanes)
    return n, loss / step.alpha if terms > 0 else 0.0, terms


@kernel
def train_cbow(ids, keep, model, tree, scratch, step, lanes):
    """Learn CBOW from one piece of the corpus; as `train`, but for a centre in place of a pair."""
    inputs, outputs, path = model.inputs, model.outputs, scratch.path
    words, left, right, mean = scratch.words, scratch.left, scratch.right, scratch.mean
    change, weights, errors = scratch.change, scratch.weights, scratch.errors
    row, zero = lanes_row(lanes), np.int64(0)
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
            length = weigh_path(tree, words[c], scratch.own, path, step.alpha, weights)
            measured = c % MEASURED == 0 and step.alpha > 0 and length > 0
            over = np.float32(1) / np.float32(high - low - 1)
            up, down = (over, np.float32(1)) if step.mean else (np.float32(1), over)
            gather(mean, inputs, words, low, high, c, up, row, lanes)
            clear(change, lanes)
            loss += learn(
                *(mean, 0, change, outputs, path, zero, length, weights, errors),
                *(measured, lanes),
            )
            for p in range(low, high):
                if p != c:
                    add_row(inputs, words[p] * row, change, down, lanes)
            terms += measured
    return n, loss / step.alpha if terms > 0 else 0.0, terms
