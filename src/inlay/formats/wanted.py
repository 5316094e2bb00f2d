"""The lines of a text that `keep` asks for, found by their first field, and no others read."""

import re
from typing import Any, NamedTuple

import numpy as np

from inlay.aliases import Array
from inlay.core import Tokens

SEPARATOR = re.compile("[ \t]")
AT_ONCE = 1 << 14  # lines
MARKED = 4  # tokens, or a few less, that have 64 marks: then one in 20 others looks wanted


class WantedLines(NamedTuple):
    """Some lines of a window, one behind the other.

    Attributes:
        text: uint8 `(bytes,)`.
        numbers: int64 `(lines,)`: how many lines of the window stand before each.
        passed: Lines of the window that were looked at.
        stop: Where in the window the first one that was not begins.
    """

    text: Array
    numbers: Array
    passed: int
    stop: int


class Wanted:
    """What the lines that are wanted begin with.

    Args:
        tokens: Those that are kept. A token may hold spaces, so it is its first field that tells.
    """

    def __init__(self, tokens: Tokens) -> None:
        from inlay.kernels.lines import mark_fields

        blob = tokens.blob.tobytes()
        if b" " in blob or b"\t" in blob:
            fields = {SEPARATOR.split(token, maxsplit=1)[0] for token in tokens}
            tokens = Tokens.from_list(sorted(fields))
        self._index = tokens.checked_index()
        self._marks = np.zeros(1 << max(len(tokens) // MARKED, 1).bit_length(), np.uint64)
        mark_fields(tokens.blob, tokens.offsets, self._marks)
        # Written again and again: new memory would have to be cleared each time.
        self._spans, self._numbers = np.empty((AT_ONCE, 2), np.int64), np.empty(AT_ONCE, np.int64)
        self._text = np.empty(0, np.uint8)

    def lines(self, window: Array, start: int, stop: int) -> WantedLines:
        """The lines of `window[start:stop]`, which holds whole ones, that may be wanted.

        Those that it gives are good until the next call.
        """
        from inlay.kernels.lines import wanted_lines
        from inlay.kernels.parse import copy_spans

        found = (self._spans, self._numbers)
        n, passed, end = wanted_lines(window, start, stop, *self._index, self._marks, *found)
        spans = self._spans[:n]
        size = int((spans[:, 1] - spans[:, 0]).sum())
        if size > self._text.size:
            self._text = np.empty(size * 5 // 4, np.uint8)
        copy_spans(window, spans, self._text, np.empty(n + 1, np.int64))
        return WantedLines(self._text[:size], self._numbers[:n], passed, end)


def wanted_of(keep: Any) -> Wanted | None:
    """What lines may begin with, where the tokens that are kept can be listed."""
    return Wanted(keep) if isinstance(keep, Tokens) else None
