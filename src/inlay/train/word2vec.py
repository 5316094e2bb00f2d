"""Word vectors by skip-gram with negative sampling."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from inspect import signature
from os import PathLike
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.calls import refuses_unknown
from inlay.checks import described, number, whole, whole_or_none
from inlay.core import Table
from inlay.errors import ArgumentError
from inlay.jobs.stop import on_stop
from inlay.text.corpus import Corpus, CorpusLike, encode_corpus
from inlay.tokenizers import TokenizerLike
from inlay.train.job import Done, run
from inlay.train.running import CHECKPOINT_EVERY, Callback, Running, Until
from inlay.train.schedule import seed_of
from inlay.version import __version__

# Words between two looks at the learning rate. No word is dropped at the border of two pieces,
# but the few pairs across it are, as at the end of a sentence.
PIECE = 10_000
# The most that the step sizes of all pairs of a vector in a block may add up to; see `_limit`.
LOAD = 2.75
# Learned vectors have a norm of 1 to 6; those that overshot, of dozens to infinity.
LONG = 30.0
# What nobody means to ask for, and what would not fit into any memory.
MOST = {"vector_size": 1 << 16, "window": 10_000, "negative": 10_000}
MAX_32 = 2**32 - 1


@dataclass(frozen=True)
class Word2VecSettings:
    """The arguments of `word2vec` that its result depends on; see there."""

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
    seed: int
    deterministic: bool

    def __post_init__(self) -> None:
        alpha = number("alpha", self.alpha, above=0)
        names = ("vector_size", "window", "negative", "min_count", "epochs")
        plain: dict[str, Any] = {
            name: whole(name, getattr(self, name), most=MOST.get(name)) for name in names
        }
        plain |= {
            "sample": number("sample", self.sample, least=0, below=1),
            "max_size": whole_or_none("max_size", self.max_size),
            "alpha": alpha,
            "min_alpha": number("min_alpha", self.min_alpha, least=0, most=alpha),
            "ns_exponent": number("ns_exponent", self.ns_exponent, least=-2, most=2),
        }
        for name, value in plain.items():  # as JSON knows them; they came as numpy's, perhaps
            object.__setattr__(self, name, value)


# gensim's words, and those of others.
FOREIGN = {
    **dict.fromkeys(("sentences", "corpus_file", "texts"), "word2vec(corpus): first and unnamed"),
    **dict.fromkeys(("size", "dim", "embedding_dim", "vector_dim"), "vector_size="),
    **dict.fromkeys(("iter", "n_epochs", "num_epochs"), "epochs="),
    **dict.fromkeys(("sg", "cbow_mean"), "leave it out: skip-gram is what it trains"),
    **dict.fromkeys(("hs", "loss"), "leave it out: negative sampling is what it trains by"),
    **dict.fromkeys(("lr", "learning_rate", "start_alpha"), "alpha=, and min_alpha= at the end"),
    **dict.fromkeys(("vocab_size", "max_vocab_size", "max_final_vocab"), "max_size="),
    **dict.fromkeys(("min_freq", "trim_rule"), "min_count= and max_size="),
    "verbose": "progress=",
    **dict.fromkeys(("checkpoint", "checkpoints", "save_dir"), "folder="),
    **dict.fromkeys(("callback", "on_epoch_end"), "callbacks=[...]"),
    **dict.fromkeys(("threads", "thread", "n_jobs"), "workers="),
    **dict.fromkeys(("random_state", "hashfxn"), "seed="),
    "ws": "window=",
    "compute_loss": "leave it out: the loss is not measured",
}


@refuses_unknown(FOREIGN)
def word2vec(
    corpus: CorpusLike | Corpus,
    *,
    vector_size: int = 100,
    window: int = 5,
    negative: int = 5,
    sample: float = 1e-4,
    min_count: int = 5,
    max_size: int | None = None,
    epochs: int = 5,
    alpha: float = 0.025,
    min_alpha: float = 1e-4,
    ns_exponent: float = 0.75,
    workers: int | None = None,
    seed: int = 0,
    deterministic: bool = False,
    tokenizer: TokenizerLike | None = None,
    encoding: str = "utf-8",
    progress: bool | None = None,
    folder: str | PathLike[str] | None = None,
    checkpoint_every: float = CHECKPOINT_EVERY,
    resume: bool = True,
    callbacks: Iterable[Callback] = (),
    until: Until | None = None,
    patience: int = 1,
) -> Table:
    """Learn a vector for each frequent word of a corpus.

    Several threads update the same vectors without locks, so that two runs differ a little.
    With one worker, which `deterministic=True` means, the same corpus, settings and seed give the
    same vectors, on the same kind of processor to the last bit.

    Args:
        corpus: Path of a text file with a sentence or text on each line, packed or not; or
            an iterable of texts, or of lists of tokens, which is read once and may be larger than
            memory; or what `inlay.text.encode_corpus` made of one of these, to train on it more
            than once (then its own `min_count`, `max_size`, `tokenizer` and `encoding` hold).
        vector_size: How many numbers a vector has.
        window: How many words to each side a word is paired with at most. Each block of up to
            eight words draws a width from 1 to this.
        negative: How many noise words each pair is set against.
        sample: Words that are more frequent than this share of the corpus are thinned out;
            0 keeps them all.
        min_count: Words that occur less often are left out.
        max_size: How many words are kept at most, the most frequent ones. None: no limit.
        epochs: How many times the corpus is gone through.
        alpha: Learning rate at the start, below 0.45 for 5 noise words. It is lowered where a
            word is repeated over and over, as in "- - - -", and above about 0.2.
        min_alpha: Learning rate at the end, to which `alpha` decays linearly.
        ns_exponent: Noise words are drawn in proportion to their count to this power, from -2 to
            2: all words alike at 0, and rare ones more often below it.
        workers: How many threads train. None: one for each processor, or one if `deterministic`.
        seed: Seed of everything that is left to chance.
        deterministic: Train in one thread, for the same result every time.
        tokenizer: How texts become tokens: a name such as "words" (None is the same), "lower",
            "split" (at white space, for text that is tokenized already), "jieba", "kiwi" or
            "auto", or a callable; see `inlay.tokenizers.get_tokenizer`. Lists of tokens are taken
            as they are. The name stands in the table's provenance; of lists alone it is None
            there, if none was named.
        encoding: The encoding of a file, such as "cp949" for Korean.
        progress: Whether to show a bar with words a second and the time left. None: only on a
            terminal.
        folder: A working folder, in which checkpoints are kept. If the training is stopped, by
            Ctrl-C or by a kill, the same call goes on from the last one; after the end it gives
            the same table again. A checkpoint of another training, or of another corpus, is
            refused. Without a folder nothing is written.
        checkpoint_every: Seconds between two checkpoints; each takes as much disk as the two
            matrices.
        resume: Whether to go on from a checkpoint. False starts anew and replaces it.
        callbacks: Functions that are called at the end of each epoch with an
            `inlay.train.Epoch`: its number, the loss, and the table as it stands. One that
            returns True ends the training.
        until: A function that gives the table a score after each epoch, of which higher is
            better. The training ends when the score gets no better, and the result is the table
            of the best epoch, of which a copy is held meanwhile. The learning rate falls as if
            there were all epochs.
        patience: How many epochs in a row `until` may give no better score before the training
            ends.

    Returns:
        A table with the most frequent word first, and with counts; float32
        `(vocab_size, vector_size)`. Training holds two such matrices with rows of a multiple of
        16, and making the table allocates a third; the corpus goes to a temporary file of 4 bytes
        a word.

    Raises:
        ArgumentError: A setting is out of bounds, the corpus is empty, no word is frequent
            enough, the learning rate is too high, or vectors grew without bound.
        ArgumentTypeError: A setting is of a type that cannot be used.
        FormatError: The file is not text in this encoding, or the checkpoint is damaged.
        KeyboardInterrupt: Ctrl-C was pressed. With a folder a checkpoint has been written;
            without one, the attribute `table` of the exception is the table as it stands.
        MissingFileError: There is no such file.

    Example:
        >>> texts = ["the cat sat on the mat", "the dog sat on the rug"] * 20
        >>> table = word2vec(texts, vector_size=16, min_count=1, workers=1)
        >>> len(table), table.dim, table.tokens[0]
        (7, 16, 'the')

    Source: Mikolov et al. 2013, "Distributed Representations of Words and Phrases and their
    Compositionality".
    """
    running = Running(
        workers=workers,
        seed=seed,
        deterministic=deterministic,
        progress=progress,
        folder=folder,
        checkpoint_every=checkpoint_every,
        resume=resume,
        callbacks=callbacks,
        until=until,
        patience=patience,
    )
    settings = Word2VecSettings(
        vector_size=vector_size,
        window=window,
        negative=negative,
        sample=sample,
        min_count=min_count,
        max_size=max_size,
        epochs=epochs,
        alpha=alpha,
        min_alpha=min_alpha,
        ns_exponent=ns_exponent,
        seed=running.seed,
        deterministic=running.deterministic,
    )
    with on_stop(lambda: "Stopped; the training had not begun."):
        if isinstance(corpus, Corpus):
            _check_encoded(min_count, max_size, tokenizer, encoding)
            data = corpus
        else:
            data = encode_corpus(
                corpus,
                min_count=settings.min_count,
                max_size=settings.max_size,
                tokenizer=tokenizer,
                encoding=encoding,
                progress=running.progress,
            )
        _check_pairs(data.ids)
        made = asdict(settings)
        if data is corpus:  # these were given to `encode_corpus`, which we have not seen
            made |= dict.fromkeys(("min_count", "max_size"))
        about = {
            "model": "word2vec skip-gram, negative sampling",
            "tokenizer": data.tokenizer,
            "settings": made,
            "corpus_words": data.words,
            "corpus": data.fingerprint,
        }
        work = _SkipGram(data, settings, about | {"inlay": __version__})
    report = run(
        work,
        running,
        epochs=settings.epochs,
        alpha=settings.alpha,
        min_alpha=settings.min_alpha,
        about=about,
    )
    work.check()
    work.about |= report.facts()
    return work.table()


def _check_encoded(min_count: Any, max_size: Any, tokenizer: Any, encoding: Any) -> None:
    """Refuse what a corpus that is encoded already was asked for, and would be ignored now."""
    said = {"min_count": min_count, "max_size": max_size}
    said |= {"tokenizer": tokenizer, "encoding": encoding}
    defaults = signature(word2vec).parameters
    for name, value in said.items():
        if value != defaults[name].default:
            raise ArgumentError(
                name,
                expected="nothing, for the corpus is encoded already",
                got=described(value),
                hint=f"encode_corpus(..., {name}=...)",
            )


def _check_pairs(ids: Array) -> None:
    """Refuse texts of one word each, as the words of one text are: there is nothing to learn."""
    for at in range(0, ids.size, PIECE):  # the first piece has a pair, unless something is wrong
        real = ids[at : at + PIECE] >= 0
        if (real[:-1] & real[1:]).any():
            return
    raise ArgumentError(
        "corpus",
        expected="texts with two words or more that are frequent enough",
        got="none",
        hint="a list of texts, or [words] for the words of one; or a smaller min_count",
    )


class _SkipGram:
    """Skip-gram with negative sampling, as `inlay.train.job` trains it."""

    def __init__(self, data: Corpus, settings: Word2VecSettings, about: dict[str, Any]) -> None:
        from inlay.kernels import rows, sampling

        self.data, self.settings, self.about = data, settings, about
        self.pieces, self.units = -(-data.ids.size // PIECE), int(data.ids.size)
        self.n_noise = max(8, -(-settings.negative // 4) * 4)
        self.row = rows.row_width(settings.vector_size)
        self.lanes = rows.row_lanes(settings.vector_size)
        n = len(data.tokens)
        self.model = sampling.Model(
            inputs=_initial(n, settings.vector_size, self.row, settings.seed),
            outputs=rows.aligned_zeros(n * self.row),
        )
        self.noise = sampling.make_noise(data.counts**settings.ns_exponent)
        self.keep = _keep_thresholds(data.counts, settings.sample)
        self.share = np.float32(settings.negative / self.n_noise)
        self.limit = np.float32(_limit(data.counts, settings, self.n_noise))
        self.arrays = self.model._asdict()

    def scratch(self) -> Any:
        from inlay.kernels.skipgram import make_scratch

        return make_scratch(PIECE, self.settings.window, self.n_noise, self.settings.vector_size)

    def piece(self, epoch: int, piece: int, rate: float, scratch: Any) -> Done:
        from inlay.kernels import sampling, skipgram

        settings, seed = self.settings, seed_of(self.settings.seed, epoch * self.pieces + piece)
        step = sampling.Step(
            np.float32(rate), settings.window, True, True, self.share, self.limit, seed
        )
        ids = self.data.ids[piece * PIECE : (piece + 1) * PIECE]
        _, loss, terms = skipgram.train(
            ids, self.keep, self.model, self.noise, scratch, step, self.lanes
        )
        return Done(int(ids.size), loss, terms)

    def check(self) -> None:
        """Refuse vectors that grew without bound."""
        # Nothing is allocated; NaN and infinity fail the comparison too.
        inputs, alpha = self.model.inputs, self.settings.alpha
        length = float(np.sqrt(np.dot(inputs, inputs) / len(self.data.tokens)))
        if not length <= LONG:
            raise ArgumentError(
                "alpha",
                expected=f"a learning rate at which the norms' quadratic mean stays below {LONG:g}",
                got=f"{length:g} at alpha={alpha}: they grew without bound",
                hint="a lower alpha; 0.025 and 0.05 are usual",
            )

    def table(self) -> Table:
        matrix = self.model.inputs.reshape(-1, self.row)[:, : self.settings.vector_size].copy()
        return Table(self.data.tokens, matrix, counts=self.data.counts, provenance=self.about)


def _initial(n: int, dim: int, row: int, seed: int) -> Array:
    """Vectors uniform in +-1/2 / dim, as in Mikolov's program; the padding is zero."""
    from inlay.kernels.rows import aligned_zeros

    flat: Array = aligned_zeros(n * row)
    rows, rng = flat.reshape(n, row), np.random.default_rng(seed)
    for at in range(0, n, 10_000):
        part = rows[at : at + 10_000, :dim]
        part[:] = (rng.random(part.shape, np.float32) - np.float32(0.5)) / np.float32(dim)
    return flat


def _limit(counts: Array, settings: Word2VecSettings, n_noise: int) -> float:
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
    chance = counts**settings.ns_exponent
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
