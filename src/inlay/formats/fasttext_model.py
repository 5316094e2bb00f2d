"""What is in a model of fastText, and where: settings, a dictionary, two matrices.

    magic, version          int32 each; models before 2017 have neither
    dim, ws, epoch, minCount, neg, wordNgrams, loss, model, bucket, minn, maxn, lrUpdateRate
                            int32 each
    t                       float64
    size, nwords, nlabels   int32 each
    ntokens                 int64
    pruneidx_size           int64: -1 if every bucket has a row; not before 2017
    size times              the word, NUL, its count in int64, its kind in int8: words, then labels
    pruneidx_size times     int32 each: a bucket, and its row
    quantised, input        one byte, not before 2017; a matrix: nwords rows, then the buckets'
    quantised, output       the same: a row for each label, or for each word

A matrix is its rows and columns in int64, and float32 numbers. Quantised, it is whether norms are
kept apart in one byte, rows and columns in int64, how many codes in int32, the codes, and the
quantiser, which is dim, parts, width and width of the last part in int32, and 256 * dim centroids;
with norms, one code more for each row, and their quantiser.

Every size is held against the file before anything is made of it. Nothing but the dictionary is
read: the matrices are views of the bytes.

Source: https://github.com/facebookresearch/fastText, src/fasttext.cc, dictionary.cc, matrices.
"""

import struct
from typing import Any, NamedTuple

import numpy as np

from inlay.aliases import Array
from inlay.containers.protocol import wrong
from inlay.core.subwords import CENTROIDS, LONGEST_NGRAM, Coded, Ngrams
from inlay.errors import FormatError
from inlay.formats.strangers import FASTTEXT

NEWEST, NO_NGRAMS = 12, 11
SETTINGS = (
    *("dim", "ws", "epoch", "minCount", "neg", "wordNgrams", "loss", "model"),
    *("bucket", "minn", "maxn", "lrUpdateRate", "t"),
)
PACKED = struct.Struct("<12id")  # the settings
MODELS = {1: "cbow", 2: "skipgram", 3: "supervised"}
LOSSES = {1: "hs", 2: "ns", 3: "softmax", 4: "ova"}
LARGEST_DIM = 1 << 20


class Entries(NamedTuple):
    """The dictionary as it is written.

    Attributes:
        bounds: int64 `(n, 2)`: where the words lie in the file, those of labels last.
        counts: int64 `(n,)`.
        n_words: How many are no labels.
    """

    bounds: Array
    counts: Array
    n_words: int


class Model(NamedTuple):
    """A model whose sizes agree.

    Attributes:
        settings: By the names that fastText gives them, `model` and `loss` as words.
        entries: The dictionary.
        ngrams: Which parts of words have rows.
        input: A row for each word, then the buckets'.
        output: A row for each label; for each word, if it was trained without labels.
    """

    settings: dict[str, Any]
    entries: Entries
    ngrams: Ngrams
    input: Array | Coded
    output: Array | Coded

    @property
    def is_supervised(self) -> bool:
        """Whether it was trained to tell labels."""
        return bool(self.settings["model"] == "supervised")


def read_model(data: Array, name: str) -> Model:
    """Find everything in the bytes of a model.

    Args:
        data: uint8 `(bytes,)`.
        name: What to call the file in messages.

    Raises:
        FormatError: A size that the file has not, or sizes that contradict each other.
    """
    parts = _Parts(data, name)
    version = 0
    if data[:4].tobytes() == FASTTEXT:
        _, version = parts.numbers("<2i", "a version")
        if version > NEWEST:
            hint = "a newer inlay, or the .vec file beside it"
            expected = f"a model of version {NEWEST} or older"
            raise FormatError(name, expected=expected, got=str(version), hint=hint)
    settings = _settings(parts, version)
    entries, kept = _dictionary(parts, version)
    rows = parts.matrix(version, settings["dim"], "input")
    output = parts.matrix(version, settings["dim"], "output", quantised=isinstance(rows, Coded))
    if parts.at != data.size:
        raise wrong(name, f"{parts.at} bytes, as its matrices say", f"{data.size}")
    ngrams = Ngrams(settings["minn"], settings["maxn"], settings["bucket"], kept)
    _check_rows(name, entries.n_words, ngrams, rows)
    n_targets = entries.n_words
    if settings["model"] == "supervised":
        n_targets = len(entries.counts) - entries.n_words
    if output.shape[0] not in (n_targets, 0):
        raise wrong(name, f"an output matrix of {n_targets} rows", str(output.shape[0]))
    return Model(settings, entries, ngrams, rows, output)


def _settings(parts: "_Parts", version: int) -> dict[str, Any]:
    found = dict(zip(SETTINGS, parts.numbers(PACKED.format, "settings"), strict=True))
    for key, least, most in (
        ("dim", 1, LARGEST_DIM),
        ("model", 1, len(MODELS)),
        ("loss", 1, len(LOSSES)),
        ("bucket", 0, 2**31 - 1),
        ("maxn", 0, LONGEST_NGRAM),
    ):
        if not least <= found[key] <= most:
            raise wrong(parts.name, f"{key} from {least} to {most}", str(found[key]))
    found |= {"model": MODELS[found["model"]], "loss": LOSSES[found["loss"]]}
    # Supervised models of before had no n-grams, whatever their settings say.
    if version <= NO_NGRAMS and found["model"] == "supervised":
        found["maxn"] = 0
    if not found["bucket"] or found["minn"] > found["maxn"]:
        found["maxn"] = 0  # there are none
    return found


