"""What fastText learns: rows of words and of their n-grams, a piece of the corpus at a time."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.checks import flag, whole
from inlay.core import Table
from inlay.core.jamo import in_jamo
from inlay.core.subwords import LONGEST_NGRAM, Ngrams, Subwords
from inlay.core.tokens import Tokens, pack
from inlay.errors import ArgumentError
from inlay.text.corpus import Corpus
from inlay.train.corpora import check_length
from inlay.train.job import Done
from inlay.train.schedule import seed_of
from inlay.train.word2vec import checked, checked_noise
from inlay.train.word2vec_objectives import LOAD
from inlay.train.word2vec_work import LONG, PIECE

MOST_BUCKETS = 2**31 - 1  # a model's file has 32 bits for them


@dataclass(frozen=True)
class FastTextSettings:
    """The arguments of `fasttext` that its result depends on; see there."""

    architecture: str
    vector_size: int
    window: int
    negative: int
    sample: float
    min_count: int
    max_size: int | None
    epochs: int
    alpha: float
    min_alpha: float
    ns_exponent: float
    min_n: int
    max_n: int
    bucket: int
    jamo: bool
    seed: int
    deterministic: bool

    def __post_init__(self) -> None:
        plain = checked(self) | checked_noise(self.negative, self.ns_exponent)
        plain |= {
            "max_n": whole("max_n", self.max_n, least=0, most=LONGEST_NGRAM),
            "bucket": whole("bucket", self.bucket, most=MOST_BUCKETS),
            "jamo": flag("jamo", self.jamo),
        }
        plain["min_n"] = whole("min_n", self.min_n, least=0, most=LONGEST_NGRAM)
        if plain["max_n"] and not 1 <= plain["min_n"] <= plain["max_n"]:
            raise ArgumentError(
                "min_n",
                expected=f"from 1 to {plain['max_n']} (max_n)",
                got=str(self.min_n),
                hint="min_n=3 and max_n=6",
            )
        if self.alpha * (1 + plain["negative"]) >= LOAD:
            raise ArgumentError(
                "alpha",
                expected=f"below {LOAD / (1 + plain['negative']):.2g} for {plain['negative']} "
                "noise words, or vectors grow without bound",
                got=str(self.alpha),
                hint="a lower alpha; 0.025 and 0.05 are usual",
            )
        for name, value in plain.items():  # as JSON knows them; they came as numpy's, perhaps
            object.__setattr__(self, name, value)


class SubwordWork:
    """fastText's skip-gram or CBOW, as `inlay.train.job` trains it."""

    def __init__(self, data: Corpus, settings: FastTextSettings, about: dict[str, Any]) -> None:
        from inlay.kernels import rows, sampling

        self.data, self.settings, self.about = data, settings, about
        self.pieces, self.units = -(-data.ids.size // PIECE), int(data.ids.size)
        self.n_noise = max(8, -(-settings.negative // 4) * 4)
        self.row = rows.row_width(settings.vector_size)
        self.lanes = rows.row_lanes(settings.vector_size)
        self.parts, self.places, n = _parts(data.tokens, settings)
        self.model = sampling.Model(
            inputs=rows.aligned_zeros(n * self.row),
            outputs=rows.aligned_zeros(len(data.tokens) * self.row),
        )
        inputs = self.model.inputs.reshape(-1, self.row)[:, : settings.vector_size]
        rows.scatter(inputs, 1.0, np.random.default_rng(settings.seed))  # as the official program
        chance = data.counts**settings.ns_exponent
        self.noise = sampling.make_noise(chance)
        self.often = float(1 / self.n_noise + chance.max() / chance.sum())
        self.keep = sampling.keep_thresholds(data.counts, settings.sample)
        self.share = np.float32(settings.negative / self.n_noise)
        self.arrays = self.model._asdict()

    def scratch(self) -> Any:
        return self._kernel().make_scratch(
            PIECE, self.settings.window, self.n_noise, self.settings.vector_size
        )

    def piece(self, epoch: int, piece: int, rate: float, scratch: Any) -> Done:
        from inlay.kernels import sampling

        settings, seed = self.settings, seed_of(self.settings.seed, epoch * self.pieces + piece)
        limit = np.float32(_limit(self.often, settings, rate))
        step = sampling.Step(np.float32(rate), settings.window, True, True, self.share, limit, seed)
        ids = self.data.ids[piece * PIECE : (piece + 1) * PIECE]
        _, loss, terms = self._kernel().train(
            ids, self.keep, self.model, self.parts, self.noise, scratch, step, self.lanes
        )
        return Done(int(ids.size), loss, terms)

    def _kernel(self) -> Any:
        from inlay.kernels import subword_cbow, subword_training

        return subword_cbow if self.settings.architecture == "cbow" else subword_training

    def check(self) -> None:
        """Refuse rows that grew without bound."""
        inputs = self.model.inputs
        length = float(
            np.sqrt(np.dot(inputs, inputs) / (inputs.size // self.row))
        )  # nothing is allocated
        usual = "0.025 and 0.05 are"
        check_length("alpha", self.settings.alpha, length, most=LONG, usual=usual)

    def table(self) -> Table:
        from inlay.kernels.rows import aligned_zeros
        from inlay.kernels.subword_training import compose_words

        data, settings = self.data, self.settings
        words = aligned_zeros(len(data.tokens) * self.row)
        compose_words(self.model.inputs, self.parts, self.row, words)
        subwords = None
        if settings.max_n:
            buckets = np.flatnonzero(self.places >= 0).astype(np.int32)
            rows = self.model.inputs.reshape(-1, self.row)[self.places[buckets]]
            kept = buckets, np.arange(buckets.size, dtype=np.int32)
            ngrams = Ngrams(settings.min_n, settings.max_n, settings.bucket, kept, zeros=True)
            subwords = Subwords(ngrams._replace(jamo=settings.jamo), self._cut(rows))
        return Table._unchecked(
            Tokens.from_list(data.tokens),
            self._cut(words.reshape(-1, self.row)),
            counts=data.counts,
            provenance=self.about,
            subwords=subwords,
        )

    def _cut(self, rows: Array) -> Array:
        """Rows without their padding."""
        return np.ascontiguousarray(rows[:, : self.settings.vector_size])


def _limit(often: float, settings: FastTextSettings, rate: float) -> float:
    """How many pairs of a vector may be added up in a block: see the kernel's `choose_block`.

    As for `inlay.train.word2vec`, whose `_limit` says why; but it grows as the rate falls.
    """
    if rate == 0:
        return 1e9
    noise = rate * settings.negative * (settings.window + 1) * often
    return min(LOAD / (rate * (1 + settings.negative)) - 1, LOAD / noise)


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
