"""The corpus of a training: numbered, unless it came so, and what is said of it in the result."""

from typing import Any

from inlay.aliases import Array
from inlay.checks import described, shown, warn
from inlay.errors import ArgumentError
from inlay.jobs.freed import give_back
from inlay.text.corpus import Corpus, CorpusLike, encode_corpus
from inlay.tokenizers import TokenizerLike
from inlay.train.running import Running

FEW = 8  # tokens that tell whether texts stand in their place
BLOCK = 10_000  # words that are looked at together
# What says how a corpus is numbered, and the defaults of all trainers.
NUMBERING = {"min_count": 5, "max_size": None, "tokenizer": None, "encoding": "utf-8"}


def numbered(
    corpus: CorpusLike | Corpus,
    running: Running,
    *,
    min_count: int,
    max_size: int | None,
    tokenizer: TokenizerLike | None,
    encoding: str,
    every_text: bool = False,
) -> Corpus:
    """A corpus to learn from.

    Args:
        corpus: As the user gave it.
        running: Who numbers it, whether with a bar, and in which folder it stays, if in any.
        min_count: As for `encode_corpus`.
        max_size: As for `encode_corpus`.
        tokenizer: As for `encode_corpus`.
        encoding: As for `encode_corpus`.
        every_text: Whether each text is numbered, one without a word that is kept, too.

    Raises:
        ArgumentError: It is numbered already, and something says how to do that.
        InlayError: As `encode_corpus`.
    """
    if isinstance(corpus, Corpus):
        how: dict[str, Any] = {"min_count": min_count, "max_size": max_size}
        how |= {"tokenizer": tokenizer, "encoding": encoding}
        _check_nothing_said(how, "every_text=True, " if every_text else "")
        if every_text and not corpus.every_text:
            raise ArgumentError(
                "corpus",
                expected="a corpus with an end for every text",
                got="one in which texts without a known word have left nothing behind",
                hint="encode_corpus(..., every_text=True)",
            )
        return corpus
    made = encode_corpus(
        corpus,
        min_count=min_count,
        max_size=max_size,
        tokenizer=tokenizer,
        encoding=encoding,
        every_text=every_text,
        folder=running.folder,
        workers=running.workers,
        progress=running.progress,
    )
    give_back()
    first = list(made.tokens[:FEW])
    if made.tokenizer is None and first and all(len(token.split()) > 2 for token in first):
        warn(
            f"the tokens of the corpus are whole texts, such as {shown(first[0])}. Try: the texts "
            "themselves as the corpus, and no list around them."
        )
    return made


def _check_nothing_said(how: dict[str, Any], more: str) -> None:
    """Refuse what a corpus that is encoded already was asked for, and would be ignored now."""
    for name, value in how.items():
        if value != NUMBERING[name]:
            raise ArgumentError(
                name,
                expected="nothing, for the corpus is encoded already",
                got=described(value),
                hint=f"encode_corpus(..., {more}{name}=...)",
            )


def check_pairs(ids: Array) -> None:
    """Refuse texts of one word each, as the words of one text are: there is nothing to learn.

    Raises:
        ArgumentError: No text has two words.
    """
    for at in range(0, ids.size, BLOCK):  # the first block has a pair, unless something is wrong
        real = ids[at : at + BLOCK] >= 0
        if (real[:-1] & real[1:]).any():
            return
    raise ArgumentError(
        "corpus",
        expected="texts with two words or more that are frequent enough",
        got="none",
        hint="a list of texts, or [words] for the words of one; or a smaller min_count",
    )


def facts(model: str, settings: dict[str, Any], data: Corpus, *, given: bool) -> dict[str, Any]:
    """What the result of a training depends on, JSON, which is what its provenance begins with.

    Args:
        model: What is learned, in the words of the papers.
        settings: The trainer's.
        data: The corpus.
        given: Whether it came numbered: how it was asked for is not known then.
    """
    unknown = dict.fromkeys(("min_count", "max_size")) if given else {}
    return {
        "model": model,
        "tokenizer": data.tokenizer,
        "settings": settings | unknown,
        "corpus_words": data.words,
        "corpus": data.fingerprint,
    }


def check_length(name: str, value: float, length: float, *, most: float, usual: str) -> None:
    """Refuse vectors that grew without bound.

    Args:
        name: The learning rate's name.
        value: What it was.
        length: The quadratic mean of the vectors' norms.
        most: What learned ones stay below.
        usual: Which rates are usual: "0.05 is".

    Raises:
        ArgumentError: They did.
    """
    if not length <= most:  # NaN and infinity fail the comparison too
        raise ArgumentError(
            name,
            expected=f"a learning rate at which the norms' quadratic mean stays below {most:g}",
            got=f"{length:g} at {name}={value}: they grew without bound",
            hint=f"a lower {name}; {usual} usual",
        )
