"""Vectors of texts by predicting their words: paragraph vectors, known as Doc2Vec."""

from collections.abc import Iterable
from dataclasses import asdict
from os import PathLike
from typing import Any

from inlay.calls import refuses_unknown
from inlay.checks import described, whole, whole_or_none
from inlay.core import Table
from inlay.encode.paragraph.encoder import ParagraphEncoder
from inlay.encode.paragraph.network import Architecture, Design
from inlay.errors import ArgumentError
from inlay.jobs.stop import on_stop
from inlay.jobs.threads import available_workers
from inlay.text.corpus import Corpus, CorpusLike
from inlay.tokenizers import TokenizerLike, saved_tokenizer
from inlay.tokenizers.named import PHRASES
from inlay.train.corpora import facts, numbered
from inlay.train.doc2vec_work import Paragraphs
from inlay.train.foreign import foreign
from inlay.train.job import run
from inlay.train.running import CHECKPOINT_EVERY, Callback, Running, Until
from inlay.train.start import Start
from inlay.train.tags import Tagged, Tags
from inlay.version import __version__

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
    start: Table | None = None,
    start_rate: Any = None,
    pull: float = 0.0,
) -> ParagraphEncoder:
    """Learn a vector for each text of a corpus, and what finds one for a new text.

    The vector of a text is to predict its words. With `"dbow"` (PV-DBOW, a distributed bag of
    words) it predicts each by itself, which is fast and mostly the better of the two; with `"dm"`
    (PV-DM, a distributed memory) it does so together with the words around.

    Several threads update the same vectors without locks, so that two runs differ a little.
    With one worker, or with `deterministic=True`, the same corpus, settings and seed give the same
    vectors, on the same kind of processor to the last bit.

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
            from it with `words=True`; `"dbow"` alone has no use for it. But for `concatenate`, this
            is the most: each block of up to eight words draws a width from 1 to this.
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
        workers: How many threads train. None: one for each processor.
        seed: Seed of everything that is left to chance.
        deterministic: Give the same result every time, for any number of workers. Pieces of the
            corpus are learned from apart, eight from the same vectors, and their changes are added
            in order. It takes three times the CPU time with `"dm"` and five times with `"dbow"`,
            and is not quite as good: a classifier of IMDB's reviews is right half a point less
            often.
        tokenizer: How texts become tokens, here and when the encoder reads new ones: a name such
            as "words" (None is the same), "lower", "split", "jieba", "kiwi" or "auto", or a
            callable; see `inlay.tokenizers.get_tokenizer`. Lists of tokens are taken as they are.
        encoding: The encoding of a file, such as "cp949" for Korean.
        progress: Whether to show a bar with words a second, the loss and the time left. None: only
            on a terminal.
        folder: A working folder, in which the numbered corpus and checkpoints are kept. If the
            training is stopped, by Ctrl-C or by a kill, the same call goes on from the last
            checkpoint; after the end it gives the same encoder again. A checkpoint of another
            training, or of another corpus, is refused. Without a folder nothing is kept.
        checkpoint_every: Seconds between two checkpoints.
        resume: Whether to go on from the checkpoint in the folder, or to start anew.
        callbacks: Called at the end of each epoch with an `inlay.train.Epoch`, whose `table()`
            makes the table of the texts as it stands; one that returns True ends the training.
        until: A test of the table of the texts, higher is better, after each epoch. The training
            ends when `patience` epochs have not been better, and the best one is the result.
        patience: How many epochs without a better score `until` allows.
        start: A table of word vectors to go on from, with `"dm"` or `words=True`. Words of the
            corpus that it has begin with its vectors; those that the corpus does not have are left
            out. Its context vectors, `start.parts["context"]`, are gone on from as well, but with
            `concatenate`.
        start_rate: What the learning rate of the words of `start` is multiplied by: a number from 0
            to 1, or one for each row of it. At 0 a vector stays as it is, to the bit. None: 1.
        pull: How strongly a vector from `start` is drawn back to where it began: each time its
            word is read, by this share of the way times the learning rate.

    Returns:
        An encoder: `encode(texts)` finds vectors for new texts. Its `documents` is a table of the
        vectors by tag, zeros where no text of a tag has a known word; `words` is one of words,
        where they are trained. Training holds `vector_size` numbers for each tag and one or two
        times as many for each word, in rows of a multiple of 16, which become the result's.

    Raises:
        ArgumentError: A setting is out of bounds or has no effect, the corpus is empty, no word is
            frequent enough, there are more or fewer tags than texts, or vectors grew without bound.
        ArgumentTypeError: A setting is of a type that cannot be used.
        FormatError: The file is not text in this encoding.
        MissingFileError: There is no such file.

    Examples:
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
    begin = Start.of(start, start_rate, pull, design.vector_size)
    if begin is not None and not (design.words or design.reads_words):
        raise ArgumentError(
            "start",
            expected="nothing with 'dbow' alone, which learns no vectors of words",
            got=described(start),
            hint="words=True, or architecture='dm'",
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
        tagged = Tagged.of(tags, data, one=concatenate)
        settings = {"min_count": least, "max_size": most, "seed": running.seed}
        settings["deterministic"] = running.deterministic
        about = facts(design.name, asdict(design) | settings, data, given=data is corpus)
        about["tags"] = tagged.digest()
        if begin is not None:
            about["start"] = begin.facts()
        work = Paragraphs(
            *(data, tagged, design, running.seed, about | {"inlay": __version__}),
            deterministic=running.deterministic,
            start=begin,
            threads=available_workers(running.workers),
        )
    report = run(
        work,
        running,
        epochs=design.epochs,
        alpha=design.alpha,
        min_alpha=design.min_alpha,
        about=about,
    )
    work.about |= report.facts()
    # A function that no name leads to is not in the corpus, and of phrases the name alone.
    if data.tokenizer is None or callable(tokenizer):
        return work.encoder(tokenizer)
    is_there = not data.tokenizer.startswith(f"{PHRASES}:")
    hint = "ParagraphEncoder.load(path, tokenizer=...), when it is saved"
    return work.encoder(data.tokenizer if is_there else saved_tokenizer(data.tokenizer, hint=hint))
