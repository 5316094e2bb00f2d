"""What fastText learns: rows of words and of their n-grams, a piece of the corpus at a time."""

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from inlay.aliases import Array
from inlay.checks import flag, whole
from inlay.core import Table
from inlay.core.jamo import in_jamo
from inlay.core.subwords import LONGEST_NGRAM, Ngrams, Subwords
from inlay.core.tokens import pack
from inlay.errors import ArgumentError
from inlay.text.corpus import Corpus
from inlay.train.start import BLOCK
from inlay.train.subword_objective import SubwordObjective
from inlay.train.subword_start import SubwordStart
from inlay.train.word2vec import checked, checked_loss, idle
from inlay.train.word2vec_objectives import LOAD
from inlay.train.word2vec_work import Words

MOST_BUCKETS = 2**31 - 1  # a model's file has 32 bits for them


@dataclass(frozen=True)
class FastTextSettings:
    """The arguments of `fasttext` that its result depends on; see there."""

    architecture: str
    vector_size: int
    window: int
    negative: int | None
    sample: float
    min_count: int
    max_size: int | None
    epochs: int
    alpha: float
    min_alpha: float
    ns_exponent: float | None
    min_n: int
    max_n: int
    bucket: int
    jamo: bool
    loss: str
    exact: bool
    seed: int
    deterministic: bool
    # What can be chosen for word2vec.
    cbow_mean: ClassVar[bool] = True
    shrink_windows: ClassVar[bool] = True

    def __post_init__(self) -> None:
        plain = checked(self) | checked_loss(self, usual_exponent=0.5)
        plain |= {
            "max_n": whole("max_n", self.max_n, least=0, most=LONGEST_NGRAM),
            "bucket": whole("bucket", self.bucket, most=MOST_BUCKETS),
            "jamo": flag("jamo", self.jamo),
            "exact": flag("exact", self.exact),
        }
        if plain["loss"] == "hs" and plain["exact"]:
            raise idle("exact", True, "loss='ns'")
        plain["min_n"] = whole("min_n", self.min_n, least=0, most=LONGEST_NGRAM)
        if plain["max_n"] and not 1 <= plain["min_n"] <= plain["max_n"]:
            raise ArgumentError(
                "min_n",
                expected=f"from 1 to {plain['max_n']} (max_n)",
                got=str(self.min_n),
                hint="min_n=3 and max_n=6",
            )
        if plain["loss"] == "ns" and self.alpha * (1 + plain["negative"]) >= LOAD:
            raise ArgumentError(
                "alpha",
                expected=f"below {LOAD / (1 + plain['negative']):.2g} for {plain['negative']} "
                "noise words, or vectors grow without bound",
                got=str(self.alpha),
                hint="a lower alpha; 0.025 and 0.05 are usual",
            )
        for name, value in plain.items():  # as JSON knows them; they came as numpy's, perhaps
            object.__setattr__(self, name, value)


