"""Phrases: words that stand side by side more often than chance would have it."""

import math
from collections.abc import Collection
from typing import Any, Literal

from inlay.calls import refuses_unknown
from inlay.checks import choice, described, many_tokens, number, whole
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.text.corpus import Corpus, CorpusLike, encode_corpus
from inlay.text.phrase_counts import PhraseCounts, count_phrases, sentences
from inlay.text.phrases import Phrases, Scores
from inlay.tokenizers import TokenizerLike

SCORERS = ("default", "npmi")

# gensim's words.
FOREIGN = {
    "sentences": "phrases(corpus): first and unnamed",
    "scoring": "scorer=",
    "connector_words": "connectors=",
    "common_terms": "connectors=",
    "max_vocab_size": "leave it out: what memory does not hold waits on the disk",
    "progress_per": "progress=",
}


@refuses_unknown(FOREIGN)
def phrases(
    corpus: CorpusLike | Corpus,
    *,
    min_count: int = 5,
    threshold: float | None = None,
    scorer: Literal["default", "npmi"] = "default",
    passes: int = 1,
    delimiter: str = "_",
    connectors: Collection[str] = (),
    tokenizer: TokenizerLike | None = None,
    encoding: str = "utf-8",
    workers: int | None = None,
    progress: bool | None = None,
) -> Phrases:
    """Find words that stand side by side more often than chance would have it.

    The phrases and their scores are those of gensim's `Phrases` without its limit on the size of
    the vocabulary: counts are exact, and those that memory does not hold wait on the disk.

    Args:
        corpus: As for `inlay.train.word2vec`. A `Corpus` needs all of its words: encode it with
            `min_count=1`.
        min_count: A phrase is seen more often than this; with `"npmi"`, at least as often.
        threshold: A phrase has a higher score than this. None: 10, or 0.5 with `"npmi"`.
        scorer: `"default"`: how often two words are seen together beyond `min_count`, over the
            product of how often each is, times the number of different words and pairs. `"npmi"`:
            the pointwise mutual information of two words by that of words that are always
            together, from -1 to 1.
        passes: How often to join: two passes find phrases of up to four words, and so on.
        delimiter: What to put between the words of a phrase.
        connectors: Words such as "of" and "the" that may stand inside a phrase, and neither begin
            nor end one. They do not count for its score.
        tokenizer: How texts become words; see `inlay.tokenizers.get_tokenizer`. None: `"words"`.
        encoding: The encoding of a file.
        workers: How many threads number the words of files. None: one for each processor.
        progress: Whether to show a bar. None: only on a terminal.

    Returns:
        What joins them. It holds the phrases alone; while they are looked for, each different word
        of the corpus takes about 150 bytes.

    Raises:
        ArgumentError: A setting is out of bounds, or the corpus is empty or lacks its rare words.
        ArgumentTypeError: A setting is of a type that cannot be used.
        FormatError: The file is not text in this encoding.
        MissingFileError: There is no such file.

    Examples:
        >>> texts = ["new york is big", "he left new york", "new york is old"]
        >>> found = phrases(texts, min_count=1, threshold=1)
        >>> found("she likes new york too")
        ['she', 'likes', 'new_york', 'too']

    Source: Mikolov et al. 2013, "Distributed Representations of Words and Phrases and their
    Compositionality", equation 6; Bouma 2009, "Normalized (Pointwise) Mutual Information in
    Collocation Extraction".
    """
    scorer = choice("scorer", scorer, SCORERS)  # type: ignore[arg-type]
    if threshold is None:
        threshold = 10.0 if scorer == "default" else 0.5
    bounds = {"above": 0.0} if scorer == "default" else {"least": -1.0, "most": 1.0}
    least = number("threshold", threshold, **bounds)
    min_count = whole("min_count", min_count)
    times = whole("passes", passes)
    if not isinstance(delimiter, str) or not delimiter:
        raise ArgumentTypeError(
            "delimiter", expected="a string between two words", got=described(delimiter)
        )
    inside = sorted(connectors) if isinstance(connectors, set | frozenset) else connectors
    between = frozenset(many_tokens("connectors", inside))
    settings: dict[str, Any] = {"min_count": 1, "workers": workers, "progress": progress}
    data = (
        corpus
        if isinstance(corpus, Corpus)
        else encode_corpus(corpus, tokenizer=tokenizer, encoding=encoding, **settings)
    )
    if int(data.counts.sum()) != data.words:
        raise ArgumentError(
            "corpus",
            expected="a corpus with all of its words",
            got=f"{int(data.counts.sum()):,} of {data.words:,}",
            hint="encode_corpus(..., min_count=1)",
        )
    found: list[Scores] = []
    kind = data.tokenizer if isinstance(corpus, Corpus) or data.tokenizer else tokenizer
    for done in range(times):
        counts = count_phrases(data, between, delimiter, min_count, progress=progress)
        score = _npmi if scorer == "npmi" else _default
        known = {
            words: value
            for words in counts.candidates()
            if (value := score(counts, words, min_count)) > least
        }
        found.append(known)
        if not known or done == times - 1:
            break
        last = Phrases((known,), delimiter, between)
        data = encode_corpus(map(last, sentences(data)), **settings)
    return Phrases(tuple(found), delimiter, between, kind)


def _default(counts: PhraseCounts, words: tuple[str, ...], min_count: int) -> float:
    """Mikolov's score, times the number of different words and pairs."""
    a, b, both = counts.of(words)
    return (both - min_count) / float(a * b) * counts.distinct


def _npmi(counts: PhraseCounts, words: tuple[str, ...], min_count: int) -> float:
    a, b, both = counts.of(words)
    total = float(counts.words)
    share = both / total
    return math.log(share / ((a / total) * (b / total))) / -math.log(share) if share < 1 else 0.0
