"""What looks like text vectors and is none: matrices without tokens, lists of pairs or counts.

A file without a header does not say where its tokens end. Any lines that end in numbers can be
read as such a file, and the result would be a table that answers every question wrongly. Whoever
says the dimension has said where the tokens end, and is believed.
"""

import numpy as np

from inlay.aliases import Array
from inlay.core import Table
from inlay.errors import FormatError
from inlay.formats.format_options import TextFormat
from inlay.formats.line_rules import NUMBER

# So many equal tokens, and a tenth of the rows, are no accident, nor so many numbers in order.
DOZEN = 12

_STARTS_NUMBER = np.zeros(256, bool)
_STARTS_NUMBER[np.frombuffer(b"0123456789+-.", np.uint8)] = True


class Doubts:
    """What speaks against a file, gathered while all of its lines are read."""

    def __init__(self) -> None:
        self._rows = self._numbers = self._spaced = 0
        self._example = ""
        self._columns = False
        self._whole = np.ones(2, bool)

    def look(self, window: Array, bounds: Array, matrix: Array, spaced: int) -> None:
        """Look at some rows.

        Args:
            window: uint8 `(bytes,)`.
            bounds: int64 `(rows, 2)`: the tokens' bounds in `window`.
            matrix: float32 `(rows, dim)`.
            spaced: How many tokens so far have spaces in them.
        """
        self._spaced = spaced
        if not self._rows and len(bounds):
            # A row of column numbers, as pandas writes it: the index's name or nothing, then 0,
            # 1, 2, ... Behind a token a few of them may be an accident, if others are whole too.
            expected = bounds[0, 0] == bounds[0, 1] or matrix.shape[1] >= DOZEN
            numbered = (matrix[0] == np.arange(matrix.shape[1])).all()
            whole = (matrix[1:] == np.rint(matrix[1:])).all(axis=1)
            expected |= matrix.shape[1] > 2 and len(whole) > 0 and not whole.mean() > 0.5
            self._columns = bool(expected and numbered)
        if len(bounds) and matrix.shape[1] == 2:  # of others it is not asked
            self._whole &= (matrix == np.rint(matrix)).all(axis=0)
        self._rows += len(bounds)
        filled = bounds[bounds[:, 0] < bounds[:, 1]]
        likely = filled[_STARTS_NUMBER[window[filled[:, 0]]]]
        if 2 * len(likely) <= len(bounds):
            return  # too few to matter, whatever they are
        for start, stop in likely.tolist():
            token = window[start:stop].tobytes()
            if NUMBER.fullmatch(token):
                self._numbers += 1
                self._example = self._example or token[:20].decode()

    def check(self, name: str, table: Table, format: TextFormat) -> None:
        """Raise `FormatError` if this is hardly a table of tokens.

        Args:
            name: The file's.
            table: What was read.
            format: For what to say if it is one.
        """
        hint = f"{format.saying('dim', table.dim)} if it is one: that says where tokens end"
        rows, duplicates = (int(table.provenance[key]) for key in ("rows", "duplicates"))
        if 2 * self._numbers > self._rows:
            got = (
                f"numbers there in most lines, as {self._example!r}, as a matrix without tokens has"
            )
            hint += "; for a matrix, numpy.loadtxt and Table(tokens, matrix)"
        elif self._columns:
            got = "a first line that numbers the columns"
            hint = "remove the first line"
        elif table.dim == 1:
            got = "a single number in each line, as lists of counts, ids or similarities have"
        elif table.dim == 2 and self._rows >= DOZEN and self._whole.any():
            got = "two numbers in each line, whole ones among them, as lists of counts or ids have"
        elif 2 * self._spaced > self._rows:
            got = "several words there in most lines, as lists of pairs or of texts have"
        elif duplicates >= DOZEN and 10 * duplicates > rows:
            got = f"equal ones in {duplicates} of {rows} lines"
        else:
            return
        raise FormatError(
            name,
            expected="a table: in each line a token of its own, then its vector",
            got=got,
            hint=hint,
        )
