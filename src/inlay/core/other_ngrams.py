"""Which parts of a word have rows, by the rules of finalfusion and of floret."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from inlay.aliases import Array
from inlay.core.tokens import Tokens, pack, slot_shift

# As `inlay.kernels.ngrams` numbers them.
KINDS = ("finalfusion-fasttext", "finalfusion-buckets", "finalfusion-explicit", "floret")
EXPLICIT, FLORET = KINDS[2], KINDS[3]
MOST_HASHES = 4


class OtherNgrams(NamedTuple):
    """Which parts of a word have rows, where they are not those of fastText.

    Attributes:
        kind: Whose rules they are, one of `KINDS`: see `inlay.kernels.ngrams`.
        min_n: Characters of the shortest n-gram, 1 or more; the marks are characters.
        max_n: Of the longest.
        bucket: How many rows there are.
        listed: Of `"finalfusion-explicit"`: the n-grams that have rows.
        listed_rows: Those rows, int64 `(n,)`, below `bucket`.
        hashes: Of `"floret"`: how many rows an n-gram has, 1 to 4, and the seed.
        marks: What stands before a word, and behind it.
        unit: Whether a vector has the length 1, or is the mean of its rows.
    """

    kind: str
    min_n: int
    max_n: int
    bucket: int
    listed: Tokens | None = None
    listed_rows: Array | None = None
    hashes: tuple[int, int] = (1, 0)
    marks: tuple[str, str] = ("<", ">")
    unit: bool = False

    @property
    def n_rows(self) -> int:
        """How many rows there must be for any word to find its own."""
        return self.bucket

    def compose(
        self, words: Sequence[str], rows: tuple[Array, ...], projection: Array | None
    ) -> tuple[Array, Array]:
        """The vectors of words, and of how many rows each is made.

        Args:
            words: The words. An empty one has no vector of floret's.
            rows: As `inlay.kernels.subwords` takes them.
            projection: What every row is multiplied by, float32 `(dim, dim)`.

        Returns:
            float32 `(n, dim)` and int32 `(n,)`.
        """
        from inlay.kernels.ngrams import sum_ngrams

        before, behind = self.marks
        blob, offsets = pack([f"{before}{w}{behind}" for w in words], errors="surrogatepass")
        listed, at = self.listed, self.listed_rows
        if listed is None or at is None:
            listed, at = Tokens.from_list([]), np.empty(0, np.int64)
        index = (listed.blob, listed.offsets, listed.slots, slot_shift(listed.slots.size), at)
        settings = (KINDS.index(self.kind), self.min_n, self.max_n, self.bucket)
        out = np.empty((len(words), rows[0].shape[1]), np.float32)
        parts = np.empty(len(words), np.int32)
        sum_ngrams(blob, offsets, settings, self.hashes, index, rows, out, parts)
        if self.kind == FLORET:
            empty = [i for i, word in enumerate(words) if not word]
            out[empty], parts[empty] = 0, 0
        if projection is not None:
            out = (out.astype(np.float64) @ projection.T).astype(np.float32)
        length = parts.astype(np.float32) if not self.unit else np.linalg.norm(out, axis=1)
        with np.errstate(all="ignore"):
            out /= np.where(length > 0, length, 1)[:, None]
        return out, parts
