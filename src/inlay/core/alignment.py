"""Vectors in the order of a model's vocabulary: who is found, who is not, what those get."""

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.checks import LONG, choice, described, many, many_tokens
from inlay.core.given import warn_of_padding, warn_of_texts
from inlay.core.hashing import HashingVocabulary, buckets
from inlay.core.rows import Rows
from inlay.core.tokens import Tokens
from inlay.core.unknown import Checked, vectors_for
from inlay.core.vocabulary import Vocabulary
from inlay.errors import ArgumentTypeError

# Tokens to their vectors, float32 `(n, dim)`, and which of them could be composed, bool `(n,)`.
Compose = Callable[[Sequence[str]], tuple[Array, Array]]


def _nfc(token: str) -> str:
    return token if token.isascii() else unicodedata.normalize("NFC", token)


def _nfkc(token: str) -> str:
    return token if token.isascii() else unicodedata.normalize("NFKC", token)


FALLBACKS: dict[str, Callable[[str], str]] = {
    "lower": str.lower,
    "upper": str.upper,
    "capitalize": str.capitalize,
    "nfc": _nfc,
    "nfkc": _nfkc,
}
CASE = ("lower", "capitalize", "upper")
SUBWORDS = "subwords"  # what is done when nothing is found, by a table that can compose
# What is looked for when a token is not found: first what is the same text in other numbers.
FORMS = ("nfc", *CASE, "nfkc")
DEFAULT = (*FORMS, SUBWORDS)
SAID = {"lower": "in lower case", "capitalize": "capitalized", "upper": "in upper case"}
SAID |= {"nfc": "in NFC", "nfkc": "in NFKC", SUBWORDS: "composed of subwords"}
BLOCK = 65_536
MISSES = 20
SAMPLE = 10_000  # rows of the table that stand for all when none of the vocabulary was found


@dataclass(frozen=True)
class Coverage:
    """How much of a vocabulary a table holds; padding and unk are not counted.

    Attributes:
        n_types: Distinct tokens asked for.
        found_by: How many were found as they are (`"exact"`) and by each fallback.
        n_tokens: Running words, by the vocabulary's counts; None without counts.
        n_tokens_found: Those of them whose token was found.
        misses: The most frequent tokens not found, with their counts (None without counts).
        filled: The ids of all tokens not found, unk among them, whose vectors `unknown` made:
            int64, ascending.
    """

    n_types: int
    found_by: dict[str, int]
    n_tokens: int | None
    n_tokens_found: int | None
    misses: tuple[tuple[str, int | None], ...]
    filled: Array = field(compare=False, repr=False)

    @property
    def n_found(self) -> int:
        """Distinct tokens found, exactly or by a fallback."""
        return sum(self.found_by.values())

    def __str__(self) -> str:
        ways = ", ".join(
            f"{n} {SAID.get(way, way)}" for way, n in self.found_by.items() if n or way == "exact"
        )
        lines = [f"types found: {_share(self.n_found, self.n_types)} ({ways})"]
        if self.n_tokens is not None and self.n_tokens_found is not None:
            lines.append(f"tokens found: {_share(self.n_tokens_found, self.n_tokens)}")
        if self.misses:
            cut = [(t if len(t) <= LONG else f"{t[:LONG]}...", n) for t, n in self.misses]
            listed = ", ".join(t if n is None else f"{t} ({n})" for t, n in cut)
            lines.append(f"most frequent misses: {listed}")
        return "\n".join(lines)


@dataclass(frozen=True)
class Alignment:
    """A matrix in vocabulary order, float32 `(vocab_size, dim)`, and its coverage."""

    matrix: Array
    coverage: Coverage


def as_vocabulary(given: Any) -> Vocabulary:
    """A vocabulary, or what stands for one: a table, tokens in order, or a map of token to id.

    Of a hashing vocabulary, which has no tokens, the names of its buckets.

    Raises:
        ArgumentTypeError: None of these.
    """
    if isinstance(given, Vocabulary):
        return given
    if isinstance(given, Rows):
        return Vocabulary._of(
            given.tokens,
            pad_id=given.pad_id,
            unk_id=given.unk_id,
            counts=given.counts,
            tokenizer=None,
        )
    if isinstance(given, HashingVocabulary):
        return Vocabulary._of(buckets(len(given)), pad_id=given.pad_id, tokenizer=given.tokenizer)
    if isinstance(given, Mapping):
        warn_of_padding(given, None, "Vocabulary.from_mapping(mapping")
        return Vocabulary.from_mapping(given)
    if isinstance(given, str):
        raise ArgumentTypeError(
            "vocab",
            expected="a Vocabulary, or a list of tokens",
            got=described(given),
            hint="table[token] for the vector of one; table.align(Vocabulary.from_texts([text]))",
        )
    listed = many_tokens("vocab", given)
    warn_of_texts(listed)
    warn_of_padding(listed, None, "Vocabulary(tokens")
    return Vocabulary._of(Tokens.from_list(listed).check_distinct())


def check_buckets(tokens: Tokens, vocab: HashingVocabulary) -> None:
    """Refuse a hashing vocabulary, unless the tokens of a table are its buckets.

    Raises:
        ArgumentTypeError: They are others.
    """
    if len(tokens) != len(vocab) or tokens != buckets(len(vocab)):
        raise ArgumentTypeError(
            "vocab",
            expected="a vocabulary with tokens",
            got="a HashingVocabulary, whose ids cannot be turned back into tokens",
            hint="Vocabulary.from_texts(texts); or Table.random(vocab, dim), vectors that learn",
        )


