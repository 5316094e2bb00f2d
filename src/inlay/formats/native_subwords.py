"""What composes words, in the native file: more tensors, and `subwords` in the metadata.

    ngrams            F32 [rows, dim]    the rows of n-grams; or, where they are quantised,
    ngram_codes       U8 [rows, parts]   which of the 256 centroids each part of a row is
    ngram_centroids   F32 [256 * dim]    those of the first part, one after the other, and so on
    ngram_norms       U8 [rows]          which of the scales a row is multiplied by; optional
    ngram_scales      F32 [256]          with these; or, without them, F32 [rows]: one for each row
    ngram_projection  F32 [dim, dim]     what a row is multiplied by, as a column; optional
    buckets           I32 [n]            rising: the buckets that have rows; optional
    bucket_rows       I32 [n]            with these: the row of each
    labels            U8 [bytes]         words that have a row of their own there; optional
    label_offsets     I64 [labels + 1]   with these: where each begins in `labels`
    listed            U8 [bytes]         n-grams, where they are listed instead of hashed; optional
    listed_offsets    I64 [n + 1]        with these: where each begins in `listed`
    listed_rows       I64 [n]            with these: the row of each

`subwords` is JSON: `min_n` and `max_n`, the characters of an n-gram, `bucket`, and `width`, the
numbers in a part of a quantised row. `zeros` says that buckets that are not listed have rows of
zeros, and `jamo` that words are spelled in jamo first, as `inlay.core.jamo` does.
`inlay.kernels.subwords` says how a vector is made of them.

Where there is a `kind`, `inlay.kernels.ngrams` says it: `"finalfusion-fasttext"`,
`"finalfusion-buckets"` and `"finalfusion-explicit"`, with `unit`, whether the sum is given the
length 1 or divided by the number of rows; or `"floret"`, with `hashes`, how many rows an n-gram
has, `seed`, and `marks`, what stands before and behind a word.
"""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.containers.protocol import wrong
from inlay.core import Tokens
from inlay.core.other_ngrams import EXPLICIT, FLORET, KINDS, MOST_HASHES, OtherNgrams
from inlay.core.subwords import CENTROIDS, LONGEST_NGRAM, Coded, Ngrams, Subwords
from inlay.core.travel import Origin

KEY = "subwords"  # of the metadata
TENSORS: dict[str, tuple[tuple[str, ...], int]] = {
    "ngrams": (("F32",), 2),
    "ngram_codes": (("U8",), 2),
    "ngram_centroids": (("F32",), 1),
    "ngram_norms": (("U8",), 1),
    "ngram_scales": (("F32",), 1),
    "ngram_projection": (("F32",), 2),
    "buckets": (("I32",), 1),
    "bucket_rows": (("I32",), 1),
    "labels": (("U8",), 1),
    "label_offsets": (("I64",), 1),
    "listed": (("U8",), 1),
    "listed_offsets": (("I64",), 1),
    "listed_rows": (("I64",), 1),
}
LONGEST_MARK = 100


def arrays_of(subwords: Subwords) -> tuple[dict[str, Array], str]:
    """The tensors, and the text of the metadata."""
    ngrams, rows, labels = subwords.ngrams, subwords.rows, subwords.labels
    settings: dict[str, Any] = {"min_n": ngrams.min_n, "max_n": ngrams.max_n}
    settings["bucket"] = ngrams.bucket
    if isinstance(rows, Coded):
        settings["width"] = rows.width
        arrays = {"ngram_codes": rows.codes, "ngram_centroids": rows.centroids}
        if rows.norms.dtype == np.uint8 and rows.norms.size:
            arrays |= {"ngram_norms": rows.norms, "ngram_scales": rows.scales}
        elif rows.norms.size:
            arrays["ngram_scales"] = rows.scales
        if rows.projection is not None:
            arrays["ngram_projection"] = rows.projection
    else:
        arrays = {"ngrams": rows}
    if isinstance(ngrams, OtherNgrams):
        settings |= {"kind": ngrams.kind, "unit": ngrams.unit}
        if ngrams.kind == FLORET:
            hashes, seed = ngrams.hashes
            settings |= {"hashes": hashes, "seed": seed, "marks": list(ngrams.marks)}
        if ngrams.listed is not None and ngrams.listed_rows is not None:
            arrays |= {"listed": ngrams.listed.blob, "listed_offsets": ngrams.listed.offsets}
            arrays["listed_rows"] = ngrams.listed_rows
    elif ngrams.kept is not None:
        arrays |= {"buckets": ngrams.kept[0], "bucket_rows": ngrams.kept[1]}
        settings |= {"zeros": True} if ngrams.zeros else {}
    if isinstance(ngrams, Ngrams) and ngrams.jamo:
        settings["jamo"] = True
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
    said, settings = _settings(text, name)
    rows = _rows(settings["width"], arrays, dim, name)
    if "kind" in said:
        ngrams: Ngrams | OtherNgrams = _other_ngrams(said, settings, arrays, name)
    else:
        kept = None
        if "buckets" in arrays:
            kept = arrays["buckets"], _sized("bucket_rows", arrays, arrays["buckets"].size, name)
            if (kept[0][1:] <= kept[0][:-1]).any() or kept[1].min(initial=0) < 0:
                raise wrong(name, "rising buckets and their rows", "others")
        zeros, jamo = said.get("zeros", False), said.get("jamo", False)
        if not isinstance(zeros, bool) or not isinstance(jamo, bool) or zeros > (kept is not None):
            raise wrong(name, "zeros and jamo true or false, and zeros with buckets", "others")
        ngrams = Ngrams(settings["min_n"], settings["max_n"], settings["bucket"], kept, zeros, jamo)
    if rows.shape[0] < ngrams.n_rows:
        raise wrong(name, f"{ngrams.n_rows} rows of n-grams", str(rows.shape[0]))
    labels = None
    if "labels" in arrays and "label_offsets" in arrays:
        labels = _strings("label", arrays["labels"], arrays["label_offsets"], name)
    return Subwords(ngrams, rows, labels, origin)


