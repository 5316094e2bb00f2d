"""What vectors lose when they are stored in fewer bytes, by what they are used for."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.bytes.lines import read_lines
from inlay.checks import whole
from inlay.core import Table
from inlay.errors import ArgumentError, FormatError

BLOCK = 4096  # rows


@dataclass(frozen=True)
class Agreement:
    """How well vectors agree with people on the likeness of pairs of words.

    Attributes:
        path: The file of the pairs.
        n_pairs: The pairs in it.
        n_known: Those whose words both have vectors.
        before: Spearman's rho with the cosines of the original vectors; NaN for fewer than 3.
        after: The same of the stored ones.
    """

    path: str
    n_pairs: int
    n_known: int
    before: float
    after: float


@dataclass(frozen=True)
class Loss:
    """What is left of vectors that were stored in another type.

    Attributes:
        dtype: The type.
        cosine_mean: Of each vector with what it was, on average; rows of zeros are left out.
        cosine_min: Of the one that has turned most.
        neighbours_kept: The share of the nearest neighbours that are still among the nearest.
        topn: How many neighbours.
        n_sample: Of how many rows, drawn at random.
        bytes_before: What the numbers took.
        bytes_after: What they take now.
        agreement: For each file of pairs.
    """

    dtype: str
    cosine_mean: float
    cosine_min: float
    neighbours_kept: float
    topn: int
    n_sample: int
    bytes_before: int
    bytes_after: int
    agreement: tuple[Agreement, ...]


def loss(
    before: Table,
    after: Table,
    *,
    sample: int = 1000,
    topn: int = 10,
    seed: int = 0,
    pairs: Sequence[str | os.PathLike[str]] = (),
) -> Loss:
    """Compare vectors with the same vectors as they are stored now.

    Costs a product of the sample with both tables, and memory for `8 * sample * len(before)`
    bytes at most, some rows at a time.

    Args:
        before: The original.
        after: What was made of it, of the same tokens in the same order.
        sample: The rows whose neighbours are compared, drawn at random.
        topn: How many neighbours of each.
        seed: Of the draw.
        pairs: Files of lines of two words and a number, separated by tabs, commas or spaces.

    Raises:
        ArgumentError: Tables of other tokens.
        FormatError: A file without such lines.

    Examples:
        >>> table = Table(["a", "b", "c"], np.array([[1, 0], [0.9, 0.1], [0, 1]], "float32"))
        >>> found = loss(table, table.astype("int8"), topn=1)
        >>> round(found.cosine_min, 4), found.neighbours_kept
        (1.0, 1.0)
    """
    if before.tokens != after.tokens:
        expected, got = "two tables of the same tokens in the same order", "others"
        raise ArgumentError("loss", expected=expected, got=got)
    topn, sample = whole("topn", topn), whole("sample", sample)
    cosines = _cosines(before, after)
    rows = np.flatnonzero(before._inverse_norms > 0)
    rng = np.random.default_rng(whole("seed", seed, least=0))
    rows = np.sort(rng.choice(rows, min(sample, rows.size), replace=False))
    topn = max(min(topn, len(before) - 1), 0)
    kept = 1.0
    if topn and rows.size:
        both = zip(_neighbours(before, rows, topn), _neighbours(after, rows, topn), strict=True)
        kept = float(np.mean([len({*old} & {*new}) / topn for old, new in both]))
    return Loss(
        dtype=after.stored_dtype,
        cosine_mean=float(cosines.mean()) if cosines.size else 1.0,
        cosine_min=float(cosines.min(initial=1)),
        neighbours_kept=kept,
        topn=topn,
        n_sample=rows.size,
        bytes_before=before.stored_bytes,
        bytes_after=after.stored_bytes,
        agreement=tuple(_agreement(before, after, path) for path in pairs),
    )


def _cosines(before: Table, after: Table) -> Array:
    """Of each row that is not zeros with what it is now: float64 `(n,)`."""
    found = []
    for start in range(0, len(before), BLOCK):
        some = slice(start, start + BLOCK)
        a, b = (np.asarray(table._rows[some], np.float64) for table in (before, after))
        lengths = np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1)
        is_row = a.any(axis=1)
        products = np.einsum("ij,ij->i", a, b)
        found.append(np.divide(products, lengths, out=np.zeros(len(a)), where=lengths > 0)[is_row])
    return np.concatenate([np.empty(0), *found])


def _neighbours(table: Table, rows: Array, topn: int) -> Array:
    """The rows nearest to each, itself left out: `(len(rows), topn)`."""
    queries = np.asarray(table._rows[rows], np.float32) * table._inverse_norms[rows, None]
    best = np.full((rows.size, topn), -np.inf, np.float32)
    who = np.full((rows.size, topn), -1, np.int64)
    for start in range(0, len(table), BLOCK):
        some = slice(start, start + BLOCK)
        block = np.asarray(table._rows[some], np.float32) * table._inverse_norms[some, None]
        near = queries @ block.T
        inside = np.flatnonzero((rows >= start) & (rows < start + BLOCK))
        near[inside, rows[inside] - start] = -np.inf
        both = np.concatenate([best, near], axis=1)
        ids = np.broadcast_to(np.arange(start, start + len(block)), near.shape)
        places = np.argpartition(-both, topn - 1, axis=1)[:, :topn]
        best = np.take_along_axis(both, places, axis=1)
        who = np.take_along_axis(np.concatenate([who, ids], axis=1), places, axis=1)
    return who


def _agreement(before: Table, after: Table, path: str | os.PathLike[str]) -> Agreement:
    pairs = read_pairs(path)
    known = [(a, b, score) for a, b, score in pairs if a in before and b in before]
    said = [score for _, _, score in known]
    rho = [
        spearman(said, [table.similarity(a, b) for a, b, _ in known]) for table in (before, after)
    ]
    return Agreement(os.fspath(path), len(pairs), len(known), *rho)


def read_pairs(path: str | os.PathLike[str]) -> list[tuple[str, str, float]]:
    """Pairs of words and how alike people found them; lines of anything else are passed over.

    Raises:
        FormatError: No line is a pair.
        MissingFileError: There is no such file.
    """
    pairs = []
    for line in read_lines(path):
        for separator in ("\t", ",", None):
            fields = line.strip().split(separator)
            if len(fields) >= 3:
                break
        score = _number(fields[2]) if len(fields) >= 3 else None
        if score is not None:
            pairs.append((fields[0].strip(), fields[1].strip(), score))
    if not pairs:
        expected = "lines of two words and how alike they are, a number"
        raise FormatError(os.fspath(path), expected=expected, got="none")
    return pairs


def spearman(x: Sequence[float], y: Sequence[float]) -> float:
    """The correlation of ranks, equal values sharing their mean rank; NaN where there is none.

    Examples:
        >>> round(spearman([1, 2, 2, 4], [1, 3, 3, 9]), 6)
        1.0

    Source: Spearman 1904, The proof and measurement of association between two things.
    """
    if len(x) < 3 or len({*x}) < 2 or len({*y}) < 2:
        return float("nan")
    return float(np.corrcoef(_ranks(x), _ranks(y))[0, 1])


def _ranks(values: Any) -> Array:
    _, where, counts = np.unique(np.asarray(values), return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    ranks: Array = (ends - (counts - 1) / 2)[where]
    return ranks


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
