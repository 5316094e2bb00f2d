"""Phrases as a tokenizer: words that stand side by side become one token."""

import hashlib
import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

from inlay.bytes.damage import damage_reported
from inlay.calls import UNNAMED, refuses_unknown
from inlay.checks import described, one_text
from inlay.core.elsewhere import Elsewhere
from inlay.core.json_file import read_json, write_json
from inlay.errors import ArgumentError, ArgumentTypeError, FormatError
from inlay.tokenizers import TokenizerLike, get_tokenizer, saved_tokenizer, tokenizer_name
from inlay.tokenizers.named import PHRASES
from inlay.tokenizers.protocol import Named

FORMAT = "inlay-phrases"
EXPECTED = "phrases that inlay saved"

FINDS = "inlay.train.phrases(corpus), which finds them"
# What gensim gives its class, which finds phrases as it is made.
FOREIGN = {
    "passes": FINDS,
    UNNAMED: FINDS,
    "sentences": FINDS,
    **{
        name: f"inlay.train.phrases(corpus, {name}=...)"
        for name in ("min_count", "threshold", "progress")
    },
    **dict.fromkeys(("scoring", "scorer"), "inlay.train.phrases(corpus, scorer=...)"),
    **dict.fromkeys(
        ("connector_words", "common_terms"), "inlay.train.phrases(corpus, connectors=...)"
    ),
    **dict.fromkeys(("max_vocab_size", "progress_per"), "inlay.train.phrases(corpus)"),
}
KEPT = "phrases.scores, for only what became a phrase is kept"
# gensim's names for what its objects have.
OF_PHRASES = {
    **dict.fromkeys(("export_phrases", "find_phrases", "phrasegrams"), "phrases.scores"),
    "freeze": "the phrases themselves, which hold nothing but what joins words",
    **dict.fromkeys(("vocab", "corpus_word_count", "min_reduce"), KEPT),
    **dict.fromkeys(
        ("add_vocab", "learn_vocab"), "inlay.train.phrases(corpus), of all texts at once"
    ),
    **dict.fromkeys(("connector_words", "common_terms"), "phrases.connectors"),
    "analyze_sentence": "phrases(text)",
    "score_item": "phrases.scores[phrase]",
}

# The words of a phrase, connectors among them, and its score.
Scores = dict[tuple[str, ...], float]


@dataclass(frozen=True)
class Phrases(Elsewhere, Named):
    """Joins words to phrases: a function of a text, or of a list of tokens.

    Given to a trainer as `tokenizer=`, it makes a word of each phrase, and what was trained says
    by its `name` which phrases they were. It compares, pickles and copies as what it holds.

    Attributes:
        passes: Of each pass over a text the phrases with their scores.
        delimiter: What stands between the words of a phrase.
        connectors: Words that may stand inside a phrase, and neither begin nor end one.
        tokenizer: What splits a text into the words; None for lists of tokens alone.
    """

    _elsewhere: ClassVar[Mapping[str, str]] = OF_PHRASES

    passes: tuple[Scores, ...]
    delimiter: str = "_"
    connectors: frozenset[str] = frozenset()
    tokenizer: TokenizerLike | None = None

    def __post_init__(self) -> None:
        given: Any = self.passes
        if not isinstance(given, Sequence) or not all(isinstance(p, Mapping) for p in given):
            raise ArgumentTypeError(
                "Phrases",
                expected="of each pass a dict of phrases and their scores",
                got=described(given),
                hint=FINDS,
            )

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
        times = f"{len(self.passes)} pass{'es' if len(self.passes) != 1 else ''}"
        return f"Phrases({len(self):,} in {times}, delimiter={self.delimiter!r})"

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

    def __getitem__(self, text: str | Sequence[str]) -> list[str]:
        """A call, as gensim writes it: `phrases[tokens]`."""
        return self(text)

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


# Of a dataclass, which makes it by itself.
setattr(Phrases, "__init__", refuses_unknown(FOREIGN)(Phrases.__init__))  # noqa: B010
