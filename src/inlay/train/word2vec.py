"""Word vectors by skip-gram with negative sampling."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.core import Table
from inlay.core.tokenizer import Tokenizer, tokenizer_name
from inlay.errors import ArgumentError
from inlay.jobs.progress import progress as show_progress
from inlay.jobs.threads import available_workers, run_pieces
from inlay.text.corpus import Corpus, Source, encode_corpus
from inlay.train.schedule import seed_of
from inlay.version import __version__

# Words between two looks at the learning rate. No word is dropped at the border of two pieces,
# but the few pairs across it are, as at the end of a sentence.
PIECE = 10_000
# The most that the step sizes of all pairs of a vector in a block may add up to; see `_limit`.
LOAD = 2.75
# Learned vectors have a norm of 1 to 6; those that overshot, of dozens to infinity.
LONG = 30.0
MAX_32 = 2**32 - 1


@dataclass(frozen=True)
class Settings:
    """What `word2vec` was asked for; see there."""

    vector_size: int
    window: int
    negative: int
    sample: float
    min_count: int
    max_vocab_size: int | None
    epochs: int
    alpha: float
    min_alpha: float
    ns_exponent: float
    seed: int
    deterministic: bool

    def __post_init__(self) -> None:
        for name in ("vector_size", "window", "negative", "min_count", "epochs"):
            self._check(name, "a whole number above 0", lambda x: x == int(x) and x > 0)
        limit = self.max_vocab_size
        if limit is not None and limit < 1:
            raise ArgumentError("max_vocab_size", expected="at least 1, or None", got=str(limit))
        self._check("sample", "0 (keep all) to below 1", lambda x: 0 <= x < 1)
        self._check("alpha", "a number above 0", lambda x: 0 < x < np.inf)
        self._check("min_alpha", "0 to alpha", lambda x: 0 <= x <= self.alpha)
        self._check("ns_exponent", "a finite number", np.isfinite)
        self._check("seed", "a whole number, 0 or more", lambda x: x == int(x) and x >= 0)

    def _check(self, name: str, expected: str, good: Any) -> None:
        value = getattr(self, name)
        try:
            fine = bool(good(value))
        except (TypeError, ValueError, OverflowError):
            fine = False
        if not fine:
            raise ArgumentError(name, expected=expected, got=repr(value))


def word2vec(
    corpus: Source | Corpus,
    *,
    vector_size: int = 100,
    window: int = 5,
    negative: int = 5,
    sample: float = 1e-4,
    min_count: int = 5,
    max_vocab_size: int | None = None,
    epochs: int = 5,
    alpha: float = 0.025,
    min_alpha: float = 1e-4,
    ns_exponent: float = 0.75,
    workers: int | None = None,
    seed: int = 0,
    deterministic: bool = False,
    tokenizer: str | Tokenizer = "split",
    progress: bool | None = None,
) -> Table:
    """Learn a vector for each frequent word of a corpus.

    Several threads update the same vectors without locks, so that two runs differ a little.
    With one worker, or with `deterministic=True` (which uses one worker whatever `workers`
    says, and takes as long), the same corpus, settings and seed give the same vectors, on the
    same kind of processor to the last bit.

    Args:
        corpus: Path of a UTF-8 text file, a sentence or text on each line, packed or not; or an
            iterable of texts, or of lists of tokens, which is read once and may be larger than
            memory; or what `inlay.text.encode_corpus` made of one of these, to train on it
            more than once (then `min_count`, `max_vocab_size` and `tokenizer` are its own).
        vector_size: Numbers in a vector.
        window: Words to each side that a word is paired with, at most: each block of up to eight
            words draws a width from 1 to this.
        negative: Noise words for each pair.
        sample: Words more frequent than this share of the corpus are thinned out; 0: none.
        min_count: Leave out words seen less often.
        max_vocab_size: Keep at most this many words, the most frequent.
        epochs: Passes over the corpus.
        alpha: Learning rate at the start, below 0.45 for 5 noise words. It is lowered where a
            word is repeated over and over, as in "- - - -", and above about 0.2. It falls evenly
        min_alpha: to this.
        ns_exponent: Noise words are drawn in proportion to their count to this power.
        workers: Threads. None: one for each processor.
        seed: Of all that is left to chance.
        deterministic: Give up threads for the same result every time.
        tokenizer: How texts become tokens: "split" (at white space), "words", "lower" or a
            callable. Lists of tokens are taken as they are.
        progress: Show a bar with words a second and the time left. None: on a terminal.

    Returns:
        A table, the most frequent word first, with counts; float32 `(vocab_size, vector_size)`.
        Training holds two such matrices with rows of a multiple of 16, and making the table
        a third; the corpus goes to a temporary file of 4 bytes a word.

    Raises:
        ArgumentError: A setting that cannot be, an empty corpus, no word that is frequent
            enough, a learning rate too high, or vectors that grew without bound.
        FormatError: A file that is not UTF-8 text.

    Example:
        >>> texts = ["the cat sat on the mat", "the dog sat on the rug"] * 20
        >>> table = word2vec(texts, vector_size=16, min_count=1, workers=1)
        >>> len(table), table.dim, table.tokens[0]
        (7, 16, 'the')

    Source: Mikolov et al. 2013, "Distributed Representations of Words and Phrases and their
    Compositionality".
    """
    settings = Settings(
        vector_size=vector_size,
        window=window,
        negative=negative,
        sample=sample,
        min_count=min_count,
        max_vocab_size=max_vocab_size,
        epochs=epochs,
        alpha=alpha,
        min_alpha=min_alpha,
        ns_exponent=ns_exponent,
        seed=seed,
        deterministic=deterministic,
    )
    threads = available_workers(1 if deterministic else workers)
    if isinstance(corpus, Corpus):
        data = corpus
    else:
        data = encode_corpus(
            corpus,
            min_count=min_count,
            max_size=max_vocab_size,
            tokenizer=tokenizer,
            progress=progress,
        )
    return Table(
        data.tokens,
        _train(data, settings, threads, progress),
        counts=data.counts,
        provenance={
            "model": "word2vec skip-gram, negative sampling",
            "settings": asdict(settings),
            "tokenizer": tokenizer_name(tokenizer),
            "workers": threads,
            "corpus_words": data.words,
            "inlay": __version__,
        },
    )


def _train(data: Corpus, settings: Settings, threads: int, bar: bool | None) -> Array:
    from inlay.kernels import rows, skipgram

    dim, epochs = settings.vector_size, settings.epochs
    n_noise = max(8, -(-settings.negative // 4) * 4)
    row = rows.row_width(dim)
    model = skipgram.Model(
        inputs=_initial(len(data.tokens), dim, row, settings.seed),
        outputs=rows.aligned_zeros(len(data.tokens) * row),
    )
    noise = skipgram.make_noise(data.counts ** float(settings.ns_exponent))
    keep = _keep_thresholds(data.counts, settings.sample)
    lanes = rows.row_lanes(dim)
    share = np.float32(settings.negative / n_noise)
    limit = np.float32(_limit(data.counts, settings, n_noise))
    pieces = -(-data.ids.size // PIECE)

    def work(piece: int, scratch: Any) -> int:
        at = piece % pieces * PIECE
        done = piece / (pieces * epochs)
        rate = settings.alpha + (settings.min_alpha - settings.alpha) * done
        step = skipgram.Step(
            np.float32(rate), settings.window, share, limit, seed_of(settings.seed, piece)
        )
        ids = data.ids[at : at + PIECE]
        skipgram.train(ids, keep, model, noise, scratch, step, lanes)
        return int(ids.size)

    scratches = [
        skipgram.make_scratch(PIECE, settings.window, n_noise, dim) for _ in range(threads)
    ]
    with show_progress(
        data.ids.size * epochs, unit=" words", desc="training", enabled=bar
    ) as report:
        run_pieces(work, pieces * epochs, scratches, report)
    # Nothing is allocated; NaN and infinity fail the comparison too.
    length = float(np.sqrt(np.dot(model.inputs, model.inputs) / len(data.tokens)))
    if not length <= LONG:
        raise ArgumentError(
            "alpha",
            expected=f"a learning rate at which the norms' quadratic mean stays below {LONG:g}",
            got=f"{length:g} at alpha={settings.alpha}: they grew without bound",
            hint="a lower alpha; 0.025 and 0.05 are usual",
        )
    matrix: Array = model.inputs.reshape(-1, row)[:, :dim]
    return matrix


def _initial(n: int, dim: int, row: int, seed: int) -> Array:
    """Vectors uniform in +-1/2 / dim, as in Mikolov's program; the padding is zero."""
    from inlay.kernels.rows import aligned_zeros

    flat: Array = aligned_zeros(n * row)
    rows, rng = flat.reshape(n, row), np.random.default_rng(seed)
    for at in range(0, n, 10_000):
        part = rows[at : at + 10_000, :dim]
        part[:] = (rng.random(part.shape, np.float32) - np.float32(0.5)) / np.float32(dim)
    return flat


