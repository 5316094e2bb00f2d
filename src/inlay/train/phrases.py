"""Phrases: words that stand side by side more often than chance would have it."""

import hashlib
import json
import math
import os
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Self

from inlay.bytes.damage import damage_reported
from inlay.calls import refuses_unknown
from inlay.checks import choice, described, many_tokens, number, one_text, whole
from inlay.core.json_file import read_json, write_json
from inlay.errors import ArgumentError, ArgumentTypeError, FormatError
from inlay.text.corpus import Corpus, CorpusLike, encode_corpus
from inlay.text.phrase_counts import PhraseCounts, count_phrases, sentences
from inlay.tokenizers import TokenizerLike, get_tokenizer, saved_tokenizer, tokenizer_name
from inlay.tokenizers.named import PHRASES
from inlay.tokenizers.protocol import Named

FORMAT = "inlay-phrases"
EXPECTED = "phrases that inlay saved"
SCORERS = ("default", "npmi")

# The words of a phrase, connectors among them, and its score.
Scores = dict[tuple[str, ...], float]

# gensim's words.
FOREIGN = {
    "sentences": "phrases(corpus): first and unnamed",
    "scoring": "scorer=",
    "connector_words": "connectors=",
    "common_terms": "connectors=",
    "max_vocab_size": "leave it out: what memory does not hold waits on the disk",
    "progress_per": "progress=",
}


@dataclass(frozen=True)
class Phrases(Named):
    """Joins words to phrases: a function of a text, or of a list of tokens.

    Given to a trainer as `tokenizer=`, it makes a word of each phrase, and what was trained says
    by its `name` which phrases they were. It compares, pickles and copies as what it holds.

    Attributes:
        passes: Of each pass over a text the phrases with their scores.
        delimiter: What stands between the words of a phrase.
        connectors: Words that may stand inside a phrase, and neither begin nor end one.
        tokenizer: What splits a text into the words; None for lists of tokens alone.
    """

    passes: tuple[Scores, ...]
    delimiter: str = "_"
    connectors: frozenset[str] = frozenset()
    tokenizer: TokenizerLike | None = None

    @cached_property
    def name(self) -> str | None:  # type: ignore[override]  # not to be set
        """Such as `"phrases:2:3f51..."`: how many passes, and a digest of all that they do.

        None with a tokenizer that has no name. Phrases cannot be had by it: they are in a file.
        """
        if self._tokenizer_name is None and self.tokenizer is not None:
            return None
        passes = [sorted([list(words), score] for words, score in p.items()) for p in self.passes]
        said = [self._tokenizer_name, self.delimiter, sorted(self.connectors), passes]
        digest = hashlib.sha256(json.dumps(said).encode()).hexdigest()
        return f"{PHRASES}:{len(self.passes)}:{digest[:16]}"

    @property
    def _tokenizer_name(self) -> str | None:
        return None if self.tokenizer is None else tokenizer_name(self.tokenizer)

    def __len__(self) -> int:
        return sum(map(len, self.passes))

    def __repr__(self) -> str:
        return f"Phrases({len(self):,} in {len(self.passes)} passes, delimiter={self.delimiter!r})"

    def __hash__(self) -> int:
        return hash((len(self), self.delimiter, self.connectors))

    @property
    def scores(self) -> dict[str, float]:
        """Each phrase as it is joined, with its score: the highest, where there are several."""
        found: dict[str, float] = {}
        for known in self.passes:
            for words, score in known.items():
                joined = self.delimiter.join(words)
                found[joined] = max(score, found.get(joined, -math.inf))
        return found

    def __call__(self, text: str | Sequence[str]) -> list[str]:
        """The tokens of a text, or of a list of tokens, with phrases as one token each.

        Raises:
            ArgumentTypeError: It is neither.
        """
        given = one_text("text", text)
        tokens = get_tokenizer(self.tokenizer)(given) if isinstance(given, str) else given
        for known in self.passes:
            tokens = list(self._joined(tokens, known))
        return tokens

    def _joined(self, tokens: Iterable[str], known: Scores) -> Iterator[str]:
        """Join from left to right: a word that has become part of a phrase is in no other."""
        begun: list[str] = []  # a word that may begin a phrase, and connectors behind it
        for token in tokens:
            if token in self.connectors:
                if begun:
                    begun.append(token)
                else:
                    yield token
                continue
            if begun and (*begun, token) in known:
                yield self.delimiter.join([*begun, token])
                begun = []
                continue
            yield from begun
            begun = [token]
        yield from begun

    @refuses_unknown()
    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a file of JSON, over an older one.

        Raises:
            ArgumentError: The tokenizer has no name that a file could hold.
        """
        name = self._tokenizer_name
        if name is None and self.tokenizer is not None:
            raise ArgumentError(
                "tokenizer",
                expected="one that has a name, which the file would hold",
                got=described(self.tokenizer),
                hint="a function of a module, as 'module:function'",
            )
        said = {"tokenizer": name, "delimiter": self.delimiter}
        passes = [
            {"phrases": [list(words) for words in known], "scores": list(known.values())}
            for known in self.passes
        ]
        connectors = sorted(self.connectors)
        write_json(path, FORMAT, {**said, "connectors": connectors, "passes": passes})

    @classmethod
    @refuses_unknown()
    def load(cls, path: str | os.PathLike[str], *, tokenizer: TokenizerLike | None = None) -> Self:
        """Read what `save` wrote.

        Args:
            path: The file.
            tokenizer: Instead of that in the file; a function that a file names is not imported.

        Raises:
            FormatError: The file holds something else, or is damaged.
            MissingFileError: There is no such file.
        """
        content = read_json(path, FORMAT, what="a file of phrases", expected=EXPECTED)
        with damage_reported(str(path), expected=EXPECTED, hint="save it again"):
            passes = tuple(
                dict(zip(map(tuple, each["phrases"]), map(float, each["scores"]), strict=True))
                for each in content["passes"]
            )
            words = [word for known in passes for words in known for word in words]
            words += [content["delimiter"], *content["connectors"]]
            if not all(isinstance(word, str) for word in words):
                raise FormatError(str(path), expected=EXPECTED, got="words that are no strings")
            name = content["tokenizer"]
        saved = saved_tokenizer(name, hint="Phrases.load(path, tokenizer=...)")
        chosen = saved if tokenizer is None else tokenizer
        return cls(passes, content["delimiter"], frozenset(content["connectors"]), chosen)


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
