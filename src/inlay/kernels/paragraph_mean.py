"""Paragraph vectors by a distributed memory whose words are predicted by means (PV-DM, mean).

The means of a block are made register by register: one holds the sum of what stands around a
word, and for the next word one row comes to it and one goes. So are the steps of what the means
are of, the other way round. See `inlay.kernels.paragraph_memory`; new texts, of which nothing is
learned but their vectors, are read by `inlay.kernels.paragraph_reading`.
"""

import numpy as np

from inlay.kernels.logistic import weigh_errors, weigh_losses
from inlay.kernels.paragraph import MEASURED, block_end, take_text
from inlay.kernels.paragraph_memory import (
    PAIRS,
    draw_block,
    exchange_all,
    products,
    weigh,
)
from inlay.kernels.rows import ROW, fetch_far, minus, part, plus, times
from inlay.kernels.sampling import (
    BLOCK,
    INCREMENT,
    MULTIPLIER,
    below,
    choose_centres,
    count_repeats,
    draw_noise,
    kernel,
)
from inlay.kernels.wide import WIDTH, load, splat, store, zeros


@part
def plus_four(s, a, at):
    """Four registers += as many of a."""
    s0, s1, s2, s3 = s
    s0, s1 = plus(s0, load(a, at)), plus(s1, load(a, at + WIDTH))
    return s0, s1, plus(s2, load(a, at + 2 * WIDTH)), plus(s3, load(a, at + 3 * WIDTH))


@part
def minus_four(s, a, at):
    """Four registers -= as many of a."""
    s0, s1, s2, s3 = s
    s0, s1 = minus(s0, load(a, at)), minus(s1, load(a, at + WIDTH))
    return s0, s1, minus(s2, load(a, at + 2 * WIDTH)), minus(s3, load(a, at + 3 * WIDTH))


@part
def store_four(a, at, v, s):
    """Four registers of a = as many times v."""
    store(a, at, times(v, s[0]))
    store(a, at + WIDTH, times(v, s[1]))
    store(a, at + 2 * WIDTH, times(v, s[2]))
    store(a, at + 3 * WIDTH, times(v, s[3]))


@kernel
def take_means(hidden, shares, model, own, words, block, row, lanes):
    """What predicts each word of a block: the mean of the words around it and of the text.

    `own` is the numbers of the tags of the text; `shares` becomes that of each part in its mean.
    Four registers at a time go along the words, so that these are looked up the less often; the
    last four may be some of those before once more.
    """
    documents, vectors = model.documents, model.words
    start, stop, b, n = block
    low, high = max(start - b, 0), min(start + b + 1, n)
    for p in range(start, stop):
        size = min(p + b + 1, n) - max(p - b, 0) - 1 + own.size
        shares[p - start] = np.float32(1) / np.float32(size)
    four = 4 * WIDTH
    for begin in range(0, row if row >= four else 0, four):
        at = min(begin, row - four)
        total = zeros(), zeros(), zeros(), zeros()
        for t in range(own.size):
            total = plus_four(total, documents, own[t] * row + at)
        for q in range(low, high):
            total = plus_four(total, vectors, words[q] * row + at)
        for p in range(start, stop):
            others = minus_four(total, vectors, words[p] * row + at)
            store_four(hidden, (p - start) * row + at, splat(shares[p - start]), others)
            if p + b + 1 < n:
                total = plus_four(total, vectors, words[p + b + 1] * row + at)
            if p >= b:
                total = minus_four(total, vectors, words[p - b] * row + at)
    for at in range(0, 0 if row >= four else row, WIDTH):
        total = zeros()
        for t in range(own.size):
            total = plus(total, load(documents, own[t] * row + at))
        for q in range(low, high):
            total = plus(total, load(vectors, words[q] * row + at))
        for p in range(start, stop):
            others = minus(total, load(vectors, words[p] * row + at))
            store(hidden, (p - start) * row + at, times(others, splat(shares[p - start])))
            if p + b + 1 < n:
                total = plus(total, load(vectors, words[p + b + 1] * row + at))
            if p >= b:
                total = minus(total, load(vectors, words[p - b] * row + at))


@part
def add_to(a, at, x):
    """A register of a += x."""
    store(a, at, plus(load(a, at), x))


