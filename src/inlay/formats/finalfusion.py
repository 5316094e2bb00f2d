"""finalfusion's `.fifu`: chunks of words, vectors, norms and a description, one behind the other.

A plain matrix is mapped. A quantised one is made of its centroids as the library makes it, with
the projection and the norms that belong to the quantiser; then only the rows that are kept are.

Source: https://finalfusion.github.io/spec
"""

import json
import math
import struct
import tomllib
from collections.abc import Callable
from pathlib import Path
from typing import IO, Any, ClassVar, Literal, NamedTuple

import numpy as np

from inlay.aliases import Array
from inlay.bytes.content import Content
from inlay.bytes.limits import UNPACKED
from inlay.checks import choice
from inlay.containers.protocol import wrong
from inlay.core import Table, Tokens
from inlay.core.subwords import Coded
from inlay.errors import FormatError
from inlay.formats.finalfusion_subwords import (
    coded_rows,
    explicit_size,
    listed_ngrams,
    subwords_of,
)
from inlay.formats.format_options import NumbersFormat, options
from inlay.formats.protocol import ReadOptions, refuse_write
from inlay.formats.rows import spans, valid_utf8
from inlay.formats.selection import TakeRows, table_of

MAGIC = b"FiFu"
MOST_CHUNKS, LONGEST_DESCRIPTION = 64, 1 << 20
# What a chunk begins with.
CHUNK = struct.Struct("<IQ")
WORDS = {1: ("simple", 8), 3: ("buckets", 20), 7: ("fasttext", 20), 8: ("explicit", 24)}
EXPLICIT = 8
PLAIN, QUANTISED, METADATA, NORMS, FLORET = 2, 4, 5, 6, 9
U8, F32 = 1, 10
RECONSTRUCTED_AT_ONCE = 4096
RowsFrom = Callable[[int], Array | Coded]


@options
class Finalfusion(NumbersFormat):
    """The format of finalfusion.

    Args:
        nonfinite: Whether NaN and infinity are errors.
        norms: finalfusion makes the vectors of words as long as 1 and stores beside them how long
            they were. `"beside"` gives the vectors as they are stored, as that library's
            `embedding` does; `"multiply"` gives them the length that they had, in memory. Words
            that the table does not hold are composed of n-grams, if the file has any: with
            length 1, as that library gives it, or with `"multiply"` as the mean of their rows.
    """

    norms: Literal["beside", "multiply"] = "beside"

    name: ClassVar[str] = "finalfusion"
    suffixes: ClassVar[tuple[str, ...]] = (".fifu",)

    def __post_init__(self) -> None:
        super().__post_init__()
        choice("norms", self.norms, ("beside", "multiply"))

    def sniff(self, head: bytes, path: Path) -> bool:
        return head.startswith(MAGIC)

    def read(self, source: Content, options: ReadOptions) -> Table:
        """The vectors of whole words; rows of n-grams have no tokens, and are counted."""
        data, name = options.content(source), source.name
        chunks = _chunks(data, name)
        kind = next((kind for kind in WORDS if kind in chunks), None)
        if kind is None or not chunks.keys() & {PLAIN, QUANTISED}:
            missing = "a vocabulary without words (floret's)" if FLORET in chunks else "others"
            raise FormatError(name, expected="chunks of words and of vectors", got=missing)
        tokens, said, listed = _words(chunks[kind], kind, name)
        if PLAIN in chunks:
            rows, behind, stored = _plain(chunks[PLAIN], name)
        else:
            rows, behind, stored = _quantised(chunks[QUANTISED], name)
        if stored < len(tokens):
            raise wrong(name, f"a vector for each of {len(tokens)} words", f"{stored} vectors")
        norms = _norms(chunks[NORMS], len(tokens), name) if NORMS in chunks else None
        subwords = None
        if "min_n" in said:
            unit = self.norms == "beside"
            subwords = subwords_of(said, behind(len(tokens)), listed, name, unit=unit)
        if self.norms == "multiply":
            if norms is None:
                raise FormatError(
                    name, expected="norms beside the vectors", got="none", hint="leave norms= out"
                )
            rows = _multiplied(rows, norms)
        details: dict[str, Any] = {"storage": "plain" if PLAIN in chunks else "quantised"}
        details |= {"vocabulary": said, "ngram_rows_left_out": stored - len(tokens)}
        details["norms"] = "none" if norms is None else self.norms
        if METADATA in chunks:
            details["metadata"] = _metadata(chunks[METADATA], name)
        return table_of(source, options, self, tokens, rows, subwords=subwords, **details)

    def write(self, table: Table, file: IO[bytes]) -> None:
        raise refuse_write(self.name)


