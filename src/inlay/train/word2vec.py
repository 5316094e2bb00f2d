"""Word vectors by skip-gram or CBOW."""

from collections.abc import Iterable
from dataclasses import dataclass
from os import PathLike
from typing import Any, Literal

from inlay.calls import refuses_unknown
from inlay.checks import choice, described, flag, number, whole, whole_or_none
from inlay.core import Table
from inlay.errors import ArgumentError
from inlay.text.corpus import Corpus, CorpusLike
from inlay.tokenizers import TokenizerLike
from inlay.train.foreign import foreign
from inlay.train.learning import learned
from inlay.train.running import CHECKPOINT_EVERY, Callback, Running, Until
from inlay.train.start import Start
from inlay.train.word2vec_work import Words

# What nobody means to ask for, and what would not fit into any memory.
ARCHITECTURES = ("skipgram", "cbow")
NAMES = {"skipgram": "skip-gram", "cbow": "CBOW"}
LOSSES = ("ns", "hs")
Loss = Literal["ns", "hs"]
Architecture = Literal["skipgram", "cbow"]
MOST = {"vector_size": 1 << 16, "window": 10_000, "negative": 10_000}


@dataclass(frozen=True)
class Word2VecSettings:
    """The arguments of `word2vec` that its result depends on; see there."""

    architecture: Architecture
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
    cbow_mean: bool
    shrink_windows: bool
    loss: Loss
    exact: bool
    seed: int
    deterministic: bool

    def __post_init__(self) -> None:
        plain = checked(self) | {
            "cbow_mean": flag("cbow_mean", self.cbow_mean),
            "shrink_windows": flag("shrink_windows", self.shrink_windows),
            "exact": flag("exact", self.exact),
        }
        plain |= checked_loss(self, usual_exponent=0.75)
        if plain["architecture"] != "cbow" and not plain["cbow_mean"]:
            raise idle("cbow_mean", False, "architecture='cbow'")
        if plain["loss"] == "hs" and plain["exact"]:
            raise idle("exact", True, "loss='ns'")
        for name, value in plain.items():
            object.__setattr__(self, name, value)


def checked(settings: Any) -> dict[str, Any]:
    """What the settings of `word2vec` and `fasttext` have in common, as JSON knows it."""
    alpha = number("alpha", settings.alpha, above=0)
    plain: dict[str, Any] = {
        name: whole(name, getattr(settings, name), most=MOST.get(name))
        for name in ("vector_size", "window", "min_count", "epochs")
    }
    return plain | {
        "architecture": choice("architecture", settings.architecture, ARCHITECTURES),
        "sample": number("sample", settings.sample, least=0, below=1),
        "max_size": whole_or_none("max_size", settings.max_size),
        "alpha": alpha,
        "min_alpha": number("min_alpha", settings.min_alpha, least=0, most=alpha),
    }


def checked_loss(settings: Any, *, usual_exponent: float) -> dict[str, Any]:
    """The same of the loss, and of what negative sampling has of its own."""
    loss = choice("loss", settings.loss, LOSSES)
    negative, exponent = settings.negative, settings.ns_exponent
    if loss == "ns":
        negative = 5 if negative is None else negative
        exponent = usual_exponent if exponent is None else exponent
        negative = whole("negative", negative, most=MOST["negative"])
        exponent = number("ns_exponent", exponent, least=-2, most=2)
    for name, value in (("negative", negative), ("ns_exponent", exponent)):
        if loss != "ns" and value is not None:
            raise idle(name, value, "loss='ns'")
    return {"loss": loss, "negative": negative, "ns_exponent": exponent}


def idle(name: str, value: object, other: str) -> ArgumentError:
    """The error of an argument that has no effect without another."""
    got, hint = described(value), f"{other} as well"
    return ArgumentError(name, expected=f"nothing, without {other}", got=got, hint=hint)


# gensim's words, and those of others.
FOREIGN = foreign(
    "word2vec",
    {
        "sg": "architecture='skipgram' for sg=1, architecture='cbow' for sg=0",
        "cbow": "architecture='cbow' for cbow=1, architecture='skipgram' for cbow=0",
        "shrink_window": "shrink_windows=",
        "hs": "loss='hs' for hs=1, loss='ns' for hs=0",
        "compute_loss": "leave it out: table.provenance['losses'] has the loss of each epoch",
    },
)