@kernel
def spread(model, own, words, change, block, row, lanes):
    """Add what the mean of each word is to change by to all that it is the mean of."""
    documents, vectors = model.documents, model.words
    start, stop, b, n = block
    low, high = max(start - b, 0), min(stop + b, n)
    near = min(low + b, stop)  # words from here on are too far from the first one
    for at in range(0, len(lanes) * 8, WIDTH):
        total = zeros()
        for p in range(start, near):
            total = plus(total, load(change, (p - start) * row + at))
        rest = total
        for p in range(near, stop):
            rest = plus(rest, load(change, (p - start) * row + at))
        for t in range(own.size):
            add_to(documents, own[t] * row + at, rest)
        for q in range(low, high):
            if q + b < stop:
                total = plus(total, load(change, (q + b - start) * row + at))
            x = total
            if start <= q < stop:
                x = minus(x, load(change, (q - start) * row + at))
            add_to(vectors, words[q] * row + at, x)
            if q - b >= start:
                total = minus(total, load(change, (q - b - start) * row + at))


@kernel
def mean(ids, keep, tags, model, noise_table, scratch, states, step, lanes):
    """Learn from one piece of the corpus, by means; arguments and result as of `paragraph.bag`.

    `scratch` is a `Scratch` of one slot. Words always learn, too.
    """
    outputs = model.outputs
    accept, alias = noise_table.accept, noise_table.alias
    words, targets, repeats = scratch.words, scratch.targets, scratch.repeats
    hidden, shares, change, at = scratch.hidden, scratch.shares, scratch.change, scratch.at
    errors, weights = scratch.errors, scratch.weights
    row = (len(lanes) + 1) // 2 * ROW
    n_noise = errors.size // BLOCK - 1
    columns = PAIRS * n_noise + BLOCK
    for c in range(BLOCK):
        at[c] = c * row
    zero = np.int64(0)  # a literal 0 would be a type of its own: everything compiled twice
    total, blocks, loss, terms = 0, 0, 0.0, 0
    state = np.uint64(states[0])
    for rate in step.rates:
        begin, text = 0, 0
        while begin < ids.size:
            if text < states.size:
                state = np.uint64(states[text])
            n, begin, state = take_text(ids, begin, keep, state, words, 0)
            state = np.uint64(state)  # a Python int, when run uncompiled
            for p in range(n, n + BLOCK):
                words[p] = 0
            total += n
            count_repeats(words, n, max(BLOCK, step.window), repeats)
            number = step.text + text
            own = tags.numbers[tags.offsets[number] : tags.offsets[number + 1]]
            state = np.uint64(draw_noise(accept, alias, state, targets, columns, targets.size))
            for p in range(min(BLOCK + step.window, n)):
                fetch_far(model.words, words[p] * row, lanes)
            for p in range(min(BLOCK, n)):
                fetch_far(outputs, words[p] * row, lanes)
            stop = 0
            while stop < n:
                start = stop
                state = state * MULTIPLIER + INCREMENT
                b = 1 + below(state, step.window)
                centres, scale = choose_centres(repeats, start, b, n, step.limit)
                stop = block_end(start, n, centres)
                block = (start, stop, b, n)
                state = np.uint64(draw_block(targets, n_noise, words, start, accept, alias, state))
                for p in range(stop, min(stop + BLOCK, n)):
                    fetch_far(outputs, words[p] * row, lanes)
                for p in range(stop + step.window, min(stop + step.window + BLOCK, n)):
                    fetch_far(model.words, words[p] * row, lanes)
                count = stop - start
                take_means(hidden, shares, model, own, words, block, row, lanes)
                products(hidden, at, outputs, targets, row, zero, errors, count, n_noise, lanes)
                weigh(weights, targets, n_noise, count, rate * scale, step.share)
                if blocks % MEASURED == 0:
                    sums = weigh_losses(errors, weights, zero, errors.size)
                    loss += sums[0] / (rate * scale)
                    terms += sums[1]
                blocks += 1
                weigh_errors(errors, weights, zero, errors.size)
                exchange_all(
                    *(change, zero, hidden, at, outputs, targets, row, zero, errors),
                    *(count, n_noise, row, lanes),
                )
                spread(model, own, words, change, block, row, lanes)
            if text < states.size:
                states[text] = state
            text += 1
    return total, loss, terms
