"""Rows of texts for fastText's classifier: those of words, of parts of words, of runs of words.

A text is its words and, behind them, one more for its end, `</s>`. Words i to j of it, up to
`word_ngrams` of them, are hashed together into one of `bucket` buckets:

    h = hash[i];  h = h * 116049371 + hash[k] for k = i + 1 ... j;  the bucket is h modulo `bucket`

in 64 bits, where the hash of a word is the 32 bits of `inlay.kernels.ngrams.fasttext_hash`, widened
with its sign. Words that have no row of their own are hashed too. Only buckets that texts have met
have rows, which stand behind those of the words.

What is known of distinct words, and of one more for the end of a text, is a tuple:

    own        int32 `(n + 1,)`    a word's own row; -1: none; -2: a label, passed over
    hashes     uint64 `(n + 1,)`
    part_ends  int64 `(n + 2,)`    the buckets of word i's parts are from `part_ends[i]` on
    parts      int32               as `inlay.kernels.subword_rows` finds them, with no places

Source: Joulin et al. 2017, Bag of Tricks for Efficient Text Classification, section 2.2;
https://github.com/facebookresearch/fastText, src/dictionary.cc, `addWordNgrams`.
"""

import numpy as np

from inlay.kernels.compiled import njit
from inlay.kernels.ngrams import fasttext_hash

MULTIPLIER = np.uint64(116049371)
SIGN_32, WIDENED = np.uint64(0x80000000), np.uint64(0xFFFFFFFF00000000)
NO_ROW, LABEL = -1, -2
GROUP = 4  # rows of a text are filled up to a multiple of this
MOST = 255  # that a weight can be

kernel = njit(cache=True, nogil=True, error_model="numpy")


@kernel
def hash_words(blob, offsets, out):
    """Write the hash of each word, its sign widened to 64 bits: uint64 `(n,)`."""
    for w in range(offsets.size - 1):
        h = np.uint64(fasttext_hash(blob, offsets[w], offsets[w + 1]))
        out[w] = h | WIDENED if h & SIGN_32 else h


@kernel
def gather(ids, words, buckets, settings, running, rows, ends, totals):
    """Write the rows of texts; returns how many buckets are known then.

    Args:
        ids: int32: the numbers of distinct words; -1 ends a text.
        words: See above.
        buckets: `slots`, int32 `(bucket,)`: the row of each bucket, or -1; `met`, int32: the
            bucket of each row behind those of words; `counts`, int32: how often it was met. The
            last two are written where `learns`, and have room for all buckets.
        settings: `word_ngrams`; how many tokens of a text are read; how many rows stand before
            those of buckets; how many buckets are known; whether it `learns` new buckets; whether
            one without a row counts among the `totals` all the same.
        running: uint64 `(word_ngrams,)`, work space.
        rows: int32, written, with room for all.
        ends: int64 `(texts + 1,)`, written: where the rows of each text begin.
        totals: int32 `(texts,)`, written: of how many rows each is the mean.
    """
    own, hashes, part_ends, parts = words
    slots, met, counts = buckets
    word_ngrams, limit, first, known, learns, counts_all = settings
    bucket = np.uint64(slots.size)
    at, text, total, n_tokens, n_before = 0, 0, 0, 0, 0
    ends[0] = 0
    for i in range(ids.size):
        is_end = ids[i] < 0
        if not is_end and n_tokens >= limit:
            continue
        word = own.size - 1 if is_end else np.int64(ids[i])
        n_tokens += 1
        if own[word] != LABEL:
            if own[word] >= 0:
                rows[at] = own[word]
                at += 1
                total += 1
            h = hashes[word]
            n_runs = min(n_before, word_ngrams - 1)
            n_parts = part_ends[word + 1] - part_ends[word]
            for k in range(n_parts + n_runs):
                if k < n_parts:
                    slot = np.int64(parts[part_ends[word] + k])
                else:
                    back = n_runs - (k - n_parts)  # the longest first: shorter ones are needed
                    running[back] = running[back - 1] * MULTIPLIER + h
                    slot = np.int64(running[back] % bucket)
                row = np.int64(slots[slot])
                if row < 0 and learns:
                    row = first + known
                    slots[slot] = np.int32(row)
                    met[known] = np.int32(slot)
                    known += 1
                if row >= 0:
                    rows[at] = np.int32(row)
                    at += 1
                    if learns:
                        counts[row - first] += 1
                if row >= 0 or counts_all:
                    total += 1
            running[0] = h
            n_before += 1
        if is_end:
            ends[text + 1] = at
            totals[text] = total
            text += 1
            total, n_tokens, n_before = 0, 0, 0
    return known


@kernel
def merge(rows, ends, rank, seen, merged, weights, merged_ends):
    """Give each row of a text once, with how often it is there; returns how many there are.

    The lists are filled up to a multiple of `GROUP` by weights of 0.

    Args:
        rows: int32, of `gather`.
        ends: int64 `(texts + 1,)`, of `gather`.
        rank: int32: what each row is called from now on.
        seen: int64 `(rows,)` of -1: work space.
        merged: int32, written; with room for the rows and `GROUP - 1` for each text.
        weights: uint8, written: how often. A row that comes more than `MOST` times is given again.
        merged_ends: int64 `(texts + 1,)`, written.
    """
    at = 0
    merged_ends[0] = 0
    for text in range(ends.size - 1):
        begin = at
        for k in range(ends[text], ends[text + 1]):
            row = rank[rows[k]]
            place = seen[row]
            if place >= begin and weights[place] < MOST:
                weights[place] += 1
            else:
                merged[at] = row
                weights[at] = 1
                seen[row] = at
                at += 1
        while at % GROUP:
            merged[at] = merged[begin]
            weights[at] = 0
            at += 1
        merged_ends[text + 1] = at
    return at
