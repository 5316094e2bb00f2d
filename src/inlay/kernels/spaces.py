"""Text between white space: where each word begins and ends, 64 bytes at a time.

Source: Langdale and Lemire 2019, "Parsing gigabytes of JSON per second", section 3.1.
"""

import numpy as np

from inlay.kernels.compiled import njit
from inlay.kernels.masks import equal64, lowest, within64
from inlay.kernels.word_keys import key_of, quick_key

WIDTH = 64  # bytes of white space that stand behind a text
U0, U1, U63, U64 = (np.uint64(k) for k in (0, 1, 63, 64))

kernel = njit(cache=True, nogil=True)
part = njit(cache=True, nogil=True, forceinline=True)


@part
def wide_space(text, at):
    """Bytes of the white space beyond ASCII at `at`, or 0: what `str.split` splits at."""
    first, second, third = text[at], text[at + U1], text[at + np.uint64(2)]
    if first == 0xC2:
        return 2 if second == 0x85 or second == 0xA0 else 0
    if first == 0xE2:
        if second == 0x80:  # U+2000 to U+200A, U+2028, U+2029, U+202F
            return 3 if third <= 0x8A or third == 0xA8 or third == 0xA9 or third == 0xAF else 0
        return 3 if second == 0x81 and third == 0x9F else 0
    if first == 0xE1:
        return 3 if second == 0x9A and third == 0x80 else 0
    return 3 if first == 0xE3 and second == 0x80 and third == 0x80 else 0


@part
def spaces64(text, at, over):
    """Which of 64 bytes are white space, as a mask, and how much of it reaches beyond them.

    `over` is how many of the first belong to a character that began before.
    """
    mask = within64(text, at, np.uint8(0x09), np.uint8(0x0D))
    mask |= within64(text, at, np.uint8(0x1C), np.uint8(0x20))
    mask |= (U1 << over) - U1
    over = U0
    wide = within64(text, at, np.uint8(0xE1), np.uint8(0xE3)) | equal64(text, at, np.uint8(0xC2))
    while wide != U0:
        place = lowest(wide)
        wide &= wide - U1
        width = np.uint64(wide_space(text, at + place))
        mask |= ((U1 << width) - U1) << place
        if place + width > U64:
            over = place + width - U64
    return mask, over


@kernel
def split(text, size, keys, starts, stops):
    """Find the words and line ends of `text[:size]`; returns how many.

    A word that reaches `size` is taken as whole: the caller cuts at white space.

    Args:
        text: uint8, valid UTF-8, with `WIDTH` more bytes of spaces, U+0020, beyond `size`.
        size: Where the text ends.
        keys: uint64, at least `size` of them; receives each word's key, 0 for a line end.
        starts: int32, as many; receives where each word begins.
        stops: int32, as many; receives where each ends.
    """
    at, end = U0, np.uint64(size)
    begun = ended = U0  # how many words
    over, before = U0, U1  # whether the byte before is a space
    while at < end:
        spaces, over = spaces64(text, at, over)
        feeds = equal64(text, at, np.uint8(0x0A))
        behind = spaces << U1 | before  # which bytes stand behind a space
        before = spaces >> U63
        first, last = ~spaces & behind, spaces & ~behind
        if feeds == U0:
            while first != U0:
                starts[begun] = at + lowest(first)
                begun += U1
                first &= first - U1
            while last != U0:
                stops[ended] = at + lowest(last)
                ended += U1
                last &= last - U1
        else:
            events = first | last | feeds
            while events != U0:
                bit = events & ~(events - U1)
                place = at + lowest(events)
                events ^= bit
                if first & bit != U0:
                    starts[begun] = place
                    begun += U1
                elif last & bit != U0:
                    stops[ended] = place
                    ended += U1
                if feeds & bit != U0:
                    starts[begun] = stops[ended] = place
                    begun += U1
                    ended += U1
        at += U64
    if ended < begun:
        stops[ended] = size
    for i in range(begun):
        keys[i] = quick_key(text, starts[i], stops[i])
    return np.int64(begun)


@kernel
def split_at_spaces(text, offsets, keys, starts, stops, counts):
    """Find what stands between spaces, U+0020, in each of some texts; returns how many.

    Args:
        text: uint8: text `i` is `text[offsets[i]:offsets[i + 1]]`.
        offsets: int64 `(texts + 1,)`.
        keys: uint64, at least half as many as bytes, and one for each text.
        starts: int32, as many; receives where each piece begins.
        stops: int32, as many; receives where each ends.
        counts: int64 `(texts,)`; receives how many pieces each text has.
    """
    n = 0
    for i in range(counts.size):
        before, at, end = n, offsets[i], offsets[i + 1]
        while at < end:
            if text[at] == 0x20:
                at += 1
                continue
            start = at
            while at < end and text[at] != 0x20:
                at += 1
            keys[n] = key_of(text, start, at)
            starts[n] = start
            stops[n] = at
            n += 1
        counts[i] = n - before
    return n