def _strings(what: str, blob: Array, offsets: Array, name: str) -> Tokens:
    tokens = Tokens(blob, offsets, name=name)
    if not offsets.size:
        raise wrong(name, f"where the {what}s begin", "nothing")
    tokens.check()
    return tokens


def _settings(text: str, name: str) -> tuple[dict[str, Any], dict[str, int]]:
    """All that is said, and those of it that are whole numbers, checked."""
    try:
        found = json.loads(text)
        settings = {key: found.get(key, 0) for key in ("min_n", "max_n", "bucket", "width")}
    except (ValueError, AttributeError, RecursionError) as error:
        raise wrong(name, f"a JSON object in {KEY!r}", str(error)) from error
    most = {"min_n": LONGEST_NGRAM, "max_n": LONGEST_NGRAM, "bucket": 2**31 - 1, "width": 2**31}
    for key, value in settings.items():
        _check_whole(key, value, 1 if key == "bucket" else 0, most[key], name)
    return found, settings


def _check_whole(key: str, value: Any, least: int, most: int, name: str) -> None:
    if type(value) is not int or not least <= value <= most:
        raise wrong(name, f"{key} from {least} to {most}", f"{value!r:.40}")


def _other_ngrams(
    said: dict[str, Any], settings: dict[str, int], arrays: Mapping[str, Array], name: str
) -> OtherNgrams:
    kind, hashes, seed = said["kind"], said.get("hashes", 1), said.get("seed", 0)
    if kind not in KINDS:
        raise wrong(name, f"one of the kinds {', '.join(KINDS)}", f"{kind!r:.40}")
    _check_whole("min_n", settings["min_n"], 1, LONGEST_NGRAM, name)
    _check_whole("hashes", hashes, 1, MOST_HASHES, name)
    _check_whole("seed", seed, 0, 2**32 - 1, name)
    marks, unit = said.get("marks", ["<", ">"]), said.get("unit", False)
    if not are_marks(marks) or type(unit) is not bool:
        raise wrong(name, "two short marks of a word, and unit true or false", "others")
    ngrams = OtherNgrams(
        kind, settings["min_n"], settings["max_n"], settings["bucket"], hashes=(hashes, seed)
    )
    ngrams = ngrams._replace(marks=(marks[0], marks[1]), unit=unit)
    if kind != EXPLICIT:
        return ngrams
    if not {"listed", "listed_offsets", "listed_rows"} <= arrays.keys():
        raise wrong(name, "a list of n-grams", "none")
    listed = _strings("n-gram", arrays["listed"], arrays["listed_offsets"], name)
    at = _sized("listed_rows", arrays, len(listed), name)
    if at.min(initial=0) < 0 or at.max(initial=0) >= ngrams.bucket:
        raise wrong(name, f"rows of n-grams below {ngrams.bucket}", "others")
    return ngrams._replace(listed=listed, listed_rows=at)


def are_marks(marks: Any) -> bool:
    """Whether these are two strings that can stand before and behind a word."""
    if not isinstance(marks, list) or len(marks) != 2:
        return False
    return all(isinstance(mark, str) and len(mark) <= LONGEST_MARK for mark in marks)


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
    norms, scales, projection = codes[:0, 0], centroids[:0], arrays.get("ngram_projection")
    if "ngram_norms" in arrays:
        norms = _sized("ngram_norms", arrays, len(codes), name)
        scales = _sized("ngram_scales", arrays, CENTROIDS, name)
    elif "ngram_scales" in arrays:
        scales = _sized("ngram_scales", arrays, len(codes), name)
        norms = np.arange(len(codes), dtype=np.int32)
    if projection is not None and projection.shape != (dim, dim):
        raise wrong(name, f"a projection of {dim} x {dim} numbers", str(projection.shape))
    return Coded(codes, centroids, width, norms, scales, projection)


def _sized(key: str, arrays: Mapping[str, Array], size: int, name: str) -> Array:
    array = arrays.get(key)
    if array is None or array.size != size:
        raise wrong(
            name, f"{size} numbers in {key!r}", "none" if array is None else f"{array.size}"
        )
    return array
