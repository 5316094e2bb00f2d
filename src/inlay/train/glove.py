"""Word vectors by GloVe: regression on the logarithms of co-occurrences."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from inspect import signature
from os import PathLike
from typing import Any

from inlay.calls import refuses_unknown
from inlay.checks import described, flag, number, whole, whole_or_none
from inlay.core import Table
from inlay.errors import ArgumentError
from inlay.jobs.stop import on_stop
from inlay.jobs.threads import available_workers
from inlay.text.corpus import Corpus, CorpusLike
from inlay.tokenizers import TokenizerLike
from inlay.train.cooccurrences import Counting
from inlay.train.corpora import check_pairs, facts, numbered
from inlay.train.foreign import foreign
from inlay.train.glove_files import Pairs
from inlay.train.glove_start import GloVeStart
from inlay.train.glove_work import Cells
from inlay.train.job import run
from inlay.train.running import CHECKPOINT_EVERY, Callback, Running, Until
from inlay.version import __version__

MOST = 1 << 16  # numbers of a vector: what nobody means to ask for


@dataclass(frozen=True)
class GloVeSettings:
    """The arguments of `glove` that its result depends on; see there."""

    vector_size: int
    window: int
    symmetric: bool
    distance_weighting: bool
    min_count: int
    max_size: int | None
    epochs: int
    eta: float
    x_max: float
    exponent: float
    seed: int

    def __post_init__(self) -> None:
        counting = self.counting(1.0, 1)
        plain: dict[str, Any] = {
            "vector_size": whole("vector_size", self.vector_size, most=MOST),
            "window": counting.window,
            "symmetric": counting.symmetric,
            "distance_weighting": counting.distance_weighting,
            "min_count": whole("min_count", self.min_count),
            "max_size": whole_or_none("max_size", self.max_size),
            "epochs": whole("epochs", self.epochs),
            "eta": number("eta", self.eta, above=0),
            "x_max": number("x_max", self.x_max, above=0),
            "exponent": number("exponent", self.exponent, least=0),
        }
        for name, value in plain.items():  # as JSON knows them; they came as numpy's, perhaps
            object.__setattr__(self, name, value)

    def counting(self, memory: float, threads: int) -> Counting:
        """How co-occurrences are counted, within so many GB."""
        return Counting.checked(
            self.window, self.symmetric, self.distance_weighting, memory, threads
        )


# The flags of the C programs, and the words of gensim and of others.
FOREIGN = foreign(
    "glove",
    {
        **dict.fromkeys(("no_components", "n_components"), "vector_size="),
        "max_iter": "epochs=",
        **dict.fromkeys(("lr", "learning_rate"), "eta="),
        "max_vocab": "max_size=",
        **dict.fromkeys(("max_count", "xmax"), "x_max="),
        "no_threads": "workers=",
        "alpha": "exponent= for the paper's alpha; eta= for the learning rate",
        **dict.fromkeys(
            ("min_alpha", "start_alpha"), "leave it out: AdaGrad's steps get smaller by themselves"
        ),
        "context": "symmetric=True, or symmetric=False for words to the left of others alone",
    },
)


@refuses_unknown(FOREIGN)
def glove(
    corpus: CorpusLike | Corpus | Pairs,
    *,
    vector_size: int = 100,
    window: int = 15,
    symmetric: bool = True,
    distance_weighting: bool = True,
    min_count: int = 5,
    max_size: int | None = None,
    epochs: int = 25,
    eta: float = 0.05,
    x_max: float = 100.0,
    exponent: float = 0.75,
    memory: float = 1.0,
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
) -> Table:
    """Learn a vector for each frequent word of a corpus from which words stand near which.

    How often each word stands near each other one is counted first, and goes to a temporary
    file of 12 bytes for each such pair of words: often ten times as much as the text. Then vectors
    are learned whose products, with a bias for each word, are the logarithms of those counts.
    Threads never work on the same rows, so that the same corpus, settings and seed give the same
    vectors with any number of workers, on the same kind of processor to the last bit.

    Args:
        corpus: Path of a text file with a sentence or text on each line, packed or not; or
            an iterable of texts, or of lists of tokens, which is read once and may be larger than
            memory; or what `inlay.text.encode_corpus` made of one of these, to train on it more
            than once (then its own `min_count`, `max_size`, `tokenizer` and `encoding` hold); or
            pairs that the original programs counted, by `inlay.train.glove_files.read_pairs`.
        vector_size: How many numbers a vector has.
        window: How many words to each side are near a word at most. Words that are left out do
            not count, and no pair reaches beyond the end of a line.
        symmetric: Whether words to the right are near, as well as words to the left.
        distance_weighting: Whether two words that stand d words apart count 1/d; if not, they
            count 1.
        min_count: Words that occur less often are left out.
        max_size: How many words are kept at most, the most frequent ones. None: no limit.
        epochs: How many times the pairs are gone through. The paper has 50 for vectors of
            fewer than 300 numbers, and 100 for others.
        eta: Learning rate of AdaGrad, whose steps get smaller by themselves.
        x_max: Pairs that are counted so often, or more often, have the full weight, 1. The default
            is the paper's, for billions of words; for ten million, 10 is better.
        exponent: Other pairs have the weight `(x / x_max) ** exponent`; the paper's alpha.
        memory: How many GB counting may use, apart from what its threads need for the words
            of the vocabulary. A corpus of more than 67 million words to the GB is counted in parts,
            each of which goes to a temporary file. The result is the same.
        workers: How many threads count and train, of which more than 16 do not help. None: one
            for each processor.
        seed: Seed of everything that is left to chance.
        deterministic: Has no effect on the result, which is the same every time in any case.
        tokenizer: How texts become tokens: a name such as "words" (None is the same), "lower",
            "split" (at white space, for text that is tokenized already), "jieba", "kiwi" or
            "auto", or a callable; see `inlay.tokenizers.get_tokenizer`. Lists of tokens are taken
            as they are. The name stands in the table's provenance; of lists alone it is None
            there, if none was named.
        encoding: The encoding of a file, such as "cp949" for Korean.
        progress: Whether to show a bar with pairs a second and the time left. None: only on a
            terminal.
        folder: A working folder, in which the numbered corpus and checkpoints are kept. If the
            training is stopped, by Ctrl-C or by a kill, the same call counts the pairs anew, which
            does not take the text, and goes on from the last checkpoint; after the end it gives
            the same table again. A checkpoint of another training, or of another corpus, is
            refused. Without a folder nothing is kept.
        checkpoint_every: Seconds between two checkpoints; each takes as much disk as the vectors
            of words and contexts, and twice that, for the sums of squares.
        resume: Whether to go on from a checkpoint. False starts anew and replaces it.
        callbacks: Functions that are called at the end of each epoch with an
            `inlay.train.Epoch`: its number, the loss, and the table as it stands. One that
            returns True ends the training.
        until: A function that gives the table a score after each epoch, of which higher is
            better. The training ends when the score gets no better, and the result is the table
            of the best epoch, of which a copy is held meanwhile.
        patience: How many epochs in a row `until` may give no better score before the training
            ends.
        start: A table to go on from; its context vectors, `start.parts["context"]`, as well, if it
            is one of GloVe's. New words of the corpus are added. A table has no biases; so these,
            and new words, are learned in the first epoch while all that came stays where it is,
            unless it is the only one. The words come in the order of the corpus; behind them, with
            a count of 0, come those that the corpus does not have, whose vectors stay as they are.
            The sums of squares of AdaGrad begin anew, so that a smaller `eta` keeps vectors nearer
            to where they were.

    Returns:
        A table with the most frequent word first, and with counts; float32
        `(vocab_size, vector_size)`, the sums of the vectors of words and of contexts, as in the
        paper. The latter are `table.parts["context"]`. Training holds four such matrices, with
        rows of a multiple of 16, and the table is made in the memory of two of them.

    Raises:
        ArgumentError: A setting is out of bounds, the corpus is empty, no word is frequent
            enough, or vectors grew without bound.
        ArgumentTypeError: A setting is of a type that cannot be used.
        FormatError: The file is not text in this encoding, or the checkpoint is damaged.
        KeyboardInterrupt: Ctrl-C was pressed. With a folder a checkpoint has been written;
            without one, the attribute `table` of the exception is the table as it stands, if
            counting had ended.
        MissingFileError: There is no such file.
        NoSpaceError: The disk is full.

    Examples:
        >>> texts = ["the cat sat on the mat", "the dog sat on the rug"] * 20
        >>> table = glove(texts, vector_size=16, min_count=1)
        >>> len(table), table.dim, table.tokens[0]
        (7, 16, 'the')

    Source: Pennington, Socher and Manning 2014, "GloVe: Global Vectors for Word Representation".
    """
    flag("deterministic", deterministic)
    running = Running(
        workers=workers,
        seed=seed,
        deterministic=True,  # pieces of a round have no row in common
        progress=progress,
        folder=folder,
        checkpoint_every=checkpoint_every,
        resume=resume,
        callbacks=callbacks,
        until=until,
        patience=patience,
    )
    settings = GloVeSettings(
        vector_size=vector_size,
        window=window,
        symmetric=symmetric,
        distance_weighting=distance_weighting,
        min_count=min_count,
        max_size=max_size,
        epochs=epochs,
        eta=eta,
        x_max=x_max,
        exponent=exponent,
        seed=running.seed,
    )
    counting = settings.counting(memory, available_workers(running.workers))
    begin = GloVeStart.of(start, None, 0.0, settings.vector_size)
    with on_stop(lambda: "Stopped; the training had not begun."):
        made = asdict(settings)
        if isinstance(corpus, Pairs):
            _check_counted(made | {"tokenizer": tokenizer, "encoding": encoding})
            made |= dict.fromkeys(COUNTED)
            about = {
                "model": "GloVe",
                "tokenizer": None,
                "settings": made,
                "corpus_words": int(corpus.counts.sum()),
                "corpus": corpus.fingerprint,
            }
            data: Corpus | Pairs = corpus
        else:
            data = numbered(
                corpus,
                running,
                min_count=settings.min_count,
                max_size=settings.max_size,
                tokenizer=tokenizer,
                encoding=encoding,
            )
            check_pairs(data.ids)
            about = facts("GloVe", made, data, given=data is corpus)
        if begin is not None:
            about["start"] = begin.facts()
        version = {"inlay": __version__}
        work = Cells(data, settings, (counting, running.progress), about | version, begin)
    report = run(
        work,
        running,
        epochs=settings.epochs,
        alpha=settings.eta,
        min_alpha=settings.eta,
        about=about,
        unit="pairs",
    )
    work.check()
    work.about |= report.facts()
    return work.finished()


# What says how pairs are counted, and has no effect on those that are counted already.
COUNTED = ("window", "symmetric", "distance_weighting", "min_count", "max_size")


def _check_counted(said: dict[str, Any]) -> None:
    """Refuse what says how pairs are counted."""
    defaults = signature(glove).parameters
    for name in (*COUNTED, "tokenizer", "encoding"):
        if said[name] != defaults[name].default:
            raise ArgumentError(
                name,
                expected="nothing, for the pairs are counted already",
                got=described(said[name]),
                hint=f"leave {name} out",
            )
