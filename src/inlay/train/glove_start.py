"""What GloVe goes on from: sums of two vectors, which are taken apart again."""

import numpy as np

from inlay.aliases import Array
from inlay.core import Table
from inlay.train.start import BLOCK, Start


class GloVeStart(Start):
    """A table to go on from, each vector of which is that of a word and that of a context.

    Of a table of GloVe's the context vectors are known, if it has them still. Those that another
    method learned are of another kind; then, and where there are none, each is half of the sum.
    """

    def fill_both(self, words: Array, contexts: Array, places: Array, of: Array) -> None:
        """Begin with the vectors of the table, of which the two are the sum.

        Args:
            words: float32 `(rows, dim)`, written.
            contexts: The same.
            places: The row of each word.
            of: Which row of the table each word is, or -1.
        """
        context = self._context()
        if context is not None:
            there = context.tokens.find_all(self.table.tokens)
        for at in range(0, of.size, BLOCK):
            here = at + np.flatnonzero(of[at : at + BLOCK] >= 0)
            both = np.asarray(self.table._rows[of[here]], np.float32)
            second = both / 2
            if context is not None:
                rows = there[of[here]]
                second[rows >= 0] = context._rows[rows[rows >= 0]]
            words[places[here]], contexts[places[here]] = both - second, second

    def _context(self) -> Table | None:
        context = self.table.parts.get("context")
        is_ours = self.table.provenance.get("model") == "GloVe"
        return (
            context if is_ours and context is not None and context.dim == self.table.dim else None
        )
