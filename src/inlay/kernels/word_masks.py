"""The tokenizer "words" over running text, 64 bytes at a time.

What is a word, white space or an apostrophe becomes the bits of numbers, one for each kind and 64
bytes, from which follows where tokens begin and end. Only characters beyond ASCII are looked up
one by one. As in `inlay.kernels.words`, a piece between white space that has an `OTHER` is left to
the pattern, and comes out whole.
"""

import numpy as np

from inlay.kernels.compiled import njit
from inlay.kernels.masks import equal64, lowest, within64
from inlay.kernels.word_keys import quick_key
from inlay.kernels.words import APOSTROPHE, OTHER, SPACE, WORD, _kind_at

U0, U1, U2, U3, U63, U64 = (np.uint64(k) for k in (0, 1, 2, 3, 63, 64))
FEED = np.uint8(0x0A)
FEED_KEY = np.uint64(1 << 56 | 0x0A)  # of a line feed as a word

kernel = njit(cache=True, nogil=True)
part = njit(cache=True, nogil=True, forceinline=True)


@part
def _letters(text, at):
    """Which of 64 bytes are ASCII's letters, digits and underscores."""
    found = within64(text, at, np.uint8(0x61), np.uint8(0x7A))
    found |= within64(text, at, np.uint8(0x41), np.uint8(0x5A))
    found |= within64(text, at, np.uint8(0x30), np.uint8(0x39))
    return found | equal64(text, at, np.uint8(0x5F))


@part
def _whole(leads, before, behind):
    """Characters by their first bytes: all bytes of each, that of the 64 before among them."""
    found = leads
    for _ in range(3):
        found |= (found << U1 | before) & behind
    return found


@kernel
def split_text(text, size, classes, items, hard):
    """Find the tokens and line ends of `text[:size]`.

    Args:
        text: uint8, valid UTF-8 that ends between two words, with 64 more bytes of spaces, U+0020,
            beyond `size`.
        size: Where the text ends.
        classes: uint8 `(65536,)`, as for `inlay.kernels.words.split_words`.
        items: `(keys, starts, stops)`: uint64, int32 and int32, at least `size` of each; receive
            each token's key, 0 for a line end and a hard piece, and where it begins and ends.
        hard: `(at, keys, starts, stops)`: int32 and the same, at least `size` of each; receive
            which items are pieces that have an `OTHER`, and what they would be as tokens.

    Returns:
        How many items there are, and how many of them are hard.
    """
    keys, starts, stops = items
    others = hard[0]  # first, where each `OTHER` is
    at, end = U0, np.uint64(size)
    begun = ended = found = U0
    words, tokens = U0, U0  # which bytes of the last 64 are of words, and of any token
    while at < end:
        feeds = equal64(text, at, FEED)
        spaces = within64(text, at, np.uint8(0x09), np.uint8(0x0D)) & ~feeds
        spaces |= within64(text, at, np.uint8(0x1C), np.uint8(0x20))
        quotes = equal64(text, at, np.uint8(0x27))
        before, words = words >> U63, _letters(text, at)
        wide, behind = within64(text, at, np.uint8(0x80), np.uint8(0xFF)), U0
        if wide != U0:
            behind = within64(text, at, np.uint8(0x80), np.uint8(0xBF))  # in a character
            leads = wide & ~behind
            while leads != U0:
                place, bit = lowest(leads), leads & ~(leads - U1)
                leads ^= bit
                kind, _ = _kind_at(text, at + place, classes)
                if kind == WORD:
                    words |= bit
                elif kind == SPACE:
                    spaces |= bit
                elif kind == APOSTROPHE:
                    quotes |= bit
                elif kind == OTHER:
                    others[found] = at + place
                    found += U1
            words = _whole(words, before, behind)
            spaces = _whole(spaces, ~tokens >> U63, behind)
        while quotes != U0:
            place, bit = lowest(quotes), quotes & ~(quotes - U1)
            quotes ^= bit
            if (words << U1 | before) & bit != U0:
                width = U1 if text[at + place] == 0x27 else U3
                kind, _ = _kind_at(text, at + place + width, classes)
                if kind == WORD:
                    words |= bit | ((bit << U1 | bit << U2) & behind)
        joined = words & (words << U1 | before) | behind
        last = ~spaces << U1 | tokens >> U63
        tokens = ~spaces
        first, last = tokens & ~joined, last & ~joined
        while first != U0:
            starts[begun] = at + lowest(first)
            begun += U1
            first &= first - U1
        while last != U0:
            stops[ended] = at + lowest(last)
            ended += U1
            last &= last - U1
        at += U64
    if ended < begun:
        stops[ended] = size
    n, n_hard = np.int64(begun), 0
    if found != U0:
        n, n_hard = _joined(text, items, n, hard, np.int64(found))
    for i in range(n):
        key = quick_key(text, starts[i], stops[i])
        keys[i] = key if key != FEED_KEY else U0
    for i in range(n_hard):
        item = hard[0][i]
        hard[1][i] = keys[item]
        keys[item] = U0
    return n, n_hard


@kernel
def _joined(text, items, n, hard, found):
    """Make the tokens of each piece that has an `OTHER` one item; as `split_text`."""
    _, starts, stops = items
    others, _, hard_starts, hard_stops = hard
    size = n_hard = other = begin = 0
    while begin < n:
        end = begin + 1
        if text[starts[begin]] != FEED:
            while end < n and starts[end] == stops[end - 1] and text[starts[end]] != FEED:
                end += 1
        stop = stops[end - 1]
        if other < found and others[other] < stop:
            while other < found and others[other] < stop:
                other += 1
            starts[size], stops[size] = starts[begin], stop
            others[n_hard] = size
            hard_starts[n_hard], hard_stops[n_hard] = starts[size], stop
            size += 1
            n_hard += 1
        else:
            for i in range(begin, end):
                starts[size], stops[size] = starts[i], stops[i]
                size += 1
        begin = end
    return size, n_hard
