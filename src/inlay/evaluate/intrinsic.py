"""How good word vectors are by themselves: likeness that people judged, and analogies."""

import math
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.bytes.lines import read_lines
from inlay.calls import refuses_unknown
from inlay.checks import described, whole
from inlay.core import Table
from inlay.core.offsets import nearest_to_offsets
from inlay.errors import ArgumentError, ArgumentTypeError, FormatError

BETWEEN = re.compile(r"[\t,; ]+")
DECIMAL_COMMA = re.compile(r"[\t; ]-?\d+,\d+\s*$")
CLASSES = ("A", "N", "R", "V")  # of words, which SimLex-999 has before the number
Judged = str | os.PathLike[str] | Iterable[tuple[str, str, float]]
Questions = str | os.PathLike[str] | Iterable[tuple[str, str, str, str]]


@dataclass(frozen=True)
class WordPairs:
    """How vectors agree with people's judgements of likeness.

    Attributes:
        spearman: Spearman's rank correlation, from -1 to 1; NaN for fewer than two pairs.
        pearson: Pearson's correlation.
        n_pairs: How many pairs were compared.
        n_missing: How many were left out, for the table lacks one of their words.
    """

    spearman: float
    pearson: float
    n_pairs: int
    n_missing: int


@dataclass(frozen=True)
class Analogies:
    """How many analogies vectors complete.

    Attributes:
        accuracy: The share of right answers, from 0 to 1; NaN where nothing could be asked.
        n_right: How many are right.
        n_asked: How many were asked.
        n_missing: How many were left out, for the table lacks one of their words.
        sections: For each section of the file, how many were right and how many were asked.
    """

    accuracy: float
    n_right: int
    n_asked: int
    n_missing: int
    sections: dict[str, tuple[int, int]]


@refuses_unknown(dict.fromkeys(("file", "dataset", "path"), "pairs: second and unnamed"))
def word_pairs(table: Table, pairs: Judged) -> WordPairs:
    """Compare cosines with people's judgements of how alike two words are.

    Args:
        table: The vectors. A table that composes words from n-grams does so for words that it
            lacks. A word that it lacks otherwise is looked for in lower case, too.
        pairs: A text file with two words and a number on each line, between tabs, spaces, commas
            or semicolons, as WS-353, MEN, SimLex-999 and their like are (UTF-8; a first line
            without a number is a heading, and the class of the words, such as "N", may stand
            before the number); or triples `(word, word, number)`.

    Returns:
        The correlations, and how many pairs they are of.

    Raises:
        ArgumentError: A triple of another form, or of a number that is not finite.
        ArgumentTypeError: No table, or no pairs.
        FormatError: A line of another form, or no line.
        MissingFileError: There is no such file.

    Examples:
        >>> table = Table(["cat", "dog", "car"], np.float32([[1, 0], [1, 0.2], [0, 1]]))
        >>> judged = [("cat", "dog", 9.0), ("dog", "car", 2.0), ("cat", "car", 1.0)]
        >>> word_pairs(table, judged).spearman
        1.0
    """
    _check(table)
    said, ends, missing = [], [], 0
    for a, b, score in _judged(pairs):
        vectors = [_vector(table, word) for word in (a, b)]
        if vectors[0] is None or vectors[1] is None:
            missing += 1
            continue
        said.append(score)
        ends.append(vectors)
    if len(said) < 2:
        return WordPairs(float("nan"), float("nan"), len(said), missing)
    x, y = np.asarray(ends, np.float64).transpose(1, 0, 2)
    lengths = np.linalg.norm(x, axis=1) * np.linalg.norm(y, axis=1)
    near = np.einsum("ij,ij->i", x, y) / np.where(lengths > 0, lengths, 1)
    judged = np.array(said)
    return WordPairs(
        spearman=_correlation(_ranks(judged), _ranks(near)),
        pearson=_correlation(judged, near),
        n_pairs=len(said),
        n_missing=missing,
    )


