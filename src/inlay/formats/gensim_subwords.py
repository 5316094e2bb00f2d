"""FastText as gensim saves it: since version 4 the vectors of words are not in the file.

They are means, of a row of the word's own and of one for each of its n-grams, and made again when
a model is loaded. Up to version 3.8 they are in the file, and of the rows of n-grams only those
that some word of the training had.

Source: `gensim.models.fasttext.FastTextKeyedVectors`, `adjust_vectors` and `get_vector`.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.bytes.pickles import brief
from inlay.containers.protocol import wrong
from inlay.core import Tokens
from inlay.core.subwords import LONGEST_NGRAM, Ngrams, Subwords
from inlay.formats.rows import take
from inlay.formats.selection import TakeRows

OWN, NGRAMS, LEFT_OUT = "vectors_vocab", "vectors_ngrams", "hash2index"
MOST_BUCKETS = 2**31 - 1
# Gives an attribute that is an array, or None.
ArrayOf = Callable[[str], Array | None]


def subwords_of(state: Mapping[str, Any], array: ArrayOf, name: str) -> Subwords | None:
    """What makes vectors of any word; None if the model is no FastText, or hashes otherwise.

    Before version 3.7.2 gensim hashed letters beyond ASCII in a way of its own.

    Args:
        state: The attributes of the KeyedVectors.
        array: Gives those that are arrays.
        name: The file's name, for messages.

    Raises:
        FormatError: Numbers that cannot be, or fewer rows than there must be.
    """
    is_plain = "expandos" in state or state.get("compatible_hash") is True
    beside = state.get("__numpys")
    is_there = NGRAMS in state or (isinstance(beside, list) and NGRAMS in beside)
    if not is_there or not is_plain or state.get(LEFT_OUT) == {}:
        return None
    sizes = [state.get(key) for key in ("min_n", "max_n", "bucket")]
    most = (LONGEST_NGRAM, LONGEST_NGRAM, MOST_BUCKETS)
    if not all(type(n) is int and 0 <= n <= top for n, top in zip(sizes, most, strict=True)):
        raise wrong(
            name, "lengths of n-grams, and a number of buckets", ", ".join(map(brief, sizes))
        )
    min_n, max_n, bucket = (int(n or 0) for n in sizes)
    if not bucket or not max_n or min_n > max_n:
        return None
    ngrams = Ngrams(min_n, max_n, bucket, _kept(state.get(LEFT_OUT), bucket, name))
    rows = array(NGRAMS)
    if rows is None or rows.ndim != 2 or rows.dtype.kind != "f" or len(rows) < ngrams.n_rows:
        got = "none" if rows is None else f"{rows.dtype} of shape {rows.shape}"
        raise wrong(name, f"{ngrams.n_rows} rows of n-grams", got)
    return Subwords(ngrams, np.require(rows, np.float32, ["C", "A"]))


def composed(own: Array, subwords: Subwords | None, tokens: Tokens) -> TakeRows:
    """The vectors of the model's words, made of their own rows and those of their n-grams.

    Args:
        own: The rows of the words themselves.
        subwords: Those of n-grams.
        tokens: The words.
    """

    @np.errstate(all="ignore")  # what is not finite is told later
    def rows(chosen: slice | Array) -> Array:
        wanted = np.arange(len(tokens))[chosen]
        made = np.array(own[wanted], np.float32)
        if subwords is None or not isinstance(subwords.ngrams, Ngrams):
            return made
        some, none = take(tokens, wanted), np.full(wanted.size, -1, np.int64)
        means, parts = subwords.ngrams.means(some.blob, some.offsets, none, subwords.rows, 0)
        n = parts[:, None].astype(np.float32)
        made += means * n
        made /= n + 1
        return made

    return rows


def _kept(rows: Any, bucket: int, name: str) -> tuple[Array, Array] | None:
    """The buckets that have rows, rising, and those rows; None: all have."""
    if not isinstance(rows, dict):
        return None
    # What looks like numbers to numpy may be lists in lists without end.
    if not {*map(type, rows), *map(type, rows.values())} <= {int}:
        raise wrong(name, "rows of buckets", "something else than whole numbers")
    if any(not (0 <= key < bucket and 0 <= row <= MOST_BUCKETS) for key, row in rows.items()):
        raise wrong(name, f"rows of {bucket} buckets", "numbers beyond them")
    pairs = np.array([*rows.items()], np.int64).reshape(-1, 2)
    buckets, found = pairs[np.argsort(pairs[:, 0])].astype(np.int32).T
    return np.ascontiguousarray(buckets), np.ascontiguousarray(found)
