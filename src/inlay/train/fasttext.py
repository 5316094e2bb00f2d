"""Word vectors by fastText: each word is the mean of its own row and those of its n-grams."""

from collections.abc import Iterable
from os import PathLike
from typing import Any

from inlay.calls import refuses_unknown
from inlay.core import Table
from inlay.text.corpus import Corpus, CorpusLike
from inlay.tokenizers import TokenizerLike
from inlay.train.foreign import foreign
from inlay.train.learning import learned
from inlay.train.running import CHECKPOINT_EVERY, Callback, Running, Until
from inlay.train.subword_start import SubwordStart
from inlay.train.subwords import FastTextSettings, SubwordWork
from inlay.train.word2vec import NAMES, Architecture, Loss

ARCHITECTURE = "architecture='skipgram' or 'cbow'"
CLASSIFIER = "inlay.TextClassifier(model='fasttext').fit(texts, labels), which learns labels"
# The words of the official library, of gensim, and of others.
FOREIGN = foreign(
    "fasttext",
    {
        **dict.fromkeys(("input", "corpus_iterable"), "fasttext(corpus): first and unnamed"),
        "epoch": "epochs=",
        "model": lambda value: CLASSIFIER if value == "supervised" else ARCHITECTURE,
        "sg": ARCHITECTURE,
        **dict.fromkeys(
            (
                *("supervised", "label", "label_prefix", "minCountLabel", "autotuneDuration"),
                *("autotuneValidationFile", "autotuneMetric", "autotuneModelSize"),
            ),
            CLASSIFIER,
        ),
        "saveOutput": "leave it out: table.parts['context'] has the other vectors",
        "hs": "loss='hs' for hs=1, loss='ns' for hs=0",
        **dict.fromkeys(("wordNgrams", "word_ngrams"), "max_n=0, for words without n-grams"),
        "minCount": "min_count=",
        "minn": "min_n=",
        "maxn": "max_n=",
        "neg": "negative=",
        "t": "sample=",
        "pretrainedVectors": "start=inlay.load(path), of a model with n-grams",
        "lrUpdateRate": "leave it out: the rate falls with every piece of the corpus",
        "output": 'fasttext(...).save("vectors.bin")',
    },
)