def align_rows(
    table: tuple[Tokens, Any, Compose | None],
    vocab: Vocabulary,
    unknown: Checked,
    *,
    seed: int,
    fallback: Iterable[str],
) -> Alignment:
    """Do what `Table.align` says, on a table's tokens, its matrix, and what composes others."""
    tokens, matrix, compose = table
    ways = checked_fallback(fallback)
    listed = vocab.tokens.tolist()
    rows, found_by = find_rows(tokens.find_many, listed, [way for way in ways if way != SUBWORDS])
    if vocab.pad_id is not None:
        rows[vocab.pad_id] = -1
    result = np.zeros((len(vocab), matrix.shape[1]), np.float32)
    found = np.flatnonzero(rows >= 0)
    for start in range(0, found.size, BLOCK):
        block = found[start : start + BLOCK]
        result[block] = matrix[rows[block]]
    absent = rows < 0
    if SUBWORDS in ways and compose is not None:
        found_by[SUBWORDS] = _compose(vocab, listed, compose, absent, result)
        found = found if found.size else found_by[SUBWORDS]
    if vocab.pad_id is not None:
        absent[vocab.pad_id] = False
    missing = np.flatnonzero(absent)
    coverage = coverage_of(vocab, absent, found_by)
    if missing.size:
        known = result[found] if found.size else _sample(matrix)
        result[missing] = vectors_for(missing, known, vocab, unknown, seed)
    return Alignment(result, coverage)


def _compose(
    vocab: Vocabulary, listed: Sequence[str], compose: Compose, absent: Array, result: Array
) -> Array:
    """Write the vectors of absent tokens that can be composed, which are absent no more: their ids.

    Padding and unk are no words, and are left to the policy.
    """
    wanted = absent.copy()
    wanted[[i for i in (vocab.pad_id, vocab.unk_id) if i is not None]] = False
    done = [np.empty(0, np.int64)]
    ids = np.flatnonzero(wanted)
    for start in range(0, ids.size, BLOCK):
        block = ids[start : start + BLOCK]
        vectors, is_composed = compose([listed[i] for i in block])
        done.append(block[is_composed])
        result[done[-1]] = vectors[is_composed]
    made = np.concatenate(done)
    absent[made] = False
    return made


def checked_fallback(fallback: Any) -> list[str]:
    """The names of fallbacks, one or several.

    Raises:
        ArgumentError: A fallback of another name.
        ArgumentTypeError: Not names.
    """
    hint = "() for none"
    given = (
        [fallback] if isinstance(fallback, str) else many("fallback", fallback, "names", hint=hint)
    )
    return [choice("fallback", way, [*FALLBACKS, SUBWORDS]) for way in given]


def find_rows(
    find: Callable[[Sequence[str]], Array], wanted: Sequence[str], ways: Iterable[str]
) -> tuple[Array, dict[str, Array]]:
    """What `find` says of tokens, and of their other forms where it knows none: -1.

    Returns rows int64 `(len(wanted),)`, -1 for none, and the positions that each way found.

    Each way costs one look-up for all that are missing and that it changes: in a script
    without case there are none.
    """
    rows = find(wanted)
    found_by = {"exact": np.flatnonzero(rows >= 0)}
    for way in ways:
        forms = {i: FALLBACKS[way](wanted[i]) for i in np.flatnonzero(rows < 0).tolist()}
        changed = [(i, form) for i, form in forms.items() if form != wanted[i]]
        at = np.fromiter((i for i, _ in changed), np.int64, len(changed))
        if changed:
            rows[at] = find([form for _, form in changed])
        found_by[way] = at[rows[at] >= 0]
    return rows, found_by


def coverage_of(vocab: Vocabulary, absent: Array, found_by: dict[str, Array]) -> Coverage:
    """What to report.

    Args:
        vocab: The vocabulary.
        absent: Which of its tokens were not found, bool `(vocab_size,)`.
        found_by: For each way of finding, the ids of the tokens that it found.
    """
    special = [i for i in (vocab.pad_id, vocab.unk_id) if i is not None]
    ordinary = np.ones(len(vocab), bool)
    ordinary[special] = False
    missing = np.flatnonzero(ordinary & absent)
    counts = vocab.counts
    if counts is not None:
        missing = missing[np.argsort(-counts[missing], kind="stable")]
    return Coverage(
        n_types=int(ordinary.sum()),
        found_by={way: int(ordinary[ids].sum()) for way, ids in found_by.items()},
        n_tokens=None if counts is None else int(counts[ordinary].sum()),
        n_tokens_found=None if counts is None else int(counts[ordinary & ~absent].sum()),
        misses=tuple(
            (vocab.tokens[i], None if counts is None else int(counts[i])) for i in missing[:MISSES]
        ),
        filled=np.flatnonzero(absent),
    )


def _sample(matrix: Array) -> Array:
    step = max(1, matrix.shape[0] // SAMPLE)
    return np.asarray(matrix[::step], np.float32)


def _share(part: int, whole: int) -> str:
    return f"{part} of {whole}, {part / whole:.1%}" if whole else "none asked for"
