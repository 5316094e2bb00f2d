"""Two tables in one space, and words of one in the other: cross-lingual word vectors."""

import os
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.bytes.lines import read_lines
from inlay.calls import refuses_unknown
from inlay.checks import described, many_tokens, two, whole
from inlay.core import Table
from inlay.core.cosine import highest
from inlay.errors import ArgumentError, UnknownTokenError
from inlay.train.refine.rows import changed, checked

Pairs = Iterable[tuple[str, str]] | str | os.PathLike[str]
AT_ONCE = 1024  # queries


@refuses_unknown(
    dict.fromkeys(("dictionary", "seed_dictionary", "word_pairs", "lexicon"), "pairs=")
    | {"n_refinement": "iterations=", "refinement": "iterations="}
)
def align_to(
    table: Table,
    target: Table,
    pairs: Pairs | None = None,
    *,
    iterations: int = 0,
    frequent: int = 10_000,
) -> Table:
    """Turn a table into the space of another, so that words of the same meaning come to lie near.

    The turn is the orthogonal matrix that brings the unit vectors of known pairs nearest to each
    other; lengths and angles within the table stay.

    Args:
        table: The vectors to turn.
        target: Those to turn them to, of the same dimension.
        pairs: Words that mean the same, one of each table: `("gato", "cat")`; or a text file with
            two words on each line, as MUSE's dictionaries are. Pairs with a word that is missing
            are passed over. None: the tokens that both tables have, among which are numbers,
            names and loan words.
        iterations: How often the turn is learned once more, from those words of the first
            `frequent` rows of which each is the other's nearest neighbour by CSLS.
        frequent: See `iterations`; costs `frequent ** 2 * dim` multiplications each.

    Returns:
        A float32 table with the tokens of `table`. Its provenance has the number of pairs and
        their mean cosine.

    Raises:
        ArgumentError: Other dimensions, or no pair of which both tables have the words.
        ArgumentTypeError: No table, or no pairs.
        MissingFileError: There is no such file.

    Examples:
        >>> turned = np.float32([[0, 1], [-1, 0]])
        >>> a = Table(["uno", "dos"], np.eye(2, dtype="float32") @ turned)
        >>> b = Table(["one", "two"], np.eye(2, dtype="float32"))
        >>> align_to(a, b, [("uno", "one"), ("dos", "two")]).matrix.round(3).tolist()
        [[1.0, 0.0], [0.0, 1.0]]

    Source: Schoenemann 1966 (orthogonal Procrustes); Xing et al. 2015; Conneau et al. 2018, "Word
    Translation Without Parallel Data" (CSLS, and learning once more).
    """
    checked("table", table), checked("target", target)
    iterations, frequent = whole("iterations", iterations, least=0), whole("frequent", frequent)
    if table.dim != target.dim:
        raise ArgumentError(
            "target",
            expected=f"{table.dim} dimensions, as the table has",
            got=f"{target.dim}",
            hint="refine.pca(table, dim) of the wider one",
        )
    ours, theirs = _known(table, target, pairs)
    turn, cosine = _turn(_unit(table._whole[ours]), _unit(target._whole[theirs]))
    n_pairs = len(ours)
    if iterations:
        a, b = _unit(table._whole[:frequent]), _unit(target._whole[:frequent])
        for _ in range(iterations):
            there = _nearest(a @ turn.astype(np.float32), b, 10)
            back = _nearest(b, a @ turn.astype(np.float32), 10)
            mutual = np.flatnonzero(back[there] == np.arange(len(a)))
            if mutual.size < 2:
                break
            turn, cosine = _turn(a[mutual], b[there[mutual]])
            n_pairs = len(mutual)
    made = {"name": "align_to", "pairs": n_pairs, "cosine": round(cosine, 4)}
    made |= {"iterations": iterations}
    return changed(table, lambda _, block: block @ turn, table.dim, made)