class SubwordWork(Words):
    """fastText's skip-gram or CBOW, as `inlay.train.job` trains it.

    Args:
        data: The corpus.
        settings: The `FastTextSettings`.
        start: What to go on from, or None.
        threads: How many are to train.
    """

    def __init__(
        self,
        data: Corpus,
        settings: FastTextSettings,
        start: SubwordStart | None,
        threads: int = 1,
    ) -> None:
        self.start, self.still = start, np.empty(0, np.int64)
        self.came = np.empty(0, np.int64)  # buckets of `start` that no word has
        super().__init__(data, settings, start, threads)

    def _objective(self) -> Any:
        self.parts, self.places, self.n_rows = _parts(self.tokens, self.settings)
        if self.start is not None and self.settings.max_n:
            came = self.start.buckets(self.settings.bucket)
            self.came = came[self.places[came] < 0]
            self.spare = self.came.size
        return SubwordObjective(self.data, self.settings, self.parts, self.n_rows)

    def _begin(self, start: Any, of: Array) -> None:
        rows = self.model.inputs.reshape(-1, self.row)
        begun = start.begin(rows, self.parts, self.places, of)
        if self.has_context:
            start.fill_context(self.model.outputs.reshape(-1, self.row), self.tokens)
        self.of, self.still = of, start.still(of)
        self.factors = start.row_factors(self.parts, of, begun)
        if start.pull:
            self.anchors = self.model.inputs.copy()
            self.pulled = np.where(begun, np.float32(start.pull), np.float32(0))

    # -- the result --------------------------------------------------------------------------

    def table(self) -> Table:
        from inlay.kernels.rows import aligned_zeros

        room = aligned_zeros(self.room.size)
        room[: self.model.inputs.size] = self.model.inputs
        self._compose(room, self.parts._replace(rows=self.parts.rows.copy()))
        return self._of(room, self._rows(self.model.outputs).copy())

    def finished(self) -> Table:
        from inlay.kernels.rows import packed

        self._compose(self.room, self.parts)
        self.anchors, self.free, self.damped = None, [], (0, None)
        del self.parts, self.objective  # the largest of what only training needs
        return self._of(self.room, packed(self.model.outputs, self.row, self.dim))

    def _compose(self, room: Array, parts: Any) -> None:
        """Turn rows of the model into those of the result, where they are; `parts` is used up.

        The vectors of words come first, and behind them the rows of n-grams, as their buckets
        rise. A word's own row is part of no other word, so that its vector can take that place.
        """
        from inlay.kernels.subword_rows import order_rows
        from inlay.kernels.subword_training import compose_words

        n, has_row = len(self.tokens), self.places >= 0
        to = np.empty(self.n_rows, np.int32)
        to[parts.rows[parts.starts[:-1]]] = np.arange(n, dtype=np.int32)
        to[self.places[has_row]] = np.arange(n, self.n_rows, dtype=np.int32)
        for at in range(0, parts.rows.size, BLOCK):
            parts.rows[at : at + BLOCK] = to[parts.rows[at : at + BLOCK]]
        order_rows(room, self.row, to)
        compose_words(room, parts, self.row, room)

    def _of(self, room: Array, context: Array) -> Table:
        """The table of composed rows, with what came and was not learned."""
        from inlay.kernels.rows import packed

        rows, n = packed(room, self.row, self.dim), len(self.tokens)
        words, ngrams = rows[:n], rows[n:]
        has_row = self.places >= 0
        learned = np.flatnonzero(has_row)
        if self.start is None:
            return self._made([words, context], self._subwords(learned, ngrams))
        for at in range(0, self.still.size, BLOCK):  # to the bit, which a sum of rows is not
            some = self.still[at : at + BLOCK]
            words[some] = self.start.table._rows[self.of[some]]
        has_row[self.came] = True
        buckets = np.flatnonzero(has_row)
        places = np.searchsorted(buckets, learned)
        for end in range(learned.size, 0, -BLOCK):  # from the last: none is written over
            here = slice(max(end - BLOCK, 0), end)
            ngrams[places[here]] = ngrams[here].copy()
        for some, given in self.start.ngrams(self.came):
            ngrams[np.searchsorted(buckets, some)] = given
        return self._made([words, context], self._subwords(buckets, ngrams))

    def _subwords(self, buckets: Array, rows: Array) -> Subwords | None:
        settings = self.settings
        if not settings.max_n:
            return None
        kept = buckets.astype(np.int32), np.arange(buckets.size, dtype=np.int32)
        ngrams = Ngrams(settings.min_n, settings.max_n, settings.bucket, kept, zeros=True)
        return Subwords(ngrams._replace(jamo=settings.jamo), rows)

    def _made(self, matrices: list[Array], subwords: Subwords | None = None) -> Table:
        made = super()._made(matrices)
        return Table._unchecked(
            made.tokens,
            matrices[0],
            counts=made.counts,
            provenance=made.provenance,
            subwords=subwords,
            parts=made.parts,
        )


def _parts(tokens: list[str], settings: FastTextSettings) -> tuple[Any, Array, int]:
    """The rows of each word, the row of each bucket or -1, and how many rows there are."""
    from inlay.kernels.subword_rows import find_buckets, number_rows
    from inlay.kernels.subword_training import Parts

    blob, offsets = pack([in_jamo(token) for token in tokens] if settings.jamo else tokens)
    how, n = (settings.min_n, settings.max_n, settings.bucket), len(tokens)
    starts = np.empty(n + 1, np.int64)
    find_buckets(blob, offsets, how, 1, starts, np.empty(0, np.int32))
    rows = np.empty(starts[-1], np.int32)
    find_buckets(blob, offsets, how, 1, starts, rows)
    places = np.full(settings.bucket, -1, np.int32)
    n_rows = number_rows(starts, rows, places)
    return Parts(starts, rows, (1 / np.diff(starts)).astype(np.float32)), places, n_rows
