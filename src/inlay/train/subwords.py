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
    """

    def __init__(
        self, data: Corpus, settings: FastTextSettings, start: SubwordStart | None
    ) -> None:
        self.start, self.still = start, np.empty(0, np.int64)
        super().__init__(data, settings, start)

    def _objective(self) -> Any:
        self.parts, self.places, self.n_rows = _parts(self.tokens, self.settings)
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
        return self._made([self._words(), self._rows(self.model.outputs).copy()])

    def finished(self) -> Table:
        from inlay.kernels.rows import packed

        return self._made([self._words(), packed(self.model.outputs, self.row, self.dim)])

    def _words(self) -> Array:
        """The vectors of words: allocated."""
        from inlay.kernels.rows import aligned_zeros, packed
        from inlay.kernels.subword_training import compose_words

        words = aligned_zeros(len(self.tokens) * self.row)
        compose_words(self.model.inputs, self.parts, self.row, words)
        found: Array = packed(words, self.row, self.dim)
        if self.start is not None:  # to the bit, which a sum of rows is not
            for at in range(0, self.still.size, BLOCK):
                some = self.still[at : at + BLOCK]
                found[some] = self.start.table._rows[self.of[some]]
        return found

    def _subwords(self) -> Subwords | None:
        """The rows of n-grams, those included that came and that no word has: allocated."""
        settings = self.settings
        if not settings.max_n:
            return None
        has_row = self.places >= 0
        learned = np.flatnonzero(has_row)
        if self.start is not None:
            has_row[self.start.buckets(settings.bucket)] = True
        buckets = np.flatnonzero(has_row).astype(np.int32)
        rows = np.empty((buckets.size, self.dim), np.float32)
        if self.start is not None:
            for some, given in self.start.ngrams(buckets):
                rows[np.searchsorted(buckets, some)] = given
        inputs, at = self._rows(self.model.inputs), np.searchsorted(buckets, learned)
        for k in range(0, learned.size, BLOCK):
            rows[at[k : k + BLOCK]] = inputs[self.places[learned[k : k + BLOCK]]]
        kept = buckets, np.arange(buckets.size, dtype=np.int32)
        ngrams = Ngrams(settings.min_n, settings.max_n, settings.bucket, kept, zeros=True)
        return Subwords(ngrams._replace(jamo=settings.jamo), rows)

    def _made(self, matrices: list[Array]) -> Table:
        made = super()._made(matrices)
        return Table._unchecked(
            made.tokens,
            matrices[0],
            counts=made.counts,
            provenance=made.provenance,
            subwords=self._subwords(),
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