@refuses_unknown(FOREIGN)
def fasttext(
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
    alpha: float = 0.05,
    min_alpha: float = 0.0,
    ns_exponent: float | None = None,
    min_n: int = 3,
    max_n: int = 6,
    bucket: int = 2_000_000,
    jamo: bool = False,
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
    """Learn a vector for each frequent word of a corpus, and one for any other word.

    A word is the mean of its own row and those of its n-grams of characters. So words that are
    built alike learn from each other, and the table composes the vector of a word that it has
    never seen. All defaults are those of the official program.

    Several threads update the same rows without locks, so that two runs differ a little. With
    one worker, or with any number of them and `deterministic=True`, the same corpus, settings and
    seed give the same vectors, on the same kind of processor to the last bit.

    Args:
        corpus: Path of a text file with a sentence or text on each line, packed or not; or
            an iterable of texts, or of lists of tokens, which is read once and may be larger than
            memory; or what `inlay.text.encode_corpus` made of one of these, to train on it more
            than once (then its own `min_count`, `max_size`, `tokenizer` and `encoding` hold).
        architecture: `"skipgram"`: a word predicts each of those around it, which is better for
            rare words and small corpora; or `"cbow"`: the mean of those around it predicts a word.
        loss: `"ns"`, negative sampling, tells a word from a few noise words. `"hs"`, hierarchical
            softmax, finds it in a tree of all words (Huffman's), and draws none.
        exact: Whether negative sampling draws noise words for each pair and learns from one pair
            after the other, as the original does. Else, a block of up to eight words shares
            its draws, which is faster, and alike in expectation.
        vector_size: How many numbers a vector has.
        window: How many words to each side a word is paired with at most. Each block of up to
            eight words draws a width from 1 to this; of CBOW, up to sixteen. With `exact`, and
            along a tree with skip-gram, each word draws its own.
        negative: How many noise words each pair is set against. None: 5, for `loss="ns"`.
        sample: Words that are more frequent than this share of the corpus are thinned out;
            0 keeps them all.
        min_count: Words that occur less often are left out.
        max_size: How many words are kept at most, the most frequent ones. None: no limit.
        epochs: How many times the corpus is gone through. The official program ends when it has
            read as many known words as the passes have words, rare ones among them, so that it
            goes through a corpus with many rare words more often.
        alpha: Learning rate at the start, below 0.45 for 5 noise words. It is lowered where a
            word is repeated over and over, as in "- - - -", and above about 0.04 where the window
            is wide.
        min_alpha: Learning rate at the end, to which `alpha` decays linearly.
        ns_exponent: Noise words are drawn in proportion to their count to this power, from -2 to
            2: all words alike at 0, and rare ones more often below it. None: 0.5, for `loss="ns"`.
        min_n: How many characters the shortest n-gram has. The marks around a word, `<` and `>`,
            are characters, too.
        max_n: How many characters the longest n-gram has; 0: words have no n-grams.
        bucket: How many rows the n-grams of all words share; each has one by its hash. Only
            those that the corpus needs take memory.
        jamo: Spell the syllables of Hangul in their three letters before n-grams are taken, as
            `inlay.core.jamo` does, which suits Korean's endings. All else stays as it is. The
            files of fastText have no place for this: save such a table as `.safetensors`.
        workers: How many threads train. None: one for each processor.
        seed: Seed of everything that is left to chance.
        deterministic: Give the same result every time, for any number of workers. Pieces of the
            corpus are learned from apart, eight from the same rows, and their changes are added in
            order. It takes three to four times the CPU time, and is as good, but for small corpora.
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
        checkpoint_every: Seconds between two checkpoints; each takes as much disk as all rows
            in training.
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
        start: A table to go on from, made here with the same n-grams, or the `.bin` of another
            trainer; with `max_n=0`, any table. Its words and n-grams have their vectors until
            these are learned anew; its context vectors, `start.parts["context"]`, are gone on
            from as well, if it has some. New words of the corpus are added, which begin near to
            what `start` composes for them. The words come in the order of the corpus; behind
            them, with a count of 0, come those that the corpus does not have: they move with
            the n-grams that they share with its words.
        start_rate: What the learning rate of the words of `start` is multiplied by: a number
            from 0 to 1, or one for each row of it. An n-gram is as slow as the slowest of its
            words. At 0 a vector stays as it is, to the bit. None: 1, the fastest. Context vectors
            always learn at the full rate.
        pull: How strongly a word and its n-grams from `start` are drawn back to where they began:
            each time a word is read, by this share of the way times the learning rate. It holds
            a copy of all rows.

    Returns:
        A table with the most frequent word first, and with counts, float32
        `(vocab_size, vector_size)`, which composes other words (`table["any-word"]`). Saved as
        `.bin` it is a model that the official library opens: n-grams that the corpus does not
        have are zeros there, where that library leaves random numbers. With `loss="ns"`,
        `table.parts["context"]` has the vectors that words are predicted by. Training holds two
        rows for each word and one for each n-gram's bucket, of a multiple of 16 numbers, which
        become the table's; the corpus goes to a temporary file of 4 bytes a word. The provenance
        has the settings, the fingerprint of the corpus and the mean loss of each epoch.

    Raises:
        ArgumentError: A setting is out of bounds, the corpus is empty, no word is frequent
            enough, or vectors grew without bound.
        ArgumentTypeError: A setting is of a type that cannot be used.
        FormatError: The file is not text in this encoding, or the checkpoint is damaged.
        KeyboardInterrupt: Ctrl-C was pressed. With a folder a checkpoint has been written;
            without one, the attribute `table` of the exception is the table as it stands.
        MissingFileError: There is no such file.

    Examples:
        >>> texts = ["the cat sat on the mat", "the dog sat on the rug"] * 20
        >>> table = fasttext(texts, vector_size=16, min_count=1, workers=1)
        >>> len(table), table.dim, "cats" in table, table["cats"].shape
        (7, 16, False, (16,))

    Sources: Bojanowski et al. 2017, "Enriching Word Vectors with Subword Information"; for
    `jamo`, Park et al. 2018, "Subword-level Word Vector Representations for Korean".
    """
    running = Running(
        *(workers, seed, deterministic, progress, folder, checkpoint_every, resume),
        *(callbacks, until, patience),
    )
    settings = FastTextSettings(
        *(architecture, vector_size, window, negative, sample, min_count, max_size, epochs),
        *(alpha, min_alpha, ns_exponent, min_n, max_n, bucket, jamo),
        *(loss, exact, running.seed, running.deterministic),
    )
    begin = SubwordStart.of(start, start_rate, pull, settings.vector_size)
    if begin is not None:
        begin.check(settings)
    model = f"fastText {NAMES[settings.architecture]}"
    how = (corpus, running, settings, begin)
    return learned(SubwordWork, *how, model=model, tokenizer=tokenizer, encoding=encoding)
