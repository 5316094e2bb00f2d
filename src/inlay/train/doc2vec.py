"""Vectors of texts by predicting their words: paragraph vectors, known as Doc2Vec."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from os import PathLike
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.calls import refuses_unknown
from inlay.checks import described, many, whole, whole_or_none
from inlay.core import Table
from inlay.encode.paragraph.encoder import ParagraphEncoder
from inlay.encode.paragraph.network import Architecture, Design, Network, Piece
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.jobs.stop import on_stop
from inlay.text.corpus import Corpus, CorpusLike
from inlay.tokenizers import TokenizerLike
from inlay.train.corpora import check_length, facts, numbered
from inlay.train.foreign import foreign
from inlay.train.job import Done, run
from inlay.train.running import CHECKPOINT_EVERY, Callback, Running, Until
from inlay.train.schedule import seed_of
from inlay.version import __version__

# Words between two looks at the learning rate. A text that is cut there goes on in the next piece.
PIECE = 10_000
# Learned vectors have a norm of 1 to 10; those that overshot, of dozens to infinity.
LONG = 100.0
TAGGED = "doc2vec([d.words for d in documents], tags=[d.tags for d in documents])"

# gensim's words, and those of others.
FOREIGN = foreign(
    "doc2vec",
    {
        **dict.fromkeys(("documents", "docs"), TAGGED),
        "dm": lambda value: f'architecture="{"dm" if value else "dbow"}"',
        "dbow_words": "words=True",
        "dm_concat": "concatenate=True",
        "dm_mean": "leave it out: the mean is what predicts, unless concatenate=True",
        "dm_tag_count": "leave it out: with concatenate=True each text has one tag",
        "hs": "leave it out: negative sampling is what it trains by",
        **dict.fromkeys(("doctags", "labels", "ids"), "tags="),
    },
)

Tags = Iterable[str | int | Sequence[str | int]]


@refuses_unknown(FOREIGN)
def doc2vec(
    corpus: CorpusLike | Corpus,
    *,
    tags: Tags | None = None,
    architecture: Architecture = "dbow",
    words: bool = False,
    concatenate: bool = False,
    vector_size: int = 100,
    window: int = 5,
    negative: int = 5,
    sample: float = 1e-3,
    min_count: int = 5,
    max_size: int | None = None,
    epochs: int = 10,
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
) -> ParagraphEncoder:
    """Learn a vector for each text of a corpus, and what finds one for a new text.

    The vector of a text is to predict its words. With `"dbow"` (PV-DBOW, a distributed bag of
    words) it predicts each by itself, which is fast and mostly the better of the two; with `"dm"`
    (PV-DM, a distributed memory) it does so together with the words around.

    Several threads update the same vectors without locks, so that two runs differ a little.
    With one worker, which `deterministic=True` means, the same corpus, settings and seed give the
    same vectors, on the same kind of processor to the last bit.

    Args:
        corpus: Path of a text file with a text on each line, packed or not; or an iterable of
            texts, or of lists of tokens, which is read once and may be larger than memory; or
            what else `inlay.text.encode_corpus` takes; or what it made with `every_text=True`
            (then its own `min_count`, `max_size`, `tokenizer` and `encoding` hold).
        tags: Of each text a tag or a list of them, strings or whole numbers: each tag has a
            vector, which all texts that bear it share. None: each text's own number, from "0".
        architecture: `"dbow"` or `"dm"`.
        words: Train vectors of words along with `"dbow"`, by skip-gram, so that both lie in one
            space; this takes several times as long. `"dm"` learns them in any case.
        concatenate: With `"dm"`, put the vectors of the text and of the `window` words to each
            side side by side, which keeps their order, instead of taking the mean. The model is
            `1 + 2 * window` times as large, and as slow. Each text has one tag.
        vector_size: How many numbers a vector has.
        window: How many words to each side help to predict a word with `"dm"`, or are predicted
            from it with `words=True`. But for `concatenate`, this is the most: each block of up to
            eight words draws a width from 1 to this.
        negative: How many noise words each word is set against.
        sample: Words that are more frequent than this share of the corpus are thinned out;
            0 keeps them all.
        min_count: Words that occur less often are left out.
        max_size: How many words are kept at most, the most frequent ones. None: no limit.
        epochs: How many times the corpus is gone through, and later each new text.
        alpha: Learning rate at the start, below 0.45 for 5 noise words.
        min_alpha: Learning rate at the end, to which `alpha` decays linearly.
        ns_exponent: Noise words are drawn in proportion to their count to this power, from -2 to
            2: all words alike at 0, and rare ones more often below it.
        workers: How many threads train. None: one for each processor, or one if `deterministic`.
        seed: Seed of everything that is left to chance.
        deterministic: Train in one thread, for the same result every time.
        tokenizer: How texts become tokens, here and when the encoder reads new ones: a name such
            as "words" (None is the same), "lower", "split", "jieba", "kiwi" or "auto", or a
            callable; see `inlay.tokenizers.get_tokenizer`. Lists of tokens are taken as they are.
        encoding: The encoding of a file, such as "cp949" for Korean.
        progress: Whether to show a bar with words a second, the loss and the time left. None: only
            on a terminal.
        folder: A folder for a checkpoint every `checkpoint_every` seconds, also after Ctrl-C: the
            same call goes on from it, and an ended training comes back at once. None: none.
        checkpoint_every: Seconds between two checkpoints.
        resume: Whether to go on from the checkpoint in the folder, or to start anew.
        callbacks: Called at the end of each epoch with an `inlay.train.Epoch`, whose `table()`
            makes the table of the texts as it stands; one that returns True ends the training.
        until: A test of the table of the texts, higher is better, after each epoch. The training
            ends when `patience` epochs have not been better, and the best one is the result.
        patience: How many epochs without a better score `until` allows.

    Returns:
        An encoder: `encode(texts)` finds vectors for new texts. Its `documents` is a table of the
        vectors by tag, zeros where no text of a tag has a known word; `words` is one of words,
        where they are trained. Training holds `vector_size` numbers for each tag and one or two
        times as many for each word, in rows of a multiple of 16, and the result as many again.

    Raises:
        ArgumentError: A setting is out of bounds or has no effect, the corpus is empty, no word is
            frequent enough, there are more or fewer tags than texts, or vectors grew without bound.
        ArgumentTypeError: A setting is of a type that cannot be used.
        FormatError: The file is not text in this encoding.
        MissingFileError: There is no such file.

    Example:
        >>> texts = ["the cat sat on the mat", "the dog sat on the rug"] * 20
        >>> encoder = doc2vec(texts, vector_size=16, min_count=1, workers=1)
        >>> encoder.documents.shape, encoder.encode(["a cat on a rug"]).shape
        ((40, 16), (1, 16))

    Source: Le and Mikolov 2014, "Distributed Representations of Sentences and Documents"; Dai, Olah
    and Le 2015, "Document Embedding with Paragraph Vectors", for words beside PV-DBOW.
    """
    running = Running(
        *(workers, seed, deterministic, progress, folder, checkpoint_every, resume),
        *(callbacks, until, patience),
    )
    design = Design(
        *(architecture, words, concatenate, vector_size, window, negative),
        *(sample, ns_exponent, epochs, alpha, min_alpha),
    )
    least, most = whole("min_count", min_count, least=0), whole_or_none("max_size", max_size)
    with on_stop(lambda: "Stopped; the training had not begun."):
        data = numbered(
            corpus,
            running,
            min_count=least,
            max_size=most,
            tokenizer=tokenizer,
            encoding=encoding,
            every_text=True,
        )
        tagged = _Tagged.of(tags, data, one=concatenate)
        settings = {"min_count": least, "max_size": most, "seed": running.seed}
        about = facts(design.name, asdict(design) | settings, data, given=data is corpus)
        about["tags"] = tagged.digest()
        work = _Paragraphs(data, tagged, design, running.seed, about | {"inlay": __version__})
    report = run(
        work,
        running,
        epochs=design.epochs,
        alpha=design.alpha,
        min_alpha=design.min_alpha,
        about=about,
    )
    work.about |= report.facts()
    # A function that no name leads to is not in the corpus, but encodes as well.
    return work.encoder(tokenizer if data.tokenizer is None else data.tokenizer)


class _Tagged:
    """Which tags each text bears.

    Attributes:
        names: The tags; None: each text's number.
        offsets: int64 `(texts + 1,)`, where those of each text begin.
        numbers: int32, the tags.
    """

    def __init__(self, names: list[str] | None, offsets: Array, numbers: Array) -> None:
        self.names, self.offsets, self.numbers = names, offsets, numbers
        self.n = len(numbers) if names is None else len(names)

    @classmethod
    def of(cls, tags: Tags | None, data: Corpus, *, one: bool) -> "_Tagged":
        """Check and number them.

        Raises:
            ArgumentError: Another number of them than of texts, a text without one, or with
                several where it has to be `one`.
            ArgumentTypeError: No tags.
        """
        n = data.texts
        if tags is None:
            return cls(None, np.arange(n + 1), np.arange(n, dtype=np.int32))
        known: dict[str, int] = {}
        numbers, offsets = [], [0]
        for i, tag in enumerate(many("tags", tags, "tags")):
            several = [tag] if isinstance(tag, str | int | np.integer) else tag
            if isinstance(several, bytes) or not isinstance(several, Iterable):
                raise _no_tag(i, tag)
            for each in several:
                if isinstance(each, bool) or not isinstance(each, str | int | np.integer):
                    raise _no_tag(i, each)
                numbers.append(known.setdefault(str(each), len(known)))
            offsets.append(len(numbers))
            if offsets[-1] == offsets[-2] or (one and offsets[-1] > offsets[-2] + 1):
                raise ArgumentError(
                    f"tags, item {i}",
                    expected="one tag, with concatenate=True" if one else "a tag or several",
                    got=described(tag),
                )
        if len(offsets) != n + 1:
            raise ArgumentError(
                "tags",
                expected=f"tags for {n:,} texts, as many as the corpus has",
                got=f"{len(offsets) - 1:,}",
                hint="" if n else "encode_corpus(..., every_text=True)",
            )
        return cls([*known], np.array(offsets), np.array(numbers, np.int32))

    def digest(self) -> str:
        """SHA-256 of all of it."""
        import hashlib

        found = hashlib.sha256(self.offsets.tobytes() + self.numbers.tobytes())
        for name in self.names or ():
            found.update(name.encode("utf-8", "surrogatepass") + b"\0")
        return found.hexdigest()

    def tokens(self) -> list[str]:
        """Their names."""
        return [str(i) for i in range(self.n)] if self.names is None else self.names

    def with_words(self, ids: Array) -> Array:
        """Which tags some text with a word bears: bool `(n,)`."""
        ends = np.flatnonzero(ids < 0)
        has = np.diff(np.append(-1, ends)) > 1
        found = np.zeros(self.n, bool)
        found[self.numbers[np.repeat(has, np.diff(self.offsets))]] = True
        return found


def _no_tag(i: int, got: Any) -> ArgumentTypeError:
    return ArgumentTypeError(
        f"tags, item {i}",
        expected="a string or a whole number, or a list of them",
        got=described(got),
    )


class _Paragraphs:
    """Paragraph vectors, as `inlay.train.job` trains them."""

    def __init__(
        self, data: Corpus, tagged: _Tagged, design: Design, seed: int, about: dict[str, Any]
    ) -> None:
        from inlay.kernels import paragraph, rows

        self.data, self.tagged, self.design, self.seed = data, tagged, design, seed
        self.about, self.dim = about, design.vector_size
        self.pieces, self.units = -(-data.ids.size // PIECE), int(data.ids.size)
        rng = np.random.default_rng(seed)
        words = None
        if design.words or design.reads_words:
            words = np.empty((len(data.tokens) + design.concatenate, self.dim), np.float32)
            rows.scatter(words, 0.5, rng)  # as in Mikolov's program
        self.network = Network(design, data.counts, None, words)
        self.row = self.network.row
        self.documents = rows.aligned_zeros(tagged.n * self.row)
        vectors = self.documents.reshape(-1, self.row)[:, : self.dim]
        rows.scatter(vectors, 0.5, rng)
        vectors[~tagged.with_words(data.ids)] = 0
        self.tags = paragraph.Tags(tagged.offsets, tagged.numbers)
        self.arrays = {"documents": self.documents, "outputs": self.network.outputs}
        if words is not None:
            self.arrays["words"] = self.network.words
        # The number of the text in which each piece begins.
        ends = [
            np.count_nonzero(data.ids[at : at + PIECE] < 0) for at in range(0, data.ids.size, PIECE)
        ]
        self.texts = np.append(0, np.cumsum(ends))

    def scratch(self) -> Any:
        from inlay.kernels import skipgram

        of_words = None
        if self.design.words:
            of_words = skipgram.make_scratch(PIECE, self.design.window, self._noise, self.dim)
        return self.network.scratch(PIECE), of_words

    @property
    def _noise(self) -> int:
        """Noise words of a block of skip-gram."""
        return max(8, -(-self.design.negative // 4) * 4)

    def piece(self, epoch: int, piece: int, rate: float, scratch: Any) -> Done:
        seed = seed_of(self.seed, epoch * self.pieces + piece)
        ids = self.data.ids[piece * PIECE : (piece + 1) * PIECE]
        if self.design.words:
            self._learn_words(ids, rate, seed, scratch[1])
        states, rates = np.array([seed], np.uint64), np.array([rate], np.float32)
        part = Piece(ids, states, rates, int(self.texts[piece]))
        _, loss, terms = self.network.learn(
            part, self.documents, self.tags, scratch[0], learns=True
        )
        return Done(int(ids.size), loss, terms)

    def _learn_words(self, ids: Array, rate: float, seed: np.uint64, scratch: Any) -> None:
        """Skip-gram, which predicts the same output vectors."""
        from inlay.kernels import rows, sampling, skipgram

        network, design = self.network, self.design
        model = sampling.Model(inputs=network.words, outputs=network.outputs)
        share, limit = np.float32(design.negative / self._noise), network.limit(rate)
        step = sampling.Step(
            *(np.float32(rate), design.window, True, True),
            *(share, np.float32(limit / (design.window + 1)), seed),
        )
        lanes = rows.row_lanes(self.dim)
        skipgram.train(ids, network.keep, model, network.noise, scratch, step, lanes)

    def table(self) -> Table:
        """The documents."""
        matrix = self.documents.reshape(-1, self.row)[:, : self.dim].copy()
        return Table(self.tagged.tokens(), matrix, provenance=self.about)

    def encoder(self, tokenizer: TokenizerLike | None) -> ParagraphEncoder:
        """What was learned.

        Raises:
            ArgumentError: Vectors grew without bound.
        """
        documents, network = self.table(), self.network
        length = float(np.sqrt(np.square(documents.vectors).sum() / max(len(documents), 1)))
        usual = "0.025 and 0.05 are"
        check_length("alpha", self.design.alpha, length, most=LONG, usual=usual)
        slots, n = self.design.slots, len(self.data.tokens)
        outputs = network.outputs.reshape(n, slots, self.row)[..., : self.dim]
        words, null = None, None
        if network.words.size:
            rows = network.words.reshape(-1, self.row)[:, : self.dim].copy()
            null = rows[-1] if self.design.concatenate else None
            words = self._of_words(rows[:n])
        return ParagraphEncoder(
            self.design,
            outputs=self._of_words(outputs.reshape(n, slots * self.dim)),
            documents=documents,
            words=words,
            null=null,
            tokenizer=tokenizer,
            provenance=self.about,
        )

    def _of_words(self, matrix: Array) -> Table:
        counts, about = self.data.counts, self.about
        return Table(
            self.data.tokens, np.ascontiguousarray(matrix), counts=counts, provenance=about
        )