class _Chunk(NamedTuple):
    """What a chunk holds, and where in the file it begins."""

    data: Array
    at: int

    def numbers(self, layout: str, at: int, name: str) -> tuple[int, ...]:
        """Whole numbers at the chunk's beginning, or behind it."""
        size = struct.calcsize(layout)
        if self.data.size < at + size:
            raise wrong(name, "a whole chunk", f"one of {self.data.size} bytes")
        return struct.unpack(layout, self.data[at : at + size].tobytes())

    def floats(self, at: int) -> int:
        """Where numbers begin that stand behind a head: at a multiple of 4 bytes of the file."""
        return at + 4 - (self.at + at) % 4

    def array(self, at: int, shape: tuple[int, ...], name: str, dtype: str = "<f4") -> Array:
        """An array within the chunk, which it shares."""
        size = math.prod(shape) * np.dtype(dtype).itemsize
        if size > self.data.size - at:
            raise wrong(name, f"{size} bytes of numbers", f"{self.data.size - at}")
        flat = self.data[at : at + size].view(dtype)
        return np.require(flat.reshape(shape), requirements="A")


def _chunks(data: Array, name: str) -> dict[int, _Chunk]:
    """The chunks by their kind, the first of each."""
    head = _Chunk(data, 0)
    version, n = head.numbers("<II", 4, name)
    if version != 0 or n > MOST_CHUNKS or data.size < 12 + 4 * n:
        raise wrong(name, "a finalfusion file of version 0", f"version {version}, {n} chunks")
    at, found = 12 + 4 * n, dict[int, _Chunk]()
    while at < data.size:  # old files have more chunks than their header says
        kind, size = head.numbers("<IQ", at, name)
        at += CHUNK.size
        if kind == EXPLICIT:
            size = explicit_size(data[at:], size)
        if size > data.size - at or len(found) > MOST_CHUNKS:
            raise wrong(name, f"a chunk of {size} bytes", f"{data.size - at}")
        found.setdefault(kind, _Chunk(data[at : at + size], at))
        at += size
    listed = struct.unpack(f"<{n}I", data[12 : 12 + 4 * n].tobytes())
    if missing := set(listed) - found.keys():
        raise wrong(name, f"chunks of the kinds {listed}, as the header says", f"none of {missing}")
    return found


def _words(
    chunk: _Chunk, kind: int, name: str
) -> tuple[Tokens, dict[str, Any], tuple[Tokens, Array] | None]:
    """The words, what is said of them, and their n-grams, where they are listed."""
    from inlay.kernels.binary import scan_strings

    said, start = WORDS[kind]
    described: dict[str, Any] = {"kind": said}
    n, *more = chunk.numbers({1: "<Q", EXPLICIT: "<QQII"}.get(kind, "<QIII"), 0, name)
    if kind == EXPLICIT:
        described |= dict(zip(("ngrams", "min_n", "max_n"), more, strict=True))
    elif more:
        min_n, max_n, buckets = more
        described |= {"min_n": min_n, "max_n": max_n, "buckets": buckets}
        if kind == 3:  # stored as a power of two
            described["buckets"] = 2 ** min(buckets, 63)
    if n > chunk.data.size // 4:
        raise wrong(name, f"{n} words", f"a chunk of {chunk.data.size} bytes")
    bounds = np.empty((n, 2), np.int64)
    seen, end = scan_strings(chunk.data, start, 0, bounds)
    if seen < n or (kind != EXPLICIT and end != chunk.data.size):
        raise wrong(name, f"{n} words in {chunk.data.size} bytes", f"{seen} in {end}")
    blob, offsets = spans(chunk.data, bounds)
    if not valid_utf8(blob, offsets):
        raise wrong(name, "words in UTF-8", "other bytes")
    listed = None
    if kind == EXPLICIT:
        listed = listed_ngrams(chunk.data, end, described["ngrams"], name)
    return Tokens(blob, offsets, name=name), described, listed


