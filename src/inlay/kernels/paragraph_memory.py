"""Paragraph vectors by a distributed memory (PV-DM), with negative sampling, by eight words.

The vector d of a text, together with the vectors x of the words around a word w, is to predict w
and none of the drawn noise words n. What predicts, h, is either the mean of d and x (`mean`), or
all of them side by side, where output vectors are as much longer (`join`). One step for a block is

    g_w         = alpha * ((1 - s(h.w)) w  -  negative / K * sum_n s(h.n) n)
    d, each x  += their share of g_w, of all words w of the block
    outputs[w] += alpha * (1 - s(h.w)) h
    outputs[n] -= alpha * negative / K * sum_w s(h.n) h

The parts of a mean each get the whole of g, as in Mikolov's program and gensim's; parts that stand
side by side get their own part of it. The words of a block share one width, and all logits are
found before any vector is changed. Two neighbours share K noise words, each of which is read and
written once for both; not more than two, for all have the vector of the text in common, and it
takes many noise words to move it as well as the original does. A word takes (6 K + 6) * dim FLOP,
and some 8 * dim for h, in sums that slide along the text.

Source: Le and Mikolov 2014, "Distributed Representations of Sentences and Documents", 2.2.
"""

from collections import namedtuple

import numpy as np

from inlay.kernels.exchange import dots_four, dots_of_pairs
from inlay.kernels.logistic import weigh_errors, weigh_losses
from inlay.kernels.paragraph import MEASURED, block_end, four_rows, take_text
from inlay.kernels.rows import ROW, add_one, aligned_zeros, fetch, part, row_width
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
from inlay.kernels.wide import WIDTH, fma, load, splat, store, zeros

PAIRS = BLOCK // 2  # of words in a block

# Work space, see `make_scratch`.
Scratch = namedtuple(
    "Scratch", "words repeats targets hidden totals change weights errors parts at"
)


def make_scratch(size, window, n_noise, dim, slots):
    """Work space for pieces of at most `size` words; one for each thread.

    `n_noise` noise words are drawn for every two words, a multiple of 4. `slots` is 1 for the
    mean, else how many vectors stand side by side.
    """
    row, room = row_width(dim), BLOCK * (n_noise + 1)
    return Scratch(
        words=np.zeros(size + 2 * window + BLOCK, np.int32),
        repeats=np.zeros(size, np.int32),
        targets=np.zeros(2 * PAIRS * n_noise + BLOCK, np.int32),
        hidden=aligned_zeros(BLOCK * row),
        totals=aligned_zeros(row),
        change=aligned_zeros(slots * BLOCK * row),
        weights=aligned_zeros(room),
        errors=aligned_zeros(room),
        parts=aligned_zeros(room),
        at=np.zeros(BLOCK, np.int64),
    )