def _limit(counts: Array, settings: Settings, n_noise: int) -> float:
    """How often one word may be a centre's neighbour in a block; see the kernel's `choose_centres`.

    A step along a direction of curvature h must stay below 2 / h, or vectors grow without bound.
    For vectors as they are learned h stays below 0.7 in whatever setting, as the logistic
    function is flat where they are long: the step sizes of a vector's pairs may add up to about
    LOAD. A pair moves its input vector by a centre and `negative` noise words, and what it moves
    towards moves as well, as far as one more pair. A noise vector is moved by `window + 1` pairs
    for each centre, at a share of `negative` that grows with the chance to be drawn again.
    """
    pair = settings.alpha * (1 + settings.negative)
    if pair >= LOAD:
        raise ArgumentError(
            "alpha",
            expected=f"below {LOAD / (1 + settings.negative):.2g} for {settings.negative} noise "
            "words, or vectors grow without bound",
            got=str(settings.alpha),
            hint="a lower alpha; 0.025 and 0.05 are usual",
        )
    chance = counts ** float(settings.ns_exponent)
    often = 1 / n_noise + chance.max() / chance.sum()
    noise = settings.alpha * settings.negative * (settings.window + 1) * often
    return float(min(LOAD / pair - 1, LOAD / noise))


def _keep_thresholds(counts: Array, sample: float) -> Array:
    """How often each word is kept, of 2**32, less one: uint32 `(vocab_size,)`.

    The share kept is `sqrt(t / f) + t / f` for a share f of the corpus, as in Mikolov's program
    (his paper has another formula).
    """
    if sample == 0:
        return np.full(counts.size, MAX_32, np.uint32)
    ratio = sample * counts.sum() / counts
    keep: Array = np.minimum((np.sqrt(ratio) + ratio) * 2.0**32, MAX_32)
    return keep.astype(np.uint32)
