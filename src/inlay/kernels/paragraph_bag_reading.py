"""Vectors of new texts by a distributed bag of words (PV-DBOW): all else stands still.

Only the vector d of a text moves, so that the step of a block of B words w, up to eight, is

    d += alpha * (sum_w (1 - s(d.w)) w  -  negative B / K * sum_n s(d.n) n)

with K noise words n; see `inlay.kernels.paragraph`. All logits come from the same d. Where words do
not learn, much of it is cheaper:

- Their rows take half the room (`inlay.kernels.halves`), and nothing is written but d.
- A time through a text begins anywhere in a pool of noise words that were drawn at random, and
  takes those that follow: one draw for a text, and the next words are on their way by themselves.
- A text is gone through as often as it must be before the next one: its rows stay near.

At 100 dimensions and K = 8, on IMDB's 42,000 words, a word that is kept takes 29 ns (55 by the
kernel of the training with its words held still). By what each part saves when it is left out: 12
for logits and the step of d, 5 for thinning out, 4 for asking for rows, 3 for telling noise words
from the words of a block, 2 for errors, 3 for places and the rest. If no rows were asked for ahead,
it would be 14 more.
"""

from collections import namedtuple

import numpy as np

from inlay.kernels.logistic import weigh_errors
from inlay.kernels.paragraph import block_end, take_text
from inlay.kernels.paragraph_reading import fetch_half, pull
from inlay.kernels.rows import aligned_zeros, part
from inlay.kernels.sampling import BLOCK, INCREMENT, MULTIPLIER, below, kernel
from inlay.kernels.wide import WIDTH, fma, load, lower_half, store_sums, zeros

# Work space, see `make_scratch`.
Scratch = namedtuple("Scratch", "words rows weights errors")
# What a piece needs: float32 rates, one for each time that it is gone through; int64 words of a
# block, at most BLOCK; int64 noise words K of a block; float32 share of a noise word, negative / K.
Step = namedtuple("Step", "rates block noise share")


def make_scratch(size, n_noise):
    """Work space for pieces of at most `size` words; one for each thread.

    `n_noise` noise words stand in each block, a multiple of 4.
    """
    columns = -(-(n_noise + BLOCK) // 8) * 8  # rows are taken by eight
    return Scratch(
        words=np.zeros(size + 2 * BLOCK, np.int32),
        rows=np.zeros(columns, np.int64),
        weights=aligned_zeros(columns),
        errors=aligned_zeros(columns),
    )


@part
def dot_eight(document, d, outputs, rows, first, out, half):
    """The logits of eight rows."""
    r0, r1, r2, r3 = rows[first], rows[first + 1], rows[first + 2], rows[first + 3]
    r4, r5, r6, r7 = rows[first + 4], rows[first + 5], rows[first + 6], rows[first + 7]
    s0, s1, s2, s3 = zeros(), zeros(), zeros(), zeros()
    s4, s5, s6, s7 = zeros(), zeros(), zeros(), zeros()
    for i in range(0, half, WIDTH):
        s, t = load(document, d + i), load(document, d + half + i)
        z = load(outputs, r0 + i)
        s0 = fma(t, lower_half(z), fma(s, z, s0))
        z = load(outputs, r1 + i)
        s1 = fma(t, lower_half(z), fma(s, z, s1))
        z = load(outputs, r2 + i)
        s2 = fma(t, lower_half(z), fma(s, z, s2))
        z = load(outputs, r3 + i)
        s3 = fma(t, lower_half(z), fma(s, z, s3))
        z = load(outputs, r4 + i)
        s4 = fma(t, lower_half(z), fma(s, z, s4))
        z = load(outputs, r5 + i)
        s5 = fma(t, lower_half(z), fma(s, z, s5))
        z = load(outputs, r6 + i)
        s6 = fma(t, lower_half(z), fma(s, z, s6))
        z = load(outputs, r7 + i)
        s7 = fma(t, lower_half(z), fma(s, z, s7))
    store_sums(s0, s1, s2, s3, out, first)
    store_sums(s4, s5, s6, s7, out, first + 4)


@part
def weigh(weights, pool, drawn, words, start, count, n_noise, alpha, share):
    """The step size of each row of a block: of noise, negative, then of `count` words; else 0.

    A noise word that is one of the words does not count against that word.
    """
    for k in range(n_noise):
        noise, same = pool[drawn + k], 0
        for c in range(BLOCK):
            same += (noise == words[start + c]) & (c < count)
        weights[k] = -alpha * share * np.float32(count - same)
    for c in range(BLOCK):
        weights[n_noise + c] = alpha if c < count else np.float32(0)


@kernel
def read(ids, keep, model, pool, scratch, states, step, half):
    """Learn the vectors of new texts, once for each rate; returns how many words were kept.

    Args:
        ids: int32, -1 ends a text.
        keep: uint32 `(vocab_size,)`, how often a word is kept, of 2**32.
        model: `paragraph.Model`: of documents, float32 rows of `2 * half`; outputs are packed rows,
            see `halves`, with one of zeros behind the last; words are not looked at.
        pool: int32, noise words; the first `step.noise` stand there again behind the last.
        scratch: `Scratch`, this thread's own.
        states: uint64, of each text's generator.
        step: `Step`.
        half: `half_width(dim)`.
    """
    documents, outputs = model.documents, model.outputs
    words, rows = scratch.words, scratch.rows
    weights, errors = scratch.weights, scratch.errors
    n_noise = step.noise
    n_pool = pool.size - n_noise
    nowhere = outputs.size - half
    no_word = nowhere // half
    zero = np.int64(0)  # a literal 0 would be a type of its own: everything compiled twice
    rows[:] = nowhere
    kept, end = 0, 0
    for text in range(states.size):
        state, begin, d = np.uint64(states[text]), end, text * 2 * half
        for rate in step.rates:
            n, end, state = take_text(ids, begin, keep, state, words, 0)
            kept += n
            words[n : n + 2 * BLOCK] = no_word
            state = np.uint64(state) * MULTIPLIER + INCREMENT  # a Python int, when run uncompiled
            drawn = below(state, n_pool)
            stop = 0
            while stop < n:
                start = stop
                stop = block_end(start, n, step.block)
                for k in range(n_noise):
                    rows[k] = np.int64(pool[drawn + k]) * half
                for c in range(BLOCK):
                    rows[n_noise + c] = np.int64(words[start + c]) * half
                weigh(weights, pool, drawn, words, start, stop - start, n_noise, rate, step.share)
                drawn += n_noise
                if drawn >= n_pool:
                    drawn -= n_pool
                for k in range(n_noise):
                    fetch_half(outputs, np.int64(pool[drawn + k]) * half, half)
                for c in range(stop, stop + BLOCK):
                    fetch_half(outputs, np.int64(words[c]) * half, half)
                for k in range(0, rows.size, 8):
                    dot_eight(documents, d, outputs, rows, k, errors, half)
                weigh_errors(errors, weights, zero, rows.size)
                for k in range(0, rows.size, 8):
                    pull(documents, d, outputs, rows, errors, k, half)
        states[text] = state
    return kept
