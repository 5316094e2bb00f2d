"""Vectors drawn towards those of words that a lexicon calls alike."""

import os
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.bytes.lines import read_lines
from inlay.calls import refuses_unknown
from inlay.checks import described, many_tokens, number, whole
from inlay.core import Table
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.train.refine.rows import changed, checked

Lexicon = Mapping[str, Iterable[str]] | Iterable[Iterable[str]] | str | os.PathLike[str]


@refuses_unknown({"num_iters": "iterations=", "epochs": "iterations=", "numIters": "iterations="})
def retrofit(table: Table, lexicon: Lexicon, *, iterations: int = 10, alpha: float = 1.0) -> Table:
    """Draw the vector of each word towards those of its neighbours in a lexicon.

    In each iteration a word with neighbours becomes the mean of its first vector, which counts
    `alpha`, and of its neighbours' vectors of the moment, which count 1 together.

    Args:
        table: Words that are not in the lexicon keep their vectors.
        lexicon: The neighbours of words: a mapping such as `{"happy": ["glad"]}`, lists of a word
            and its neighbours, or a text file with such a list on each line, between spaces. Words
            that the table lacks are passed over. A neighbour is not a neighbour the other way
            round unless the lexicon says so.
        iterations: How often; 10 is the paper's.
        alpha: How much a word's own vector counts, above 0.

    Returns:
        A float32 table of the same shape. Its provenance has the number of words that moved.

    Raises:
        ArgumentError: Not one word of the lexicon has a neighbour in the table, or a vector has
            NaN.
        ArgumentTypeError: No table, or no lexicon.
        MissingFileError: There is no such file.

    Examples:
        >>> table = Table(["happy", "glad"], np.float32([[1, 0], [0, 1]]))
        >>> retrofit(table, {"happy": ["glad"]}, iterations=1)["happy"]
        array([0.5, 0.5], dtype=float32)

    Source: Faruqui et al. 2015, "Retrofitting Word Vectors to Semantic Lexicons", equation 1.
    """
    checked("table", table)
    iterations, alpha = whole("iterations", iterations), number("alpha", alpha, above=0)
    near = dict(_rows_of(table, lexicon))
    if not near:
        raise ArgumentError(
            "lexicon", expected="words of the table that are neighbours", got="none"
        )
    touched = np.unique(np.concatenate([np.array(sorted(near)), *near.values()]))
    place = {int(row): i for i, row in enumerate(touched)}
    first = np.array(table._whole[touched], np.float64)
    now = first.copy()
    steps = [(place[row], np.array([place[int(r)] for r in rows])) for row, rows in near.items()]
    for _ in range(iterations):
        for at, others in steps:
            now[at] = (alpha * first[at] + now[others].mean(axis=0)) / (alpha + 1)

    def moved(some: slice, block: Array) -> Array:
        low, high = np.searchsorted(touched, (some.start, some.stop))
        block[touched[low:high] - some.start] = now[low:high]
        return block

    made = {"name": "retrofit", "iterations": iterations, "alpha": alpha, "words": len(near)}
    return changed(table, moved, table.dim, made)


def _rows_of(table: Table, lexicon: Lexicon) -> Iterator[tuple[int, Array]]:
    """Rows of the table with those of their neighbours; a word that comes again counts anew."""
    found: dict[int, dict[int, None]] = {}
    for word, others in _entries(lexicon):
        row = table.find(word)
        rows = [r for r in map(table.find, others) if r >= 0 and r != row]
        if row >= 0 and rows and row != table.pad_id:
            found.setdefault(row, {}).update(dict.fromkeys(rows))
    for row, near in sorted(found.items()):
        yield row, np.array([*near])


def _entries(lexicon: Any) -> Iterator[tuple[str, list[str]]]:
    if isinstance(lexicon, str | os.PathLike):
        lexicon = (line.split() for line in read_lines(lexicon))
    if isinstance(lexicon, Mapping):
        for word, others in lexicon.items():
            yield word, many_tokens("lexicon", others)
        return
    if not isinstance(lexicon, Iterable):
        expected = "a mapping of words to their neighbours, lists of words, or a file"
        raise ArgumentTypeError("lexicon", expected=expected, got=described(lexicon))
    for entry in lexicon:
        words = many_tokens("lexicon", entry)
        if words:
            yield words[0], words[1:]