@refuses_unknown(FOREIGN)
def word2vec(
    corpus: CorpusLike | Corpus,
    *,
    architecture: Architecture = "skipgram",
    loss: Loss = "ns",
    exact: bool = False,
    vector_size: int = 100,
    window: int = 5,
    negative: int | None = None,
    sample: float = 1e-4,
    min_count: int = 5,
    max_size: int | None = None,
    epochs: int = 5,
    alpha: float = 0.025,
    min_alpha: float = 1e-4,
    ns_exponent: float | None = None,
    cbow_mean: bool = True,
    shrink_windows: bool = True,
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
    start: Table | None = None,
    start_rate: Any = None,
    pull: float = 0.0,
) -> Table:
    """Learn a vector for each frequent word of a corpus, by skip-gram or CBOW.

    Several threads update the same vectors without locks, so that two runs differ a little.
    With one worker, or with any number of them and `deterministic=True`, the same corpus, settings
    and seed give the same vectors, on the same kind of processor to the last bit.

    Args:
        corpus: Path of a text file with a sentence or text on each line, packed or not; or
            an iterable of texts, or of lists of tokens, which is read once and may be larger than
            memory; or what `inlay.text.encode_corpus` made of one of these, to train on it more
            than once (then its own `min_count`, `max_size`, `tokenizer` and `encoding` hold).
        architecture: `"skipgram"` learns from each pair of a word and one near it, and is better
            for rare words and small corpora. `"cbow"` (continuous bag of words) learns from a word
            and the mean of all near it, which is faster.
        loss: `"ns"`, negative sampling, tells a word from a few noise words. `"hs"`, hierarchical
            softmax, finds it in a tree of all words (Huffman's), and draws none.
        exact: Whether negative sampling draws noise words for each pair and learns from one pair
            after the other, as the original does. Else, a block of up to eight words shares
            its draws, which is several times as fast, and alike in expectation.
        vector_size: How many numbers a vector has.
        window: How many words to each side count as near, at most. Each block of up to eight
            words draws a width from 1 to this.
        negative: How many noise words each pair is set against. None: 5, for `loss="ns"`.
        sample: Words that are more frequent than this share of the corpus are thinned out;
            0 keeps them all.
        min_count: Words that occur less often are left out.
        max_size: How many words are kept at most, the most frequent ones. None: no limit.
        epochs: How many times the corpus is gone through.
        alpha: Learning rate at the start, below 0.45 for 5 noise words. It is lowered where a
            word is repeated over and over, as in "- - - -", and above about 0.2.
        min_alpha: Learning rate at the end, to which `alpha` decays linearly.
        ns_exponent: Noise words are drawn in proportion to their count to this power, from -2 to
            2: all words alike at 0, and rare ones more often below it. None: 0.75, for
            `loss="ns"`.
        cbow_mean: Whether CBOW takes the mean of the words around; else, their sum.
        shrink_windows: Whether the width is drawn, so that nearer words count for more. False:
            it is always `window`.
        workers: How many threads train. None: one for each processor.
        seed: Seed of everything that is left to chance.
        deterministic: Give the same result every time, for any number of workers. Pieces of the
            corpus are learned from apart, eight from the same vectors, and their changes are
            added in order. It takes up to three times the CPU time, and is as good.
        tokenizer: How texts become tokens: a name such as "words" (None is the same), "lower",
            "split" (at white space, for text that is tokenized already), "jieba", "kiwi" or
            "auto", or a callable; see `inlay.tokenizers.get_tokenizer`. Lists of tokens are taken
            as they are. The name stands in the table's provenance; of lists alone it is None
            there, if none was named.
        encoding: The encoding of a file, such as "cp949" for Korean.
        progress: Whether to show a bar with words a second and the time left. None: only on a
            terminal.
        folder: A working folder, in which the numbered corpus and checkpoints are kept. If the
            training is stopped, by Ctrl-C or by a kill, the same call goes on from the last
            checkpoint; after the end it gives the same table again. A checkpoint of another
            training, or of another corpus, is refused. Without a folder nothing is kept.
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
        start: A table to go on from. Its words keep their vectors until they are learned anew,
            and its context vectors, `start.parts["context"]`, are gone on from as well. New words
            of the corpus are added. The words come in the order of the corpus; behind them, with
            a count of 0, come those that the corpus does not have, whose vectors stay as they are.
        start_rate: What the learning rate of the words of `start` is multiplied by: a number
            from 0 to 1, or one for each row of it. At 0 a vector stays as it is, to the bit.
            None: 1, the fastest. Context vectors always learn at the full rate.
        pull: How strongly a vector from `start` is drawn back to where it began: each time its
            word is read, by this share of the way times the learning rate. It holds a copy of
            the vectors.

    Returns:
        A table with the most frequent word first, and with counts; float32
        `(vocab_size, vector_size)`. Its context vectors are `table.parts["context"]`. Training
        holds two such matrices with rows of a multiple of 16, which become the table's; the
        corpus goes to a temporary file of 4 bytes a word. The provenance has the settings, the
        fingerprint of the corpus and the mean loss of each epoch.

    Raises:
        ArgumentError: A setting is out of bounds, the corpus is empty, no word is frequent
            enough, the learning rate is too high, or vectors grew without bound.
        ArgumentTypeError: A setting is of a type that cannot be used.
        FormatError: The file is not text in this encoding, or the checkpoint is damaged.
        KeyboardInterrupt: Ctrl-C was pressed. With a folder a checkpoint has been written;
            without one, the attribute `table` of the exception is the table as it stands.
        MissingFileError: There is no such file.

    Examples:
        >>> texts = ["the cat sat on the mat", "the dog sat on the rug"] * 20
        >>> table = word2vec(texts, vector_size=16, min_count=1, workers=1)
        >>> len(table), table.dim, table.tokens[0]
        (7, 16, 'the')

    Source: Mikolov et al. 2013, "Efficient Estimation of Word Representations in Vector Space";
    Mikolov et al. 2013, "Distributed Representations of Words and Phrases and their
    Compositionality".
    """
    running = Running(
        *(workers, seed, deterministic, progress, folder, checkpoint_every, resume),
        *(callbacks, until, patience),
    )
    settings = Word2VecSettings(
        *(architecture, vector_size, window, negative, sample, min_count, max_size, epochs),
        *(alpha, min_alpha, ns_exponent, cbow_mean, shrink_windows, loss, exact),
        *(running.seed, running.deterministic),
    )
    begin = Start.of(start, start_rate, pull, settings.vector_size)
    model = f"word2vec {NAMES[settings.architecture]}"
    how = (corpus, running, settings, begin)
    return learned(Words, *how, model=model, tokenizer=tokenizer, encoding=encoding)
