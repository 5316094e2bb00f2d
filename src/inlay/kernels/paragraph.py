"""Paragraph vectors by a distributed bag of words (PV-DBOW), with negative sampling.

The vector d of a text is to predict each word of it, and none of the drawn noise words. With
s(z) = 1 / (1 + exp(-z)), one step for a block of B words w and K noise words n is

    d          += alpha * (sum_w (1 - s(d.w)) w  -  negative B / K * sum_n s(d.n) n)
    outputs[w] += alpha * (1 - s(d.w)) d
    outputs[n] -= alpha * negative B / K * s(d.n) d

Two things differ from the original, neither in expectation: the words of a block share their
noise words, and all logits are found before any vector is changed. So a block is one product of a
matrix with a vector and one of rank one, over rows that stay in the first-level cache between them.
A word takes 1 + K / B rows, each of which is read and written once (8 * dim bytes) for
6 * dim FLOP.

Source: Le and Mikolov 2014, "Distributed Representations of Sentences and Documents", 2.3.
"""

from collections import namedtuple

import numpy as np

from inlay.kernels.logistic import weigh_errors, weigh_losses
from inlay.kernels.rows import ROW, aligned_zeros, fetch_far, part, row_width
from inlay.kernels.sampling import BLOCK, HIGH, INCREMENT, MULTIPLIER, draw_noise, kernel
from inlay.kernels.wide import WIDTH, fma, load, splat, store, store_sums, zeros

MEASURED = 8  # of so many blocks the loss of one is measured

# The vectors, each flat float32: of texts, of words as they are read (empty, where none are), and
# of words as they are predicted.
Model = namedtuple("Model", "documents words outputs")
# Those of text i are `numbers[offsets[i] : offsets[i + 1]]`: int64 (texts + 1,), int32.
Tags = namedtuple("Tags", "offsets numbers")
# What a piece needs: float32 rates, one for each time that it is gone through; int64 window; int64
# words of a block, at most BLOCK; float32 share of a noise word, negative / K; float32 limit above
# 0 (see `sampling.choose_centres`); int64 number of the first text; whether words are learned too,
# as they always are by `bag` and by `paragraph_mean.mean`.
Step = namedtuple("Step", "rates window block share limit text learns")
# Work space, see `make_scratch`.
Scratch = namedtuple("Scratch", "words targets weights errors change")


