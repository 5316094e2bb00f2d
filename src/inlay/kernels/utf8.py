"""Whether bytes are UTF-8, 64 at a time.

Which bytes must go on a character follows from those that begin one, as the bits of numbers. What
Unicode leaves out (longer forms than needed, surrogates, what lies beyond U+10FFFF) is told by the
first two bytes of a character.
"""

import numpy as np

from inlay.kernels.compiled import njit
from inlay.kernels.masks import equal64, within64

U0, U1, U2, U3 = (np.uint64(k) for k in range(4))
U61, U62, U63, U64 = (np.uint64(k) for k in range(61, 65))

kernel = njit(cache=True, nogil=True)


@kernel
def is_utf8(text, size):
    """Whether `text[:size]` is what Python's decoder takes.

    Args:
        text: uint8, with 64 more bytes of spaces, U+0020, beyond `size`.
        size: Where the text ends.
    """
    at, end = U0, np.uint64(size)
    due = U0  # which of the next bytes go on a character
    above_20 = below_20 = above_10 = below_10 = U0  # where the second byte must be so, in 64 bytes
    while at < end:
        wide = within64(text, at, np.uint8(0x80), np.uint8(0xFF))
        if wide | due == U0:
            at += U64
            continue
        behind = within64(text, at, np.uint8(0x80), np.uint8(0xBF))
        three = within64(text, at, np.uint8(0xE0), np.uint8(0xEF))
        four = within64(text, at, np.uint8(0xF0), np.uint8(0xF4))
        first, second = wide & ~behind, three | four
        if first != within64(text, at, np.uint8(0xC2), np.uint8(0xDF)) | second:
            return False
        if behind != first << U1 | second << U2 | four << U3 | due:
            return False
        due = first >> U63 | second >> U62 | four >> U61
        high = within64(text, at, np.uint8(0xA0), np.uint8(0xBF))
        was, above_20 = above_20 >> U63, equal64(text, at, np.uint8(0xE0))
        wrong = (above_20 << U1 | was) & ~high
        was, below_20 = below_20 >> U63, equal64(text, at, np.uint8(0xED))
        wrong |= (below_20 << U1 | was) & high
        high = within64(text, at, np.uint8(0x90), np.uint8(0xBF))
        was, above_10 = above_10 >> U63, equal64(text, at, np.uint8(0xF0))
        wrong |= (above_10 << U1 | was) & ~high
        was, below_10 = below_10 >> U63, equal64(text, at, np.uint8(0xF4))
        wrong |= (below_10 << U1 | was) & high
        if wrong != U0:
            return False
        at += U64
    return due == U0