def _dictionary(parts: "_Parts", version: int) -> tuple[Entries, tuple[Array, Array] | None]:
    """The entries, and the buckets that have rows: None if all have."""
    from inlay.kernels.fasttext import BEHIND, scan_entries

    name = parts.name
    size, n_words, n_labels, _ = parts.numbers("<3iq", "the sizes of a dictionary")
    n_kept = parts.numbers("<q", "the number of buckets")[0] if version else -1
    if min(n_words, n_labels) < 0 or n_words + n_labels != size:
        raise wrong(name, "as many entries as words and labels", f"{size}, {n_words}, {n_labels}")
    parts.check(size * BEHIND, f"{size} words")
    bounds, counts = np.empty((size, 2), np.int64), np.empty(size, np.int64)
    kinds = np.empty(size, np.uint8)
    n, parts.at = scan_entries(parts.data, parts.at, bounds, counts, kinds)
    if n < size:
        raise wrong(name, f"{size} words", f"{n}, and then its end")
    if kinds[:n_words].any() or not (kinds[n_words:] == 1).all():
        raise wrong(name, f"{n_words} words and then {n_labels} labels", "another order")
    if size and counts.min() < 0:
        raise wrong(name, "counts of 0 or more", str(counts.min()))
    entries = Entries(bounds, counts, n_words)
    if n_kept < 0:
        return entries, None
    pairs = parts.array("<i4", 2 * n_kept, "buckets").reshape(-1, 2)
    order = np.argsort(pairs[:, 0], kind="stable")
    buckets = np.ascontiguousarray(pairs[order, 0], np.int32)
    if (buckets[1:] == buckets[:-1]).any():
        raise wrong(name, "each bucket once", "one twice")
    return entries, (buckets, np.ascontiguousarray(pairs[order, 1], np.int32))


def _check_rows(name: str, n_words: int, ngrams: Ngrams, rows: Array | Coded) -> None:
    """Raise `FormatError` unless every row that can be asked for is there."""
    if ngrams.kept is not None:
        if not isinstance(rows, Coded):
            raise wrong(name, "a quantised matrix", "numbers, with buckets that were left out")
        if ngrams.kept[1].min(initial=0) < 0:
            raise wrong(name, "rows of buckets from 0 on", str(ngrams.kept[1].min()))
    needed = n_words + ngrams.n_rows
    if rows.shape[0] < needed:
        raise wrong(name, f"an input matrix of {needed} rows or more", str(rows.shape[0]))


class _Parts:
    """The parts of a file, one after the other, each held against what is left of it.

    Args:
        data: uint8 `(bytes,)`.
        name: For messages.
    """

    def __init__(self, data: Array, name: str) -> None:
        self.data, self.name, self.at = data, name, 0

    def check(self, n_bytes: int, what: str) -> None:
        """Raise `FormatError` unless there are so many bytes more."""
        left = self.data.size - self.at
        if not 0 <= n_bytes <= left:
            raise wrong(self.name, f"{what} in {n_bytes} bytes", f"{left} bytes more")

    def numbers(self, format: str, what: str) -> tuple[Any, ...]:
        """Some numbers, as `struct` names them."""
        size = struct.calcsize(format)
        self.check(size, what)
        self.at += size
        return struct.unpack(format, self.data[self.at - size : self.at].tobytes())

    def array(self, dtype: str, count: int, what: str) -> Array:
        """A view of so many numbers, which may stand at an odd place."""
        size = np.dtype(dtype).itemsize * count
        self.check(size, what)
        self.at += size
        return self.data[self.at - size : self.at].view(dtype)

    def matrix(self, version: int, dim: int, what: str, *, quantised: bool = True) -> Array | Coded:
        """A matrix; `quantised` is whether it may be."""
        what = f"the {what} matrix"
        flag = self.numbers("<B", what)[0] if version else 0
        if flag and quantised:
            return self._coded(dim, what)
        rows, columns = self.numbers("<2q", what)
        self._check_shape(rows, columns, dim, what)
        return self.array("<f4", rows * columns, what).reshape(rows, columns)

    def _check_shape(self, rows: int, columns: int, dim: int, what: str) -> None:
        if rows < 0 or columns != dim:
            raise wrong(self.name, f"{what} of {dim} columns", f"{rows} x {columns}")

    def _coded(self, dim: int, what: str) -> Coded:
        has_norms, rows, columns, n_codes = self.numbers("<B2qi", what)
        self._check_shape(rows, columns, dim, what)
        codes = self.array("u1", n_codes, what)
        centroids, n_parts, width = self._quantiser(dim, what)
        if rows * n_parts != n_codes:
            raise wrong(self.name, f"{rows * n_parts} codes in {what}", str(n_codes))
        norms, scales = codes[:0], np.empty(0, np.float32)
        if has_norms:
            norms = self.array("u1", rows, what)
            scales, _, _ = self._quantiser(1, what)
        return Coded(codes.reshape(rows, n_parts), centroids, width, norms, scales)

    def _quantiser(self, dim: int, what: str) -> tuple[Array, int, int]:
        """Centroids, the number of parts, and the width of all but the last."""
        found, parts, width, last = self.numbers("<4i", what)
        if (
            found != dim
            or width < 1
            or parts != -(-dim // width)
            or last != dim - width * (parts - 1)
        ):
            got = f"{found} in {parts} of {width}, the last of {last}"
            raise wrong(self.name, f"a quantiser of {dim} numbers in {what}", got)
        return self.array("<f4", CENTROIDS * dim, what), parts, width
