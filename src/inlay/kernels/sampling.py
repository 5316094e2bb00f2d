"""What the kernels of word2vec share: words thinned out, noise words drawn, the draws themselves.

Source: Mikolov et al. 2013, "Distributed Representations of Words and Phrases and their
Compositionality", section 2.3; Vose 1991 (the alias method).
"""

from collections import namedtuple

import numpy as np

from inlay.kernels.compiled import njit
from inlay.kernels.rows import FAST, part

# The vectors, each flat float32 (vocab_size * row).
Model = namedtuple("Model", "inputs outputs")
# Noise words by the alias method: uint32 and int32 (vocab_size,).
Noise = namedtuple("Noise", "accept alias")
# What a step needs, whatever the kernel: float32 alpha; int64 window; bool shrink, whether each
# width is drawn from 1 to the window; bool mean, whether CBOW takes the mean or the sum; float32
# share of a noise word, negative / K; float32 limit above 0, see `choose_centres`; uint64 seed.
Step = namedtuple("Step", "alpha window shrink mean share limit seed")

BLOCK = 8  # centre words a step; a multiple of 4
PAD = BLOCK + 4  # words that a block may read beyond the last one
MEASURED = 8  # of so many blocks the loss of one is measured

kernel = njit(cache=True, nogil=True, fastmath=FAST, error_model="numpy")

MULTIPLIER = np.uint64(6364136223846793005)  # Knuth's 64-bit linear congruential generator
INCREMENT = np.uint64(1442695040888963407)
MAX_32 = 2**32 - 1
HIGH = np.uint64(32)  # of its bits only the upper half is random enough


def make_noise(weights):
    """The alias table that draws word i in proportion to `weights[i]` (not negative, not all 0).

    A slot is drawn evenly; it gives its own number with probability `accept / 2**32`, else its
    alias.
    """
    chance = np.asarray(weights, np.float64)
    chance = chance * (chance.size / chance.sum())
    accept = np.full(chance.size, 2**32 - 1, np.uint32)
    alias = np.arange(chance.size, dtype=np.int32)
    pair_slots(chance, accept, alias)
    return Noise(accept, alias)


def keep_thresholds(counts, sample):
    """How often each word is kept, of 2**32, less one: uint32 `(vocab_size,)`; see `subsample`.

    The share kept is `sqrt(t / f) + t / f` for a share f of the corpus, as in Mikolov's program
    (his paper has another formula).
    """
    if sample == 0:
        return np.full(len(counts), MAX_32, np.uint32)
    ratio = sample * counts.sum() / counts
    return np.minimum((np.sqrt(ratio) + ratio) * 2.0**32, MAX_32).astype(np.uint32)


@kernel
def pair_slots(chance, accept, alias):
    """Vose's method: each slot below 1 is filled up by a word that has more than 1 left."""
    n = chance.size
    small, large = 0, 0
    while small < n and chance[small] >= 1:
        small += 1
    while large < n and chance[large] < 1:
        large += 1
    slot = small
    while slot < n and large < n:
        accept[slot] = np.uint32(chance[slot] * 4294967295.0)
        alias[slot] = large
        chance[large] -= 1 - chance[slot]
        if chance[large] < 1 and large < small:
            # Passed over already while it was large: it is filled at once.
            slot = large
        else:
            small += 1
            while small < n and chance[small] >= 1:
                small += 1
            slot = small
        while large < n and chance[large] < 1:
            large += 1


@part
def below(state, n):
    """A whole number under `n`, from the state's upper half."""
    return np.int64(((state >> HIGH) * np.uint64(n)) >> HIGH)


@part
def subsample(ids, keep, state, words, left, right):
    """Copy the words that are kept, and for each the bounds of its sentence.

    Word i stays with probability `(keep[i] + 1) / 2**32`; -1 in `ids` ends a sentence.
    Returns how many stayed, and the generator's state.
    """
    n = 0
    start = 0
    for i in range(ids.size):
        word = ids[i]
        if word < 0:
            left[start:n] = start
            right[start:n] = n
            start = n
        else:
            state = state * MULTIPLIER + INCREMENT
            words[n] = word
            n += (state >> HIGH) <= keep[word]
    left[start:n] = start
    right[start:n] = n
    return n, state


@part
def take(into, at, words, first, size):
    """Copy `words[first : first + size]`; numba's own slices take seconds to compile."""
    for i in range(size):
        into[at + i] = words[first + i]


@part
def draw_noise(accept, alias, state, words, start, stop):
    """Fill `words[start:stop]` with noise words; returns the generator's state."""
    for k in range(start, stop):
        state = state * MULTIPLIER + INCREMENT
        slot = below(state, accept.size)
        state = state * MULTIPLIER + INCREMENT
        other = alias[slot]
        words[k] = slot if (state >> HIGH) < accept[slot] else other
    return state


@part
def count_repeats(words, n, reach, repeats):
    """`repeats[i]`: how many of the `reach` words before word i are that word."""
    repeats[:n] = 0
    for by in range(1, reach + 1):
        for i in range(by, n):
            repeats[i] += words[i] == words[i - by]


@part
def choose_centres(repeats, start, b, n, limit):
    """How many centres the block from `start` takes, and what to multiply its step sizes by.

    A block adds up what its pairs ask of a vector, all from the same starting point. Where a
    word stands r times ("- - - -"), c centres ask up to r c times as much of it as a pair does,
    and a sum that goes far beyond the goal makes vectors grow without bound. So r c <= `limit`,
    and where even one centre is too much, its steps are smaller. Fewer centres cost as much
    time as eight.
    """
    most = 1
    for p in range(max(start - b, 0), min(start + BLOCK + b, n)):
        most = max(most, repeats[p] + 1)
    room = min(limit / np.float32(most), np.float32(BLOCK))
    return max(1, int(room)), min(np.float32(1), room)