@refuses_unknown(
    dict.fromkeys(("restrict_vocab", "topn"), "max_size=")
    | dict.fromkeys(("file", "path"), "questions: second and unnamed")
)
def analogies(table: Table, questions: Questions, *, max_size: int = 300_000) -> Analogies:
    """Complete analogies: a is to b as c is to what? The word nearest to b - a + c.

    Args:
        table: The vectors. A word that it lacks is looked for in lower case, too.
        questions: A text file with four words on each line, the last of which is the answer, and
            lines such as `: capital-common-countries` that begin a section (Google's analogies,
            CA8); or lists of four words.
        max_size: How many of the first rows questions and answers come from. Costs
            `max_size * dim` multiplications for each question, and a float32 copy of those rows.

    Returns:
        The share of right answers, in all and for each section.

    Raises:
        ArgumentError: A question that is not of four words.
        ArgumentTypeError: No table, or no questions.
        FormatError: A line of another form, or no line.
        MissingFileError: There is no such file.

    Source: Mikolov et al. 2013, "Efficient Estimation of Word Representations in Vector Space"
    (the questions); Levy and Goldberg 2014 (3CosAdd).
    """
    _check(table)
    size = min(whole("max_size", max_size), len(table))
    asked, names, missing = [], [], 0
    right: dict[str, tuple[int, int]] = {}
    for section, words in _questions(questions):
        right.setdefault(section, (0, 0))
        rows = [_row(table, word) for word in words]
        if all(0 <= row < size for row in rows):
            asked.append(rows)
            names.append(section)
        else:
            missing += 1
    at = np.array(asked, np.int64).reshape(-1, 4)
    for name, row, best in zip(
        names, at, nearest_to_offsets(table._whole[:size], at[:, :3], 1), strict=True
    ):
        n_right, n = right[name]
        right[name] = n_right + int(best[0] == row[3]), n + 1
    total = sum(n_right for n_right, _ in right.values())
    share = total / len(asked) if asked else float("nan")
    return Analogies(share, total, len(asked), missing, right)


def _check(table: Any) -> None:
    if not isinstance(table, Table):
        got, hint = described(table), "inlay.load(path)"
        raise ArgumentTypeError("table", expected="a table", got=got, hint=hint)


def _row(table: Table, word: str) -> int:
    row = table.find(word)
    return row if row >= 0 else table.find(word.lower())


def _vector(table: Table, word: str) -> Array | None:
    """The vector of a word, or None."""
    row = _row(table, word)
    if row >= 0:
        return table[table.tokens[row]]
    composed = table[word] if table.can_compose else None
    return composed if composed is not None and composed.any() else None


def _judged(pairs: Any) -> Iterator[tuple[str, str, float]]:
    if not isinstance(pairs, str | os.PathLike):
        yield from (_triple(item) for item in _items("pairs", pairs))
        return
    found = False
    for n, line in enumerate(read_lines(pairs), 1):
        parts = [part for part in BETWEEN.split(line.strip()) if part]
        if not parts or line.startswith("#"):
            continue
        score = _score(parts[2:])
        comma = DECIMAL_COMMA.search(line) is not None
        if score is None and n == 1 and not comma:  # a heading: names of any length
            continue
        if score is None or not math.isfinite(score) or comma:
            raise FormatError(
                f"{Path(pairs)}, line {n}",
                expected="two words and a number",
                got=repr(line.strip()[:60]),
                hint="a point in place of the comma" if comma else "",
            )
        found = True
        yield parts[0], parts[1], score
    if not found:
        raise FormatError(str(Path(pairs)), expected="pairs of words with numbers", got="none")


def _score(after: list[str]) -> float | None:
    """The number after two words, or after these and their class; None: there is none."""
    try:
        return float(after[after[0] in CLASSES])
    except (IndexError, ValueError):
        return None


def _questions(questions: Any) -> Iterator[tuple[str, list[str]]]:
    section = ""
    if not isinstance(questions, str | os.PathLike):
        for item in _items("questions", questions):
            words = [*item] if isinstance(item, Iterable) and not isinstance(item, str) else []
            if len(words) != 4 or not all(isinstance(word, str) for word in words):
                raise ArgumentError("questions", expected="four words each", got=described(item))
            yield section, words
        return
    found = False
    for n, line in enumerate(read_lines(questions), 1):
        words = line.split()
        if line.startswith(":"):
            section = line.lstrip(": ").strip()
        elif len(words) == 4:
            found = True
            yield section, words
        elif words:
            where = f"{Path(questions)}, line {n}"
            expected = "four words, or a colon and the name of a section"
            raise FormatError(where, expected=expected, got=repr(line.strip()[:60]))
    if not found:
        raise FormatError(str(Path(questions)), expected="lines of four words", got="none")


def _items(name: str, values: Any) -> Iterable[Any]:
    if not isinstance(values, Iterable):
        expected = "the path of a file, or a list"
        raise ArgumentTypeError(name, expected=expected, got=described(values))
    return values


def _triple(item: Any) -> tuple[str, str, float]:
    try:
        a, b, said = item
        score = float(said)
    except (TypeError, ValueError):
        a, b, score = None, None, math.nan
    if not (isinstance(a, str) and isinstance(b, str) and math.isfinite(score)):
        expected = "two words and a number each"
        raise ArgumentError("pairs", expected=expected, got=described(item))
    return a, b, score


def _ranks(values: Array) -> Array:
    """Ranks from 1; equal values share the mean of theirs."""
    _, place, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks: Array = (ends - (counts - 1) / 2)[place]
    return ranks


def _correlation(x: Array, y: Array) -> float:
    """Pearson's; NaN where one of the two never changes."""
    x, y = x - x.mean(), y - y.mean()
    scale = float(np.sqrt((x @ x) * (y @ y)))
    return float(x @ y) / scale if scale > 0 else float("nan")
