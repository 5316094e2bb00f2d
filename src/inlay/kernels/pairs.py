"""Negative sampling as Mikolov's program does it: pair by pair, with noise of its own for each.

Each word draws its window's width. For skip-gram, the input vector h of each word around it is to
predict it, c, and none of `negative` noise words n, which are drawn for this pair; one that is c
itself is passed over. With s(z) = 1 / (1 + exp(-z)), targets t = c, n, n ... and labels 1, 0, 0 ...

    h += alpha * sum_t (label - s(h.t)) t        t += alpha * (label - s(h.t)) h    for each t

one after the other: every pair reads what the one before has left. For CBOW, h is the mean or sum
of the words around c (see `inlay.kernels.cbow` for how its step is shared), and noise is drawn once
for each c.

What differs from the program: s is no table, the noise words are drawn by the alias method, and
there are no sentences of at most 1000 words.

A pair, or a centre of CBOW, costs 3 (1 + negative) + 1 products and sums of `dim` numbers, and
moves 2 (1 + negative) + 2 rows: that the noise of each pair comes from memory is what it waits for.

Source: Mikolov et al. 2013, "Distributed Representations of Words and Phrases and their
Compositionality", equation 4.
"""

from collections import namedtuple

import numpy as np

from inlay.kernels.exchange import (
    add_row,
    clear,
    exchange_all,
    gather,
    learn,
    weigh_targets,
)
from inlay.kernels.rows import ROW, aligned_zeros, fetch_far, lanes_row, part, row_width
from inlay.kernels.sampling import (
    HIGH,
    INCREMENT,
    MEASURED,
    MULTIPLIER,
    below,
    kernel,
    subsample,
)
from inlay.kernels.wide import WIDTH

# Work space, see `make_scratch`.
Scratch = namedtuple("Scratch", "words left right mean change weights errors targets sizes")


def make_scratch(size, window, negative, dim):
    """Work space for pieces of at most `size` words; one for each thread."""
    row = row_width(dim)
    return Scratch(
        words=np.zeros(size + 1, np.int32),
        left=np.zeros(size, np.int32),
        right=np.zeros(size, np.int32),
        mean=aligned_zeros(row),
        change=aligned_zeros(row),
        weights=aligned_zeros(negative + 4),
        errors=aligned_zeros(negative + 4),
        # Of this centre's pairs, and of the next one's.
        targets=np.zeros(2 * 2 * window * (1 + negative), np.int32),
        sizes=np.zeros(2 * 2 * window, np.int32),
    )


@part
def draw_pairs(accept, alias, state, targets, sizes, pair, pairs, word, outputs, row, lanes):
    """Targets of pairs `pair` to `pair + pairs`, each the word and its noise; returns the state.

    The rows of noise are asked for. A size is negative where a word stands there twice.
    """
    width = targets.size // sizes.size
    for q in range(pair, pair + pairs):
        at, n, twice = q * width, np.int32(1), False
        targets[at] = word
        for _ in range(width - 1):
            state = state * MULTIPLIER + INCREMENT
            slot = below(state, accept.size)
            state = state * MULTIPLIER + INCREMENT
            other = alias[slot]
            noise = slot if (state >> HIGH) < accept[slot] else np.int64(other)
            if noise != word:
                for k in range(at + 1, at + n):
                    twice |= targets[k] == noise
                targets[at + n] = noise
                n += 1
                fetch_far(outputs, noise * row, lanes)
        sizes[q] = -n if twice else n
    return state


@part
def learn_pair(h, h0, change, outputs, targets, at, n, weights, errors, measured, lanes):
    """`learn`; where a target stands there twice, each by itself, as the first one moves it."""
    clear(change, lanes)
    if n > 0:
        return learn(h, h0, change, outputs, targets, at, at + n, weights, errors, measured, lanes)
    loss = np.float32(0)
    for k in range(-n):
        weight = weights[min(k, 1) :]
        loss += learn(
            *(h, h0, change, outputs, targets, at + k, at + k + 1, weight, errors),
            *(measured, lanes),
        )
    return loss