def lanes_of(dim):
    """What tells these kernels the width of rows: its length, the number of registers.

    An array, and not `rows.row_lanes`: its length is no part of its type, so that one compiled
    version serves all dimensions. Loops that are not unrolled cost a few percent.
    """
    return np.zeros(-(-dim // 8), np.int8)


def make_scratch(size, n_noise, dim):
    """Work space for pieces of at most `size` words; one for each thread.

    `n_noise` noise words are drawn for each block, a multiple of 4.
    """
    columns = n_noise + BLOCK
    return Scratch(
        words=np.zeros(size + BLOCK, np.int32),
        targets=np.zeros(columns + n_noise, np.int32),
        weights=aligned_zeros(columns),
        errors=aligned_zeros(columns),
        change=aligned_zeros(row_width(dim)),
    )


@kernel
def seed_texts(ids, states):
    """A generator's state for each text, of its words and their order alone: uint64 `(texts,)`.

    That of a text without a word is 0.
    `ids` is int32, -1 ends a text (FNV-1a, ended by the mixer of SplitMix64).
    """
    text, before = 0, -1
    state = np.uint64(0xCBF29CE484222325)
    for i in range(ids.size):
        if ids[i] >= 0:
            state = (state ^ np.uint64(ids[i])) * np.uint64(0x100000001B3)
            continue
        state = (state ^ state >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ state >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
        states[text] = state ^ state >> np.uint64(31) if i > before + 1 else np.uint64(0)
        text, before = text + 1, i
        state = np.uint64(0xCBF29CE484222325)


@kernel
def begin_texts(documents, states, dim):
    """Vectors to begin with, uniform in +-1/2 / dim, of each text's generator; it moves on.

    A text without a word keeps its zeros.
    """
    row = documents.size // max(states.size, 1)
    for text in range(states.size):
        state = states[text]
        if state == 0:
            continue
        for i in range(text * row, text * row + dim):
            state = state * MULTIPLIER + INCREMENT
            share = np.float32(state >> HIGH) * np.float32(2.0**-32)
            documents[i] = (share - np.float32(0.5)) / np.float32(dim)
        states[text] = state


@part
def take_text(ids, at, keep, state, words, before):
    """Copy those words of the text from `at` that are kept behind the first `before`.

    Returns how many, where the next text begins, and the generator's state.
    """
    n = before
    while at < ids.size:
        word = ids[at]
        at += 1
        if word < 0:
            break
        state = state * MULTIPLIER + INCREMENT
        words[n] = word
        n += (state >> HIGH) <= keep[word]
    return n - before, at, state


@part
def block_end(start, n, most):
    """Where the block from `start` ends: what is left, evenly in as few blocks as it takes."""
    left = n - start
    blocks = (left + most - 1) // most
    return start + (left + blocks - 1) // blocks


@part
def dot_four(a, a0, b, rows, out, at, lanes):
    """The products of row `a0` of a with four rows of b."""
    r0, r1, r2, r3 = rows
    s0, s1, s2, s3 = zeros(), zeros(), zeros(), zeros()
    for i in range(0, len(lanes) * 8, WIDTH):
        x = load(a, a0 + i)
        s0 = fma(x, load(b, r0 + i), s0)
        s1 = fma(x, load(b, r1 + i), s1)
        s2 = fma(x, load(b, r2 + i), s2)
        s3 = fma(x, load(b, r3 + i), s3)
    store_sums(s0, s1, s2, s3, out, at)


@part
def exchange(a, a0, change, b, rows, weights, at, lanes):
    """`change` += four weighted rows of b, and each of them += as much of row `a0` of a.

    One after the other: a row that stands twice is changed twice.
    """
    r0, r1, r2, r3 = rows
    v0, v1 = splat(weights[at]), splat(weights[at + 1])
    v2, v3 = splat(weights[at + 2]), splat(weights[at + 3])
    for i in range(0, len(lanes) * 8, WIDTH):
        x, y = load(a, a0 + i), load(change, i)
        z = load(b, r0 + i)
        y = fma(v0, z, y)
        store(b, r0 + i, fma(v0, x, z))
        z = load(b, r1 + i)
        y = fma(v1, z, y)
        store(b, r1 + i, fma(v1, x, z))
        z = load(b, r2 + i)
        y = fma(v2, z, y)
        store(b, r2 + i, fma(v2, x, z))
        z = load(b, r3 + i)
        y = fma(v3, z, y)
        store(b, r3 + i, fma(v3, x, z))
        store(change, i, y)


@part
def four_rows(targets, k, row):
    """Where the rows of four targets begin."""
    return targets[k] * row, targets[k + 1] * row, targets[k + 2] * row, targets[k + 3] * row


@part
def weigh(weights, targets, n_noise, n, alpha, share):
    """The step size of each target of a block: of noise, negative, then of the `n` words; else 0.

    A noise word that is one of the words does not count against that word.
    """
    for k in range(n_noise):
        against = 0
        for c in range(n_noise, n_noise + n):
            against += targets[k] != targets[c]
        weights[k] = -alpha * share * np.float32(against)
    for c in range(BLOCK):
        weights[n_noise + c] = alpha if c < n else np.float32(0)


@part
def learn(documents, d, outputs, targets, weights, errors, change, size, measured, row, lanes):
    """One step for the vector at `d` and its targets; returns the loss and of how many words."""
    loss, pairs = np.float32(0), 0
    for k in range(0, size, 4):
        dot_four(documents, d, outputs, four_rows(targets, k, row), errors, k, lanes)
    if measured:
        loss, pairs = weigh_losses(errors, weights, 0, size)
    weigh_errors(errors, weights, 0, size)
    change[:] = 0
    for k in range(0, size, 4):
        rows = four_rows(targets, k, row)
        exchange(documents, d, change, outputs, rows, errors, k, lanes)
    for i in range(row):
        documents[d + i] += change[i]
    return loss, pairs


@kernel
def bag(ids, keep, tags, model, noise_table, scratch, states, step, lanes):
    """Learn from one piece of the corpus, once for each rate.

    Returns how many words were kept, the sum of the losses that were measured, and of how many
    pairs of a vector and a word.

    Args:
        ids: int32, words below `vocab_size`; -1 ends a text. At most as many words as the scratch
            was made for.
        keep: uint32 `(vocab_size,)`, how often a word is kept, of 2**32.
        tags: `Tags` of all texts.
        model: `Model`, changed in place, also by other threads at the same time.
        noise_table: `sampling.Noise`.
        scratch: `Scratch`, this thread's own.
        states: uint64, of generators: one of the whole piece, or one of each text of it. Each is
            left as it stands at the end. The result depends on no other source of chance.
        step: `Step`.
        lanes: `lanes_of(dim)`.
    """
    documents, outputs = model.documents, model.outputs
    accept, alias = noise_table.accept, noise_table.alias
    words, targets = scratch.words, scratch.targets
    weights, errors, change = scratch.weights, scratch.errors, scratch.change
    row = (len(lanes) + 1) // 2 * ROW
    n_noise = targets.size - errors.size
    columns = errors.size
    total, number, loss, terms = 0, 0, 0.0, 0
    state = np.uint64(states[0])
    for rate in step.rates:
        at, text = 0, 0
        while at < ids.size:
            if text < states.size:
                state = np.uint64(states[text])
            n, at, state = take_text(ids, at, keep, state, words, 0)
            state = np.uint64(state)  # a Python int, when run uncompiled
            words[n : n + BLOCK] = 0
            total += n
            state = np.uint64(draw_noise(accept, alias, state, targets, columns, columns + n_noise))
            first, last = tags.offsets[step.text + text], tags.offsets[step.text + text + 1]
            stop = 0
            while stop < n:
                start, stop = stop, block_end(stop, n, step.block)
                # The noise of the next block is drawn now, so that its rows are on their way.
                targets[:n_noise] = targets[columns:]
                targets[n_noise:columns] = words[start : start + BLOCK]
                state = np.uint64(
                    draw_noise(accept, alias, state, targets, columns, columns + n_noise)
                )
                for k in range(columns, columns + n_noise):
                    fetch_far(outputs, targets[k] * row, lanes)
                for p in range(stop, min(stop + BLOCK, n)):
                    fetch_far(outputs, words[p] * row, lanes)
                weigh(weights, targets, n_noise, stop - start, rate, step.share)
                size = n_noise + (stop - start + 3) // 4 * 4
                measured = number % MEASURED == 0
                number += 1
                for t in range(first, last):
                    d = tags.numbers[t] * row
                    sums = learn(
                        *(documents, d, outputs, targets, weights, errors, change),
                        *(size, measured, row, lanes),
                    )
                    loss += sums[0] / rate
                    terms += sums[1]
            if text < states.size:
                states[text] = state
            text += 1
    return total, loss, terms