@part
def weigh(weights, targets, n_noise, centres, alpha, share):
    """Step sizes: (8, K) of each centre and noise word, negative; then of the 8 centres."""
    for c in range(BLOCK):
        centre = targets[PAIRS * n_noise + c]
        real = c < centres
        for k in range(n_noise):
            counts = real and targets[c // 2 * n_noise + k] != centre
            weights[c * n_noise + k] = -alpha * share if counts else np.float32(0)
        weights[BLOCK * n_noise + c] = alpha if real else np.float32(0)


@part
def four(at, c):
    """Four offsets of rows."""
    return at[c], at[c + 1], at[c + 2], at[c + 3]


@part
def shifted(rows, by):
    """Four offsets, all of them further on."""
    r0, r1, r2, r3 = rows
    return r0 + by, r1 + by, r2 + by, r3 + by


@part
def exchange_one(change, c0, a, a0, b, b0, weight, lanes):
    """Row `c0` of change = a weighted row of b, which += as much of row `a0` of a."""
    v = splat(weight)
    for i in range(0, len(lanes) * 8, WIDTH):
        z = load(b, b0 + i)
        store(change, c0 + i, fma(v, z, zeros()))
        store(b, b0 + i, fma(v, load(a, a0 + i), z))


@part
def exchange_two(change, c0, c1, a, a0, a1, b, rows, weights, w0, w1, lanes):
    """Two rows of change += four weighted rows of b, and each of these += as much of a's two.

    One after the other: a row of b that stands twice is changed twice.
    """
    r0, r1, r2, r3 = rows
    v0, v1, v2, v3 = (
        splat(weights[w0]),
        splat(weights[w0 + 1]),
        splat(weights[w0 + 2]),
        splat(weights[w0 + 3]),
    )
    u0, u1, u2, u3 = (
        splat(weights[w1]),
        splat(weights[w1 + 1]),
        splat(weights[w1 + 2]),
        splat(weights[w1 + 3]),
    )
    for at in range(0, len(lanes) * 8, WIDTH):
        x, y = load(a, a0 + at), load(a, a1 + at)
        s, t = load(change, c0 + at), load(change, c1 + at)
        z = load(b, r0 + at)
        s, t = fma(v0, z, s), fma(u0, z, t)
        store(b, r0 + at, fma(v0, x, fma(u0, y, z)))
        z = load(b, r1 + at)
        s, t = fma(v1, z, s), fma(u1, z, t)
        store(b, r1 + at, fma(v1, x, fma(u1, y, z)))
        z = load(b, r2 + at)
        s, t = fma(v2, z, s), fma(u2, z, t)
        store(b, r2 + at, fma(v2, x, fma(u2, y, z)))
        z = load(b, r3 + at)
        s, t = fma(v3, z, s), fma(u3, z, t)
        store(b, r3 + at, fma(v3, x, fma(u3, y, z)))
        store(change, c0 + at, s)
        store(change, c1 + at, t)


@kernel
def products(a, at, outputs, targets, width, base, out, centres, n_noise, lanes):
    """Of the rows `at` of a: with the noise words of each, and with its own word."""
    own = PAIRS * n_noise
    for c in range(0, centres, 2):
        for k in range(0, n_noise, 4):
            rows = shifted(four_rows(targets, c // 2 * n_noise + k, width), base)
            to = c * n_noise + k
            dots_four(a, at[c], at[c + 1], outputs, rows, out, to, to + n_noise, lanes)
    for c in range(0, centres, 4):
        rows = shifted(four_rows(targets, own + c, width), base)
        dots_of_pairs(a, four(at, c), outputs, rows, out, BLOCK * n_noise + c, lanes)


@part
def fetch_noise(outputs, targets, c, width, base, n_noise, lanes):
    """Ask for the noise of words c and c + 1 of the next block.

    Bit by bit, while this block is learned: all at once they would wait for each other.
    """
    begin = PAIRS * n_noise + BLOCK + c // 2 * n_noise
    for k in range(begin, begin + n_noise):
        fetch(outputs, targets[k] * width + base, lanes)


@kernel
def exchange_all(
    change, first, a, at, outputs, targets, width, base, errors, centres, n_noise, row, lanes
):
    """What the rows `at` of a are to change by, from row `first` on; output vectors learn of a.

    Both go by the errors of each word.
    """
    own = PAIRS * n_noise
    for c in range(centres):
        b0, weight = targets[own + c] * width + base, errors[BLOCK * n_noise + c]
        exchange_one(change, first + c * row, a, at[c], outputs, b0, weight, lanes)
    for c in range(0, centres, 2):
        c0, c1 = first + c * row, first + (c + 1) * row
        for k in range(0, n_noise, 4):
            rows = shifted(four_rows(targets, c // 2 * n_noise + k, width), base)
            w0 = c * n_noise + k
            w1 = w0 + n_noise
            exchange_two(change, c0, c1, a, at[c], at[c + 1], outputs, rows, errors, w0, w1, lanes)
        fetch_noise(outputs, targets, c, width, base, n_noise, lanes)


@kernel
def pull(documents, own, change, outputs, targets, width, errors, centres, n_noise, row, lanes):
    """Add to the texts `own` what all words of a block ask of them; nothing else learns."""
    of_words, zero, near = PAIRS * n_noise, np.int64(0), np.int64(1)  # no literals: types apart
    change[:row] = 0
    errors[BLOCK * n_noise + centres :] = 0  # these, too, came of what was there before
    for c in range(0, centres, 4):
        rows = four_rows(targets, of_words + c, width)
        add_one(change, zero, outputs, rows, errors, BLOCK * n_noise + c, near, lanes)
    for c in range(0, centres, 2):
        at = c * n_noise
        if c + 1 < centres:
            for k in range(at, at + n_noise):
                errors[k] += errors[k + n_noise]
        for k in range(0, n_noise, 4):
            rows = four_rows(targets, c // 2 * n_noise + k, width)
            add_one(change, zero, outputs, rows, errors, at + k, near, lanes)
        fetch_noise(outputs, targets, c, width, zero, n_noise, lanes)
    for t in own:
        for i in range(row):
            documents[t * row + i] += change[i]


@part
def slide(hidden, h0, totals, vectors, own, come, gone, scale, lanes):
    """Row `h0` of hidden = (totals - the row `own`) * share; then one row comes, and one goes."""
    share, more, less = scale
    u, v, w, minus = splat(share), splat(more), splat(-less), splat(np.float32(-1))
    for at in range(0, len(lanes) * 8, WIDTH):
        total = load(totals, at)
        mean = fma(minus, load(vectors, own + at), total)
        store(hidden, h0 + at, fma(u, mean, zeros()))
        total = fma(v, load(vectors, come + at), total)
        store(totals, at, fma(w, load(vectors, gone + at), total))


@kernel
def take_means(hidden, totals, model, own, words, block, row, lanes):
    """What predicts each word of a block: the mean of the words around it and of the text."""
    documents, vectors = model.documents, model.words
    start, stop, b, n = block
    one = splat(np.float32(1))
    for at in range(0, len(lanes) * 8, WIDTH):
        total = zeros()
        for t in own:
            total = fma(one, load(documents, t * row + at), total)
        for q in range(max(start - b, 0), min(start + b + 1, n)):
            total = fma(one, load(vectors, words[q] * row + at), total)
        store(totals, at, total)
    for p in range(start, stop):
        size = min(p + b + 1, n) - max(p - b, 0) - 1 + own.size
        comes, goes = p + b + 1 < n, p >= b
        come, gone = p + b + 1 if comes else p, p - b if goes else p
        scale = np.float32(1) / np.float32(size), np.float32(comes), np.float32(goes)
        rows = words[p] * row, words[come] * row, words[gone] * row
        slide(hidden, (p - start) * row, totals, vectors, *rows, scale, lanes)


@part
def spread_one(vectors, x, totals, change, come, own, gone, scale, lanes):
    """Rows of change come to the totals, and row `x` += them without `own`; then one goes."""
    more, minus, less = scale
    u, v, w, one = splat(more), splat(-minus), splat(-less), splat(np.float32(1))
    for at in range(0, len(lanes) * 8, WIDTH):
        total = fma(u, load(change, come + at), load(totals, at))
        y = fma(v, load(change, own + at), load(vectors, x + at))
        store(vectors, x + at, fma(one, total, y))
        store(totals, at, fma(w, load(change, gone + at), total))


@kernel
def spread(model, own, totals, words, change, block, row, lanes):
    """Add what the mean of each word is to change by to all that it is the mean of."""
    documents, vectors = model.documents, model.words
    start, stop, b, n = block
    low, high = max(start - b, 0), min(stop + b, n)
    one, count = splat(np.float32(1)), stop - start
    for at in range(0, len(lanes) * 8, WIDTH):
        total, first = zeros(), zeros()
        for c in range(count):
            if c == low + b - start:  # those before are near the first word
                first = total
            total = fma(one, load(change, c * row + at), total)
        store(totals, at, total if low + b >= stop else first)
        for t in own:
            store(documents, t * row + at, fma(one, total, load(documents, t * row + at)))
    for q in range(low, high):
        comes, goes, itself = q + b < stop, q - b >= start, start <= q < stop
        come = (q + b - start) * row if comes else 0
        gone = (q - b - start) * row if goes else 0
        mine = (q - start) * row if itself else 0
        scale = np.float32(comes), np.float32(itself), np.float32(goes)
        x = words[q] * row
        spread_one(vectors, x, totals, change, come, mine, gone, scale, lanes)


@part
def draw_block(targets, n_noise, words, start, accept, alias, state):
    """The targets of the block from `start`; behind them the noise of the next, drawn now.

    So its rows are on their way long before they are read. Returns the generator's state.
    """
    n_all = PAIRS * n_noise
    columns = n_all + BLOCK
    targets[:n_all] = targets[columns:]
    targets[n_all:columns] = words[start : start + BLOCK]
    return draw_noise(accept, alias, state, targets, columns, columns + n_all)


@kernel
def mean(ids, keep, tags, model, noise_table, scratch, states, step, lanes):
    """Learn from one piece of the corpus, by means; arguments and result as of `paragraph.bag`.

    `scratch` is a `Scratch` of one slot.
    """
    outputs = model.outputs
    accept, alias = noise_table.accept, noise_table.alias
    words, targets, repeats = scratch.words, scratch.targets, scratch.repeats
    hidden, totals, change, at = scratch.hidden, scratch.totals, scratch.change, scratch.at
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
            words[n : n + BLOCK] = 0
            total += n
            count_repeats(words, n, max(BLOCK, step.window), repeats)
            number = step.text + text
            own = tags.numbers[tags.offsets[number] : tags.offsets[number + 1]]
            state = np.uint64(draw_noise(accept, alias, state, targets, columns, targets.size))
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
                    fetch(outputs, words[p] * row, lanes)
                for p in range(stop + b, min(stop + b + BLOCK, n)):
                    fetch(model.words, words[p] * row, lanes)
                count = stop - start
                take_means(hidden, totals, model, own, words, block, row, lanes)
                products(hidden, at, outputs, targets, row, zero, errors, count, n_noise, lanes)
                weigh(weights, targets, n_noise, count, rate * scale, step.share)
                if step.learns and blocks % MEASURED == 0:
                    sums = weigh_losses(errors, weights, 0, errors.size)
                    loss += sums[0] / (rate * scale)
                    terms += sums[1]
                blocks += 1
                weigh_errors(errors, weights, 0, errors.size)
                if step.learns:
                    exchange_all(
                        *(change, zero, hidden, at, outputs, targets, row, zero, errors),
                        *(count, n_noise, row, lanes),
                    )
                    spread(model, own, totals, words, change, block, row, lanes)
                else:
                    pull(
                        *(model.documents, own, change, outputs, targets, row, errors),
                        *(count, n_noise, row, lanes),
                    )
            if text < states.size:
                states[text] = state
            text += 1
    return total, loss, terms


@kernel
def join(ids, keep, tags, model, noise_table, scratch, states, step, lanes):
    """Learn from one piece of the corpus, by vectors side by side; see `paragraph.bag`.

    Each text has one tag. Output vectors are `1 + 2 * window` rows: of the text, and of the words
    from `window` places before to as many behind. The last row of `model.words` stands where there
    is no word, and is learned like them.
    """
    documents, vectors, outputs = model.documents, model.words, model.outputs
    accept, alias = noise_table.accept, noise_table.alias
    words, targets, repeats = scratch.words, scratch.targets, scratch.repeats
    errors, parts, weights = scratch.errors, scratch.parts, scratch.weights
    change, at, w = scratch.change, scratch.at, step.window
    row = (len(lanes) + 1) // 2 * ROW
    width = (1 + 2 * w) * row
    n_noise = errors.size // BLOCK - 1
    columns = PAIRS * n_noise + BLOCK
    null = vectors.size // row - 1
    zero = np.int64(0)  # a literal 0 would be a type of its own: everything compiled twice
    total, blocks, loss, terms = 0, 0, 0.0, 0
    state = np.uint64(states[0])
    words[:w] = null
    for rate in step.rates:
        begin, text = 0, 0
        while begin < ids.size:
            if text < states.size:
                state = np.uint64(states[text])
            n, begin, state = take_text(ids, begin, keep, state, words, w)
            state = np.uint64(state)  # a Python int, when run uncompiled
            words[w + n : w + n + w + BLOCK] = null
            total += n
            own = words[w:]
            count_repeats(own, n, max(BLOCK, w), repeats)
            number = step.text + text
            own_text = tags.numbers[tags.offsets[number] : tags.offsets[number + 1]]
            d = own_text[0] * row
            state = np.uint64(draw_noise(accept, alias, state, targets, columns, targets.size))
            stop = 0
            while stop < n:
                start = stop
                centres, scale = choose_centres(repeats, start, w, n, step.limit)
                stop = block_end(start, n, centres)
                state = np.uint64(draw_block(targets, n_noise, own, start, accept, alias, state))
                count = stop - start
                for c in range(columns - BLOCK + count, columns):
                    targets[c] = 0  # the null word has no output vector
                at[:] = d
                products(
                    documents, at, outputs, targets, width, zero, errors, count, n_noise, lanes
                )
                for j in range(1, 1 + 2 * w):
                    beside(at, words, start, j, w, row)
                    base = j * row
                    products(
                        *(vectors, at, outputs, targets, width, base, parts, count, n_noise, lanes)
                    )
                    errors += parts
                weigh(weights, targets, n_noise, count, rate * scale, step.share)
                if step.learns and blocks % MEASURED == 0:
                    sums = weigh_losses(errors, weights, 0, errors.size)
                    loss += sums[0] / (rate * scale)
                    terms += sums[1]
                blocks += 1
                weigh_errors(errors, weights, 0, errors.size)
                if not step.learns:
                    pull(
                        *(documents, own_text, change, outputs, targets, width, errors),
                        *(count, n_noise, row, lanes),
                    )
                    continue
                at[:] = d
                exchange_all(
                    *(change, zero, documents, at, outputs, targets, width, zero, errors),
                    *(count, n_noise, row, lanes),
                )
                for j in range(1, 1 + 2 * w):
                    beside(at, words, start, j, w, row)
                    base = j * row
                    exchange_all(
                        *(change, BLOCK * base, vectors, at, outputs, targets, width, base),
                        *(errors, count, n_noise, row, lanes),
                    )
                for j in range(1, 1 + 2 * w):
                    beside(at, words, start, j, w, row)
                    add_rows(vectors, at, change, BLOCK * j * row, count, row)
                at[:] = d
                add_rows(documents, at, change, zero, count, row)
            if text < states.size:
                states[text] = state
            text += 1
    return total, loss, terms


@kernel
def add_rows(a, at, change, first, centres, row):
    """Add rows of change, from `first` on, to the rows `at` of a, one after the other."""
    for c in range(centres):
        for i in range(row):
            a[at[c] + i] += change[first + c * row + i]


@part
def beside(at, words, start, j, w, row):
    """The rows of what stands in place `j` beside each word; `words` begins `w` places before."""
    by = j - 1 if j <= w else j
    for c in range(BLOCK):
        at[c] = words[start + c + by] * row
