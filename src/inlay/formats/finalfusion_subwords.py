"""What makes vectors of words that a file of finalfusion does not hold.

The library gives such a word the sum of the rows of its n-grams, at length 1, as all of its
vectors have it. Vectors that are asked for at their own length are of one kind with the mean of
these rows, which are as long as they were trained.

Source: finalfusion for Python, `embeddings.py`, `vocab/subword.py` and `subword/`.
"""

from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.containers.protocol import wrong
from inlay.core import Tokens
from inlay.core.other_ngrams import OtherNgrams
from inlay.core.subwords import CENTROIDS, LONGEST_NGRAM, Coded, Ngrams, Subwords
from inlay.formats.rows import spans, valid_utf8

NUMBER = 8  # bytes of the number behind an n-gram that is listed
EXPLICIT_HEAD = 24  # bytes before the first word, of a chunk in which n-grams are listed
MOST = 2**31 - 1


def subwords_of(
    said: dict[str, Any],
    rows: Array | Coded,
    listed: tuple[Tokens, Array] | None,
    name: str,
    *,
    unit: bool,
) -> Subwords | None:
    """What composes; None if no word has n-grams.

    Args:
        said: What the file says of its vocabulary.
        rows: Those of n-grams.
        listed: The n-grams and their rows, where they are listed.
        name: The file's name, for messages.
        unit: Whether the vectors of words have length 1.

    Raises:
        FormatError: Longer n-grams than any word has time for, or rows that are not there.
    """
    min_n, max_n = said["min_n"], said["max_n"]
    n = said.get("buckets", 0) if listed is None else int(listed[1].max(initial=-1)) + 1
    if not 0 < min_n <= max_n or not n:
        return None
    if max_n > LONGEST_NGRAM or n > MOST or rows.shape[0] < n:
        got = f"{rows.shape[0]} rows, {max_n} characters"
        raise wrong(name, f"rows of {n} n-grams up to {LONGEST_NGRAM} long", got)
    if said["kind"] == "fasttext" and not unit and not isinstance(rows, Coded):
        return Subwords(Ngrams(min_n, max_n, n), rows)
    ngrams = OtherNgrams(f"finalfusion-{said['kind']}", min_n, max_n, n, unit=unit)
    if listed is not None:
        ngrams = ngrams._replace(listed=listed[0], listed_rows=listed[1])
    return Subwords(ngrams, rows)


def listed_ngrams(data: Array, at: int, n: int, name: str) -> tuple[Tokens, Array]:
    """The n-grams in a chunk of words, from this place to its end, and their rows, int64 `(n,)`.

    Raises:
        FormatError: Fewer or others than there must be.
    """
    from inlay.kernels.binary import scan_strings

    if n > (data.size - at) // (4 + NUMBER):
        raise wrong(name, f"{n} n-grams", f"{data.size - at} bytes of them")
    bounds = np.empty((n, 2), np.int64)
    seen, end = scan_strings(data, at, NUMBER, bounds)
    if seen < n or end != data.size:
        raise wrong(name, f"{n} n-grams in {data.size} bytes", f"{seen} in {end}")
    blob, offsets = spans(data, bounds)
    if not valid_utf8(blob, offsets):
        raise wrong(name, "n-grams in UTF-8", "other bytes")
    behind = np.stack([bounds[:, 1], bounds[:, 1] + NUMBER], axis=1)
    rows = spans(data, behind)[0].view("<u8")
    if rows.size and int(rows.max()) > MOST:
        raise wrong(name, f"rows of n-grams up to {MOST}", str(rows.max()))
    return Tokens(blob, offsets, name=name), rows.astype(np.int64)


def explicit_size(data: Array, size: int) -> int:
    """The bytes of a chunk of words and n-grams, of which it is said that there are so many.

    Finalfusion for Python does not count the numbers behind the n-grams. So whoever goes by its
    count looks for the next chunk in the midst of them.

    Args:
        data: uint8 `(bytes,)`, from the beginning of the chunk to the end of the file.
        size: What is said.
    """
    n = int.from_bytes(data[8:16].tobytes(), "little")
    uncounted = size + NUMBER * n
    if not n or uncounted > data.size:
        return size
    return uncounted if _ends(data, uncounted) else size


def _ends(data: Array, size: int) -> bool:
    """Whether the words and n-grams in a chunk end where it does."""
    from inlay.kernels.binary import scan_strings

    at = EXPLICIT_HEAD
    for start, behind in ((0, 0), (8, NUMBER)):
        n = int.from_bytes(data[start : start + 8].tobytes(), "little")
        if n > (size - at) // (4 + behind):
            return False
        bounds = np.empty((n, 2), np.int64)
        seen, at = scan_strings(data[:size], at, behind, bounds)
        if seen < n:
            return False
    return bool(at == size)


def coded_rows(
    codes: Array, quantiser: Array, projection: Array | None, norms: Array | None, name: str
) -> Coded:
    """Quantised rows, as what composes words has them.

    Args:
        codes: uint8 `(rows, parts)`.
        quantiser: float32 `(parts, centroids, numbers in a part)`.
        projection: What each row is multiplied by; or None.
        norms: float32 `(rows,)`: what it is multiplied by then; or None.
        name: The file's name, for messages.

    Raises:
        FormatError: A code that there is no centroid for.
    """
    parts, n, width = quantiser.shape
    if n < CENTROIDS and codes.size and int(codes.max()) >= n:
        raise wrong(name, f"codes below {n}", str(codes.max()))
    centroids = np.zeros((parts, CENTROIDS, width), np.float32)
    centroids[:, : min(n, CENTROIDS)] = quantiser[:, :CENTROIDS]
    which, scales = np.empty(0, np.int32), np.empty(0, np.float32)
    if norms is not None:
        which, scales = np.arange(len(norms), dtype=np.int32), norms
    return Coded(codes, centroids.reshape(-1), width, which, scales, projection)