def _plain(chunk: _Chunk, name: str) -> tuple[TakeRows, RowsFrom, int]:
    """What gives rows, what gives all from one on, and how many there are."""
    rows, dim, kind = chunk.numbers("<QII", 0, name)
    _check_types((kind,), (F32,), dim, name)
    matrix = chunk.array(chunk.floats(16), (rows, dim), name)
    return matrix.__getitem__, lambda first: matrix[first:], rows


def _quantised(chunk: _Chunk, name: str) -> tuple[TakeRows, RowsFrom, int]:
    projected, normed, parts, dim, centroids, rows, of, to = chunk.numbers("<IIIIIQII", 0, name)
    _check_types((of, to), (U8, F32), dim, name)
    if not parts or dim % parts:
        raise wrong(name, f"{dim} numbers in equal parts", f"{parts} parts")
    at, projection, norms = chunk.floats(36), None, None
    if projected:
        projection = chunk.array(at, (dim, dim), name)
        at += projection.nbytes
    quantiser = chunk.array(at, (parts, centroids, dim // parts), name)
    at += quantiser.nbytes
    if normed:
        norms = chunk.array(at, (rows,), name)
        at += norms.nbytes
    codes = chunk.array(at, (rows, parts), name, "u1")

    @np.errstate(all="ignore")  # what is not finite is told later
    def take(chosen: slice | Array) -> Array:
        wanted = codes[chosen]
        if wanted.size and int(wanted.max()) >= centroids:
            raise wrong(name, f"codes below {centroids}", str(wanted.max()))
        if 4 * dim * len(wanted) > UNPACKED.bytes():
            raise UNPACKED.exceeded(name, f"{4 * dim * len(wanted):,}")
        made = np.empty((len(wanted), dim), np.float32)
        for start in range(0, len(wanted), RECONSTRUCTED_AT_ONCE):
            some = slice(start, start + RECONSTRUCTED_AT_ONCE)
            block = quantiser[np.arange(parts), wanted[some]].reshape(-1, dim)
            # Rounded once: the vectors are the same with whatever others they are made.
            made[some] = block if projection is None else block.astype(float) @ projection.T
        return made if norms is None else made * norms[chosen, None]

    def behind(first: int) -> Coded:
        left = None if norms is None else norms[first:]
        return coded_rows(codes[first:], quantiser, projection, left, name)

    return take, behind, rows


def _check_types(got: tuple[int, ...], expected: tuple[int, ...], dim: int, name: str) -> None:
    if got != expected or not dim:
        raise wrong(name, f"numbers of the types {expected}, 1 or more in a row", f"{got}, {dim}")


def _norms(chunk: _Chunk, words: int, name: str) -> Array:
    n, kind = chunk.numbers("<QI", 0, name)
    _check_types((kind,), (F32,), 1, name)
    if n != words:
        raise wrong(name, f"{words} norms, one a word", str(n))
    return chunk.array(chunk.floats(12), (n,), name)


def _multiplied(rows: TakeRows, norms: Array) -> TakeRows:
    @np.errstate(all="ignore")
    def take(chosen: slice | Array) -> Array:
        product: Array = rows(chosen) * norms[chosen, None]
        return product

    return take


def _metadata(chunk: _Chunk, name: str) -> dict[str, Any]:
    """The description, which is TOML; dates become strings."""
    if chunk.data.size > LONGEST_DESCRIPTION:
        raise wrong(name, f"a description of up to {LONGEST_DESCRIPTION} bytes", "more")
    try:
        found = tomllib.loads(chunk.data.tobytes().decode(), parse_float=_number)
        plain: dict[str, Any] = json.loads(json.dumps(found, default=str))
    except (ValueError, RecursionError) as error:
        raise wrong(name, "a description as TOML", f"{error!s:.200}") from error
    return plain


def _number(text: str) -> float | str:
    """A number as JSON has them: NaN and infinity are words."""
    return float(text) if math.isfinite(float(text)) else text
