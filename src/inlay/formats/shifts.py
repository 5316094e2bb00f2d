"""Whether a list of tokens is shifted against the rows of its matrix, by a probe of neighbours.

Words of one stem ought to be near each other: `film` and `films`, `The` and `the`, `2010` and
`2011`, two words that share a Hangul stem. If they are nearer where each token is given the row
before or behind its own, the list is off by that much.
"""

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import numpy as np

from inlay.aliases import Array

SHIFTS = range(-3, 4)
LOOKED_AT = 20_000  # tokens from the top, where the frequent ones stand
NUMBERS = 1 << 24  # of the matrix that are read: 64 MiB of float32
PAIRS = 2000
FEWEST = 30  # pairs that say anything
CLEARLY = 0.05  # of a cosine
SIGNIFICANT = 6.0  # standard errors; chance gives as much once in a billion times
ENDINGS = ("s", "es", "d", "ed", "ing", "ly", "'s", "er", "ers")
HANGUL = range(0xAC00, 0xD7A4)
HAN = range(0x4E00, 0xA000)

# Gives the first rows of a matrix, as many as it is asked for.
FirstRows = Callable[[int], Array]


class Shift(NamedTuple):
    """By how much tokens are off.

    Attributes:
        by: Row `i` is that of token `i + by`.
        cosine: Mean cosine of the pairs there.
        unshifted: Mean cosine of the pairs as the list stands.
        pairs: How many pairs were compared.
        example: One of them.
    """

    by: int
    cosine: float
    unshifted: float
    pairs: int
    example: tuple[str, str]


def best_shift(tokens: Sequence[str], n: int, dim: int, first_rows: FirstRows) -> Shift | None:
    """The shift at which like words are clearly nearer than at every other one, if there is one.

    For each pair of like tokens that stand at `a` and `b`, and each shift `s` from -3 to 3, take
    the cosine of the rows `a - s` and `b - s`. No token is in two pairs, so the pairs count as
    independent. A shift is the best if, against each of the six others, the mean of the paired
    differences is at least 0.05 and at least six of its standard errors, in 30 pairs or more.
    Matrices without meaning, such as random ones, and tokens without forms, such as Chinese
    characters, have no such shift.

    Reads at most the first 20,000 rows and 64 MiB of float32.

    Args:
        tokens: In the order of the rows that they are taken to have; an empty one is none.
        n: Rows of the matrix, which may be others than there are tokens.
        dim: Its width.
        first_rows: Gives some of them.
    """
    most = min(LOOKED_AT, NUMBERS // max(dim, 1))
    pairs = np.array(like_pairs(tokens[: min(most, len(tokens))]), np.int64).reshape(-1, 2)
    size = min(n, most)
    inside = (pairs - max(SHIFTS) >= 0) & (pairs - min(SHIFTS) < size)
    pairs = pairs[inside.all(axis=1)]
    if len(pairs) < FEWEST:
        return None
    rows = np.asarray(first_rows(size), np.float32)
    with np.errstate(all="ignore"):  # numbers that are not finite are told of elsewhere
        norms = np.sqrt(np.einsum("ij,ij->i", rows, rows))
        inverse = np.divide(1, norms, out=np.zeros_like(norms), where=norms > 0)
        cosines = np.array([_cosines(rows, inverse, pairs - shift) for shift in SHIFTS])
        means = cosines.mean(axis=1)
    if not np.isfinite(means).all():
        return None
    best = int(means.argmax())
    gains = np.delete(cosines[best] - cosines, best, axis=0)
    error = gains.std(axis=1, ddof=1) / np.sqrt(len(pairs))
    if not ((gains.mean(axis=1) >= CLEARLY) & (gains.mean(axis=1) >= SIGNIFICANT * error)).all():
        return None
    a, b = pairs[0].tolist()
    return Shift(
        SHIFTS[best],
        float(means[best]),
        float(means[SHIFTS.index(0)]),
        len(pairs),
        (tokens[a], tokens[b]),
    )


def _cosines(rows: Array, inverse: Array, pairs: Array) -> Array:
    a, b = pairs.T
    found: Array = np.einsum("ij,ij->i", rows[a], rows[b]) * inverse[a] * inverse[b]
    return found


def like_pairs(tokens: Sequence[str]) -> list[tuple[int, int]]:
    """The places of tokens whose vectors ought to be near, each in one pair at most.

    Examples:
        >>> like_pairs(["the", "film", "1999", "The", "films", "2001"])
        [(0, 3), (1, 4), (2, 5)]
    """
    places: dict[str, int] = {}
    for place, token in enumerate(tokens):
        places.setdefault(token, place)
    waiting: dict[str, int] = {}
    used: set[int] = set()
    found: list[tuple[int, int]] = []
    for token, place in places.items():
        if not token or place in used:
            continue
        for form in _forms(token):
            other = places.get(form)
            if other is not None and other != place and other not in used:
                found.append((place, other))
                used |= {place, other}
                break
        else:
            if key := _stem(token):
                other = waiting.pop(key, None)
                if other is None or other in used:
                    waiting[key] = place
                else:
                    found.append((other, place))
                    used |= {place, other}
        if len(found) == PAIRS:
            break
    return sorted(found)


def _forms(token: str) -> Iterator[str]:
    """Other ways to write a word, and forms of it."""
    if token.isalpha() and len(token) > 2:
        yield from (token.capitalize(), token.lower(), token.upper())
        if len(token) > 3 and token.isascii():
            yield from (token + ending for ending in ENDINGS)


def _stem(token: str) -> str:
    """What a token shares with those that it is like; empty if that is not known."""
    if token.isdigit():
        return f"0{len(token)}" if len(token) > 1 else ""
    if ord(token[0]) in HANGUL or (ord(token[0]) in HAN and len(token) > 2):
        return token[:2] if len(token) > 2 else ""
    if ord(token[0]) in HAN and len(token) == 2:
        return token[-1] + " "
    return token[:5].lower() if len(token) > 6 and token.isalpha() else ""