@refuses_unknown({"k": "topn=, or csls= for its neighbours", "n": "topn="})
def translate(
    table: Table, target: Table, words: Iterable[str], *, topn: int = 1, csls: int = 10
) -> list[list[tuple[str, float]]]:
    """The words of another table that lie nearest to some of this one's.

    CSLS lowers the score of words that are near to everything (hubs).

    Args:
        table: The table of the words, in the target's space: `align_to` turns it there.
        target: The table to look in.
        words: Words of `table`.
        topn: How many to give for each.
        csls: Of how many neighbours the mean similarity is taken off; 0 compares by cosine. It
            costs `len(table) * len(target) * dim` multiplications: `prune` large tables first.

    Returns:
        For each word `topn` pairs of a word and its score, the highest first: a cosine, or for
        CSLS `2 * cosine` less the two means.

    Raises:
        ArgumentError: Other dimensions.
        ArgumentTypeError: No table, or no words.
        UnknownTokenError: A word that the table lacks.

    Source: Conneau et al. 2018, "Word Translation Without Parallel Data", section 2.3.
    """
    checked("table", table), checked("target", target)
    asked = many_tokens("words", words)
    topn, csls = whole("topn", topn), whole("csls", csls, least=0)
    if table.dim != target.dim:
        raise ArgumentError("target", expected=f"{table.dim} dimensions", got=f"{target.dim}")
    rows = [table.find(word) for word in asked]
    if -1 in rows:
        missing = asked[rows.index(-1)]
        raise UnknownTokenError("words", expected="words of the table", got=repr(missing))
    queries, theirs = _unit(table._whole[rows]), _unit(target._whole[:])
    less = np.zeros(len(theirs), np.float32)
    if csls:
        less = _mean_of_nearest(theirs, _unit(table._whole[:]), csls)
    found = []
    for query in queries:
        scores = theirs @ query
        if csls:
            own = np.sort(np.partition(scores, -min(csls, len(scores)))[-csls:]).mean()
            scores = 2 * scores - less - own
        best = highest(scores, topn)
        found.append([(target.tokens[int(i)], float(scores[i])) for i in best])
    return found


def _known(table: Table, target: Table, pairs: Any) -> tuple[list[int], list[int]]:
    """The rows of the pairs of which both words are there."""
    ours, theirs = [], []
    for a, b in _pairs(table, pairs):
        i, j = table.find(a), target.find(b)
        if i >= 0 and j >= 0 and i != table.pad_id and j != target.pad_id:
            ours.append(i)
            theirs.append(j)
    if not ours:
        raise ArgumentError(
            "pairs",
            expected="pairs of a word of the table and a word of the target",
            got="none that both have",
            hint="the word of the table comes first",
        )
    return ours, theirs


def _pairs(table: Table, pairs: Any) -> Iterator[tuple[str, str]]:
    if pairs is None:
        yield from ((token, token) for token in table.tokens)
    elif isinstance(pairs, str | os.PathLike):
        for line in read_lines(pairs):
            if words := line.split():
                if len(words) != 2:
                    raise ArgumentError(
                        os.fspath(pairs), expected="two words on each line", got=repr(line.strip())
                    )
                yield words[0], words[1]
    else:
        items = pairs.items() if isinstance(pairs, dict) else pairs
        for pair in items:
            a, b = two("pairs", pair)
            if not (isinstance(a, str) and isinstance(b, str)):
                raise ArgumentError("pairs", expected="two words each", got=described(pair))
            yield a, b


def _unit(rows: Array) -> Array:
    block = np.asarray(rows, np.float32)
    norms = np.linalg.norm(block, axis=1, keepdims=True)
    scaled: Array = np.divide(block, norms, out=np.zeros_like(block), where=norms > 0)
    return scaled


def _turn(a: Array, b: Array) -> tuple[Array, float]:
    """The orthogonal matrix R for which `a @ R` is nearest to `b`, and the mean cosine then."""
    left, _, right = np.linalg.svd(a.T.astype(np.float64) @ b.astype(np.float64))
    turn = left @ right
    return turn, float(np.einsum("ij,ij->i", a @ turn, b).mean())


def _mean_of_nearest(rows: Array, others: Array, n: int) -> Array:
    """For each row the mean cosine with its `n` nearest others."""
    n = min(n, len(others))
    found = np.empty(len(rows), np.float32)
    for start in range(0, len(rows), AT_ONCE):
        scores = rows[start : start + AT_ONCE] @ others.T
        found[start : start + AT_ONCE] = np.partition(scores, -n, axis=1)[:, -n:].mean(axis=1)
    return found


def _nearest(rows: Array, others: Array, csls: int) -> Array:
    """For each row the nearest other by CSLS."""
    less = _mean_of_nearest(others, rows, csls)
    found = np.empty(len(rows), np.int64)
    for start in range(0, len(rows), AT_ONCE):
        scores = rows[start : start + AT_ONCE] @ others.T
        found[start : start + AT_ONCE] = (2 * scores - less).argmax(axis=1)
    return found