@kernel
def train(ids, keep, model, noise_table, scratch, step, lanes):
    """Learn skip-gram from one piece of the corpus.

    Args:
        ids: int32, words below `vocab_size`; -1 ends a sentence. At most as many words as the
            scratch was made for.
        keep: uint32 `(vocab_size,)`, how often a word is kept, of 2**32.
        model: `Model`, changed in place, also by other threads at the same time.
        noise_table: `Noise`.
        scratch: `Scratch`, this thread's own; it says how many noise words are drawn.
        step: `Step`, of which neither share nor limit is looked at.
        lanes: `row_lanes(dim)`.

    Returns:
        How many words were kept of the piece; the summed loss of the pairs of every eighth
        centre, before they are learned from: -log s(h.c) - sum_n log s(-h.n); and how many
        these are.
    """
    inputs, outputs = model.inputs, model.outputs
    accept, alias = noise_table.accept, noise_table.alias
    words, left, right = scratch.words, scratch.left, scratch.right
    targets, sizes = scratch.targets, scratch.sizes
    change, weights, errors = scratch.change, scratch.weights, scratch.errors
    row, half = lanes_row(lanes), sizes.size // 2
    width = targets.size // sizes.size
    weights[0], weights[1:] = step.alpha, -step.alpha
    n, state = subsample(ids, keep, step.seed, words, left, right)
    state = np.uint64(state)  # a Python int, when run uncompiled
    loss, terms, zero = 0.0, 0, np.int64(0)
    low, high = zero, zero
    for following in range(n + 1):
        c, now, then = following - 1, following % 2 * half, (following + 1) % 2 * half
        next_low, next_high = np.int64(0), np.int64(0)
        if following < n:  # its noise is drawn now, so that its rows are on their way
            state = state * MULTIPLIER + INCREMENT
            b = 1 + below(state, step.window) if step.shrink else step.window
            next_low = max(following - b, np.int64(left[following]))
            next_high = min(following + b + 1, np.int64(right[following]))
            word, some = words[following], next_high - next_low - 1
            state = np.uint64(
                draw_pairs(
                    *(accept, alias, state, targets, sizes, then, some, word),
                    *(outputs, row, lanes),
                )
            )
            fetch_far(outputs, word * row, lanes)
            fetch_far(inputs, words[min(following + step.window, n - 1)] * row, lanes)
        q, measured = now, c % MEASURED == 0 and step.alpha > 0
        for p in range(low, high):
            if p != c:
                x, at, size = words[p] * row, q * width, np.int64(sizes[q])
                if size > 0 and WIDTH == ROW:  # of 8 at once, addresses would be half of the work
                    loss += weigh_targets(
                        *(inputs, x, outputs, targets, at, at + size, weights, errors),
                        *(measured, lanes),
                    )
                    exchange_all(inputs, x, outputs, targets, at, at + size, errors, zero, lanes)
                else:
                    loss += learn_pair(
                        *(inputs, x, change, outputs, targets, at, size, weights, errors),
                        *(measured, lanes),
                    )
                    add_row(inputs, x, change, np.float32(1), lanes)
                terms += measured
                q += 1
        low, high = next_low, next_high
    return n, loss / step.alpha if terms > 0 else 0.0, terms


@kernel
def train_cbow(ids, keep, model, noise_table, scratch, step, lanes):
    """Learn CBOW from one piece of the corpus; as `train`, but for a centre in place of a pair."""
    inputs, outputs = model.inputs, model.outputs
    accept, alias = noise_table.accept, noise_table.alias
    words, left, right, mean = scratch.words, scratch.left, scratch.right, scratch.mean
    targets, sizes = scratch.targets, scratch.sizes
    change, weights, errors = scratch.change, scratch.weights, scratch.errors
    row, width = lanes_row(lanes), targets.size // sizes.size
    weights[0], weights[1:] = step.alpha, -step.alpha
    n, state = subsample(ids, keep, step.seed, words, left, right)
    state = np.uint64(state)  # a Python int, when run uncompiled
    loss, terms = 0.0, 0
    low, high = np.int64(0), np.int64(0)
    for following in range(n + 1):
        c, now, then = following - 1, following % 2, (following + 1) % 2
        next_low, next_high = np.int64(0), np.int64(0)
        if following < n:
            state = state * MULTIPLIER + INCREMENT
            b = 1 + below(state, step.window) if step.shrink else step.window
            next_low = max(following - b, np.int64(left[following]))
            next_high = min(following + b + 1, np.int64(right[following]))
            word, some = words[following], min(next_high - next_low - 1, np.int64(1))
            state = np.uint64(
                draw_pairs(
                    *(accept, alias, state, targets, sizes, then, some, word),
                    *(outputs, row, lanes),
                )
            )
            fetch_far(outputs, word * row, lanes)
            fetch_far(inputs, words[min(following + step.window, n - 1)] * row, lanes)
        if high - low > 1:
            measured = c % MEASURED == 0 and step.alpha > 0
            over = np.float32(1) / np.float32(high - low - 1)
            up, down = (over, np.float32(1)) if step.mean else (np.float32(1), over)
            gather(mean, inputs, words, low, high, c, up, row, lanes)
            loss += learn_pair(
                *(mean, 0, change, outputs, targets, now * width, sizes[now], weights, errors),
                *(measured, lanes),
            )
            for p in range(low, high):
                if p != c:
                    add_row(inputs, words[p] * row, change, down, lanes)
            terms += measured
        low, high = next_low, next_high
    return n, loss / step.alpha if terms > 0 else 0.0, terms
