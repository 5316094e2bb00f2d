"""What composes words, in the native file: more tensors, and `subwords` in the metadata.

    ngrams            F32 [rows, dim]    the rows of n-grams; or, where they are quantised,
    ngram_codes       U8 [rows, parts]   which of the 256 centroids each part of a row is
    ngram_centroids   F32 [256 * dim]    those of the first part, one after the other, and so on
    ngram_norms       U8 [rows]          which of the scales a row is multiplied by; optional
    ngram_scales      F32 [256]          with these
    buckets           I32 [n]            rising: the buckets that have rows; optional
    bucket_rows       I32 [n]            with these: the row of each
    labels            U8 [bytes]         words that have a row of their own there; optional
    label_offsets     I64 [labels + 1]   with these: where each begins in `labels`

`subwords` is JSON: `min_n` and `max_n`, the characters of an n-gram, `bucket`, and `width`, the
numbers in a part of a quantised row. `inlay.kernels.subwords` says how a vector is made of them.
"""

import json
from collections.abc import Mapping

from inlay.aliases import Array
from inlay.containers.protocol import wrong
from inlay.core import Tokens
from inlay.core.subwords import CENTROIDS, LONGEST_NGRAM, Coded, Ngrams, Subwords
from inlay.core.travel import Origin

KEY = "subwords"  # of the metadata
TENSORS: dict[str, tuple[tuple[str, ...], int]] = {
    "ngrams": (("F32",), 2),
    "ngram_codes": (("U8",), 2),
    "ngram_centroids": (("F32",), 1),
    "ngram_norms": (("U8",), 1),
    "ngram_scales": (("F32",), 1),
    "buckets": (("I32",), 1),
    "bucket_rows": (("I32",), 1),
    "labels": (("U8",), 1),
    "label_offsets": (("I64",), 1),
}


def arrays_of(subwords: Subwords) -> tuple[dict[str, Array], str]:
    """The tensors, and the text of the metadata."""
    ngrams, rows, labels = subwords.ngrams, subwords.rows, subwords.labels
    settings = {"min_n": ngrams.min_n, "max_n": ngrams.max_n, "bucket": ngrams.bucket}
    if isinstance(rows, Coded):
        settings["width"] = rows.width
        arrays = {"ngram_codes": rows.codes, "ngram_centroids": rows.centroids}
        if rows.norms.size:
            arrays |= {"ngram_norms": rows.norms, "ngram_scales": rows.scales}
    else:
        arrays = {"ngrams": rows}
    if ngrams.kept is not None:
        arrays |= {"buckets": ngrams.kept[0], "bucket_rows": ngrams.kept[1]}
    if len(labels):
        arrays |= {"labels": labels.blob, "label_offsets": labels.offsets}
    return arrays, json.dumps(settings)


def subwords_of(
    text: str, arrays: Mapping[str, Array], dim: int, name: str, origin: Origin | None
) -> Subwords:
    """What composes words, of the metadata and of tensors that are as above.

    Raises:
        FormatError: Settings that cannot be, tensors that are missing, or of other sizes.
    """
    settings = _settings(text, name)
    rows = _rows(settings["width"], arrays, dim, name)
    kept = None
    if "buckets" in arrays:
        kept = arrays["buckets"], _sized("bucket_rows", arrays, arrays["buckets"].size, name)
        if (kept[0][1:] <= kept[0][:-1]).any() or kept[1].min(initial=0) < 0:
            raise wrong(name, "rising buckets and their rows", "others")
    ngrams = Ngrams(settings["min_n"], settings["max_n"], settings["bucket"], kept)
    if rows.shape[0] < ngrams.n_rows:
        raise wrong(name, f"{ngrams.n_rows} rows of n-grams", str(rows.shape[0]))
    labels = None
    if "labels" in arrays and "label_offsets" in arrays:
        labels = Tokens(arrays["labels"], arrays["label_offsets"], name=name)
        if not labels.offsets.size:
            raise wrong(name, "where the labels begin", "nothing")
        labels.check()
    return Subwords(ngrams, rows, labels, origin)


def _settings(text: str, name: str) -> dict[str, int]:
    try:
        found = json.loads(text)
        settings = {key: found.get(key, 0) for key in ("min_n", "max_n", "bucket", "width")}
    except (ValueError, AttributeError, RecursionError) as error:
        raise wrong(name, f"a JSON object in {KEY!r}", str(error)) from error
    most = {"min_n": LONGEST_NGRAM, "max_n": LONGEST_NGRAM, "bucket": 2**31 - 1, "width": 2**31}
    for key, value in settings.items():
        least = 1 if key == "bucket" else 0
        if type(value) is not int or not least <= value <= most[key]:
            raise wrong(name, f"{key} from {least} to {most[key]}", f"{value!r:.40}")
    return settings


def _rows(width: int, arrays: Mapping[str, Array], dim: int, name: str) -> Array | Coded:
    if "ngrams" in arrays:
        rows = arrays["ngrams"]
        if rows.shape[1] != dim:
            raise wrong(name, f"rows of n-grams of {dim} numbers", str(rows.shape[1]))
        return rows
    codes = arrays.get("ngram_codes")
    if codes is None or width < 1 or codes.shape[1] != -(-dim // width):
        raise wrong(name, f"codes of n-grams for {dim} numbers", "none, or others")
    centroids = _sized("ngram_centroids", arrays, CENTROIDS * dim, name)
    norms, scales = codes[:0, 0], centroids[:0]
    if "ngram_norms" in arrays:
        norms = _sized("ngram_norms", arrays, len(codes), name)
        scales = _sized("ngram_scales", arrays, CENTROIDS, name)
    return Coded(codes, centroids, width, norms, scales)


def _sized(key: str, arrays: Mapping[str, Array], size: int, name: str) -> Array:
    array = arrays.get(key)
    if array is None or array.size != size:
        raise wrong(
            name, f"{size} numbers in {key!r}", "none" if array is None else f"{array.size}"
        )
    return array
