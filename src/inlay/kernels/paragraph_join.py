"""Paragraph vectors by a distributed memory of vectors side by side (PV-DM, concatenation).

A word is predicted from each place beside it by a row of its own, so that their order counts. See
`inlay.kernels.paragraph_memory`.
"""

import numpy as np

from inlay.kernels.logistic import weigh_errors, weigh_losses
from inlay.kernels.paragraph import MEASURED, block_end, take_text
from inlay.kernels.paragraph_memory import (
    PAIRS,
    draw_block,
    exchange_all,
    products,
    pull,
    weigh,
)
from inlay.kernels.rows import ROW, part
from inlay.kernels.sampling import BLOCK, choose_centres, count_repeats, draw_noise, kernel


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
                    sums = weigh_losses(errors, weights, zero, errors.size)
                    loss += sums[0] / (rate * scale)
                    terms += sums[1]
                blocks += 1
                weigh_errors(errors, weights, zero, errors.size)
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
