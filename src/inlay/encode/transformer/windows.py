"""Texts that are longer than the model takes, in windows that overlap."""

import itertools
from dataclasses import dataclass

import numpy as np

from inlay.aliases import Array

OVERLAP = 4  # the part of a window that the next one begins with: a quarter


@dataclass(frozen=True, eq=False)
class Window:
    """A part of a text that runs at once.

    Attributes:
        ids: int32 `(n,)`: pieces, with the special ones around.
        begin: Where its first piece stands in the text.
        low: The first of its rows that stands for a piece of the text.
        keep: The rows whose vectors are taken from this window: each piece of the text is kept
            once, from the window in which it stands further from an edge.
    """

    ids: Array
    begin: int
    low: int
    keep: slice

    @property
    def kept(self) -> slice:
        """The pieces of the text that its kept rows stand for."""
        move = self.begin - self.low
        return slice(self.keep.start + move, self.keep.stop + move)


def windows(ids: Array, longest: int, before: Array, after: Array) -> list[Window]:
    """Cut a text into windows, as even as can be: one, if it fits.

    Args:
        ids: int32 `(n,)`: all pieces.
        longest: Pieces of a window, with the special ones; more than these.
        before: Special pieces in front of each window.
        after: Those behind it.

    Examples:
        >>> none = np.empty(0, np.int32)
        >>> [(w.ids.tolist(), w.kept) for w in windows(np.arange(6), 4, none, none)]
        [([0, 1, 2, 3], slice(0, 3, None)), ([2, 3, 4, 5], slice(3, 6, None))]
    """
    n, low = len(ids), len(before)
    most = longest - low - len(after)
    if n <= most:
        whole = np.concatenate([before, ids, after])
        return [Window(whole, 0, low, slice(low, low + n))]
    overlap = most // OVERLAP
    count = -(-(n - overlap) // (most - overlap))
    begins = [i * (n - most) // (count - 1) for i in range(count)]
    # In the middle of what two windows share.
    middles = [(b + a + most) // 2 for a, b in itertools.pairwise(begins)]
    edges = zip([0, *middles], [*middles, n], strict=True)
    return [
        Window(
            np.concatenate([before, ids[begin : begin + most], after]),
            begin,
            low,
            slice(first - begin + low, last - begin + low),
        )
        for begin, (first, last) in zip(begins, edges, strict=True)
    ]
