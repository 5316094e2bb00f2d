"""A table as a model of fastText, which its own library and gensim read."""

import struct
from typing import IO, Any

import numpy as np

from inlay.aliases import Array
from inlay.core import Table
from inlay.core.other_ngrams import OtherNgrams
from inlay.core.subwords import BLOCK, Coded, Ngrams, Subwords
from inlay.errors import FormatError
from inlay.formats.fasttext_model import LOSSES, MODELS, NEWEST, PACKED, SETTINGS
from inlay.formats.strangers import FASTTEXT
from inlay.formats.text_writer import float32_rows

# What the trainer of this library calls them.
OURS = {"ws": "window", "epoch": "epochs", "minCount": "min_count", "neg": "negative"}
OURS |= {"t": "sample", "model": "architecture"}
# What fastText writes where it is told nothing; of these a table says nothing either.
DEFAULTS = {"ws": 5, "epoch": 5, "minCount": 1, "neg": 5, "lrUpdateRate": 100, "t": 1e-4}
LARGEST = 2**31 - 1
HINT = "a path in .safetensors, which holds any table"


def is_whole(table: Table) -> bool:
    """Whether a table is a model of fastText, words and rows of n-grams, as it was trained."""
    subwords = table._subwords
    if subwords is None or isinstance(subwords.rows, Coded):
        return False
    ngrams = subwords.ngrams
    return isinstance(ngrams, Ngrams) and (ngrams.kept is None or ngrams.zeros)


def write_model(table: Table, file: IO[bytes], format: str) -> None:
    """Write words, counts and vectors, and the rows of n-grams if the table has them.

    fastText adds the rows of a word's n-grams to the word's own. So what is written for a word is
    its vector without them, which gives the same vector again, but for rounding. The output matrix
    is the table's part "context", if it has one; zeros else.

    Raises:
        FormatError: A table without rows, a token with NUL in it, or n-grams that are hashed by
            other rules, or whose rows are quantised or not all there: fastText reads no others.
    """
    subwords = table._subwords
    _check(table, subwords, format)
    ngrams = Ngrams(0, 0, 0)
    if subwords is not None and isinstance(subwords.ngrams, Ngrams):  # as was checked
        ngrams = subwords.ngrams
    counts = np.zeros(len(table), np.int64) if table.counts is None else table.counts
    file.write(FASTTEXT + struct.pack("<i", NEWEST))
    file.write(PACKED.pack(*_settings(table, ngrams)))
    file.write(struct.pack("<3iqq", len(table), len(table), 0, int(counts.sum()), -1))
    for token, count in zip(table.tokens, counts.tolist(), strict=True):
        file.write(b"%b\0%b\0" % (token.encode(), struct.pack("<q", count)))
    others = np.empty((0, table.dim), np.float32) if subwords is None else subwords.rows
    n_others = ngrams.bucket if ngrams.zeros else len(others)
    file.write(struct.pack("<?qq", False, len(table) + n_others, table.dim))
    for start in range(0, len(table), BLOCK):
        file.write(_bytes(_own_rows(table, ngrams, others, start)))
    for start in range(0, n_others, BLOCK):
        file.write(_bytes(_of_buckets(ngrams, others, start, min(start + BLOCK, n_others))))
    file.write(struct.pack("<?qq", False, len(table), table.dim))
    context = table.parts.get("context")
    if context is not None and (context.dim, context.tokens) != (table.dim, table.tokens):
        context = None
    for start in range(0, len(table), BLOCK):
        stop = min(start + BLOCK, len(table))
        if context is None:
            file.write(bytes(4 * table.dim * (stop - start)))
        else:
            file.write(_bytes(float32_rows(context._rows, start, stop)))


def _check(table: Table, subwords: Subwords | None, format: str) -> None:
    expected, got = "", ""
    ngrams = None if subwords is None else subwords.ngrams
    if isinstance(ngrams, OtherNgrams):
        expected = "n-grams by the rules of fastText"
        got = f"those of {ngrams.kind.partition('-')[0]}"
    elif not len(table):
        expected, got = "a row or more", "a table without rows"
    elif not table.tokens.blob.all():
        row = int(np.searchsorted(table.tokens.offsets, np.argmin(table.tokens.blob), "right")) - 1
        expected, got = "tokens without NUL", repr(table.tokens[row])
    elif subwords is not None and isinstance(subwords.rows, Coded):
        expected, got = "rows of numbers for n-grams", "the quantised rows of a .ftz"
    elif ngrams is not None and ngrams.jamo:
        expected, got = "n-grams of characters", "n-grams of jamo, which fastText does not know"
    elif ngrams is not None and ngrams.kept is not None and not ngrams.zeros:
        expected, got = "a row for each bucket of n-grams", "rows for some of them"
    if got:
        raise FormatError(f"save as {format!r}", expected=expected, got=got, hint=HINT)


def _settings(table: Table, ngrams: Ngrams) -> list[Any]:
    """The settings of the model that the table was read from, as far as they still hold."""
    said = table.provenance.get("settings")
    said = said if isinstance(said, dict) else {}
    said = {key: said.get(OURS.get(key), said.get(key)) for key in (*DEFAULTS, "model", "loss")}
    found: dict[str, Any] = {
        key: said[key]
        if type(said.get(key)) is type(default) and 0 <= said[key] <= LARGEST
        else default
        for key, default in DEFAULTS.items()
    }
    found |= {"dim": table.dim, "wordNgrams": 1, "bucket": ngrams.bucket}
    found |= {"minn": ngrams.min_n, "maxn": ngrams.max_n}
    numbers = {name: number for number, name in MODELS.items()}
    kind = said.get("model")
    found["model"] = numbers[kind if kind == "cbow" else "skipgram"]  # there are no labels
    loss = said["loss"] if said["loss"] in ("ns", "hs") else "ns"
    found["loss"] = {name: number for number, name in LOSSES.items()}[loss]
    return [found[key] for key in SETTINGS]


def _own_rows(table: Table, ngrams: Ngrams, others: Any, start: int) -> Array:
    """The rows of some words themselves: float32 `(n, dim)`."""
    stop = min(start + BLOCK, len(table))
    vectors = float32_rows(table._rows, start, stop)
    if not ngrams.max_n:
        return vectors
    offsets = np.asarray(table.tokens.offsets[start : stop + 1])
    none = np.full(stop - start, -1, np.int64)
    means, parts = ngrams.means(table.tokens.blob, offsets, none, others, 0)
    n = parts[:, None].astype(np.float64)
    return (vectors * (n + 1) - means * n).astype(np.float32)


def _of_buckets(ngrams: Ngrams, others: Any, start: int, stop: int) -> Array:
    """The rows of some buckets, zeros for those that have none: float32 `(stop - start, dim)`."""
    if ngrams.kept is None:
        return np.asarray(others[start:stop])
    first, last = np.searchsorted(ngrams.kept[0], (start, stop))
    rows = np.zeros((stop - start, others.shape[1]), np.float32)
    rows[ngrams.kept[0][first:last] - start] = others[ngrams.kept[1][first:last]]
    return rows


def _bytes(array: Array) -> bytes:
    return np.asarray(array, "<f4").tobytes()
