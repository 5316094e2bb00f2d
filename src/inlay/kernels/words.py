"""The tokenizer "words" over bytes, where characters stand for themselves alone.

The caller says of each code point below U+10000 what it is. Whatever joins others (combining marks,
joiners, emoji beyond U+FFFF) is `OTHER`, and a piece that has one is left to the pattern of
`inlay.tokenizers.words`, with which all else here agrees.
"""

import numpy as np

from inlay.kernels.compiled import njit
from inlay.kernels.word_keys import key_of

SPACE, WORD, SYMBOL, APOSTROPHE, OTHER = 0, 1, 2, 3, 4

kernel = njit(cache=True, nogil=True)
part = njit(cache=True, nogil=True, forceinline=True)


@part
def _kind_at(text, at, classes):
    """What the character at `at` is, and its bytes."""
    first = np.int64(text[at])
    if first < 0x80:
        return classes[first], 1
    if first < 0xE0:
        return classes[(first & 0x1F) << 6 | np.int64(text[at + 1]) & 0x3F], 2
    if first < 0xF0:
        middle = (np.int64(text[at + 1]) & 0x3F) << 6
        return classes[(first & 0x0F) << 12 | middle | np.int64(text[at + 2]) & 0x3F], 3
    return np.uint8(OTHER), 4


@kernel
def split_words(text, offsets, classes, items, counts):
    """Split pieces of text into words and symbols; returns how many items there are.

    Args:
        text: uint8, valid UTF-8: piece `i` is `text[offsets[i]:offsets[i + 1]]`.
        offsets: int64 `(pieces + 1,)`.
        classes: uint8 `(65536,)`: `SPACE`, `WORD` and so on, for each code point.
        items: `(keys, starts, stops)`: uint64, int32 and int32, as many each as there are bytes.
        counts: int64 `(pieces,)`; receives how many items a piece has, -1 if it has an `OTHER`.
    """
    keys, starts, stops = items
    n = 0
    for i in range(counts.size):
        before, at, end = n, offsets[i], offsets[i + 1]
        is_plain = True
        while is_plain and at < end:
            kind, width = _kind_at(text, at, classes)
            start = at
            at += width
            if kind == SPACE:
                continue
            is_plain = kind != OTHER
            while kind == WORD and at < end:
                then, width = _kind_at(text, at, classes)
                if then == WORD:
                    at += width
                elif then == APOSTROPHE and at + width < end:
                    behind, _ = _kind_at(text, at + width, classes)
                    if behind != WORD:
                        break
                    at += width
                else:
                    is_plain = then != OTHER
                    break
            keys[n] = key_of(text, start, at)
            starts[n] = start
            stops[n] = at
            n += 1
        counts[i] = n - before
        if not is_plain:
            counts[i], n = -1, before
    return n
