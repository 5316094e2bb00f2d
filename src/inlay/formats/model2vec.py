"""model2vec's folders: a `.safetensors` of embeddings, and a tokenizer whose tokens they belong to.

    embeddings        F16, F32, F64 or I8 [rows, dim]; `embedding.weight` in Sentence Transformers
    mapping           I32 or I64 [tokens]   optional: the row of each token, where several share one
    weights           F32 or F64 [tokens]   optional: what `encode` multiplies each vector with
    tokenizer.json    the tokens, by their ids
    config.json       how the embeddings were made

The file that stands for such a folder is `model.safetensors`. Where a vocabulary was quantised,
its weights are no part of the rows that it shares, and `encode` multiplies with them.

Source: https://github.com/MinishLab/model2vec, `model2vec/persistence`.
"""

import json
from pathlib import Path
from typing import IO, Any, ClassVar, Literal

import numpy as np

from inlay.aliases import Array
from inlay.bytes.content import Content
from inlay.checks import choice
from inlay.containers.protocol import LazyArray, wrong
from inlay.containers.safetensors import Safetensors
from inlay.core import Table
from inlay.errors import FormatError
from inlay.formats.beside import TOKENIZER, json_of
from inlay.formats.format_options import NumbersFormat, options
from inlay.formats.protocol import ReadOptions, refuse_write
from inlay.formats.selection import packed_tokens, table_of
from inlay.formats.vocabulary_files import of_tokenizer

EMBEDDINGS, MORE = ("embeddings", "embedding.weight"), ("mapping", "weights")
CONFIG = "config.json"
LARGEST_CONFIG = 1 << 16


def is_model2vec(head: bytes, path: Path) -> bool:
    """Whether these are the embeddings of such a folder, by their names and what is beside them."""
    length = int.from_bytes(head[:8], "little")
    if not Safetensors.sniff(head, path) or length > len(head) - 8:
        return False
    try:
        names = json.loads(head[8 : 8 + length]).keys() - {"__metadata__"}
    except (ValueError, AttributeError, RecursionError):
        return False
    known = names <= {*EMBEDDINGS, *MORE} and len(names & set(EMBEDDINGS)) == 1
    return known and path.with_name(TOKENIZER).is_file()


@options
class Model2Vec(NumbersFormat):
    """The folder of a static model of model2vec or Sentence Transformers.

    Whole numbers of 8 bits become the same numbers in float32.

    Args:
        nonfinite: Whether NaN and infinity are errors.
        weights: `"beside"` gives the embeddings as they are stored; `"multiply"` multiplies each
            with its weight, in memory, as that library's `encode` does.
    """

    weights: Literal["beside", "multiply"] = "beside"

    name: ClassVar[str] = "model2vec"
    suffixes: ClassVar[tuple[str, ...]] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        choice("weights", self.weights, ("beside", "multiply"))

    def sniff(self, head: bytes, path: Path) -> bool:
        return is_model2vec(head, path)

    def read(self, source: Content, options: ReadOptions) -> Table:
        """The embeddings are mapped where each token has a row, and the rows are in order."""
        arrays = Safetensors(options.content(source), source.name)
        entry = next((arrays[name] for name in EMBEDDINGS if name in arrays), None)
        if entry is None or entry.ndim != 2 or not entry.shape[1]:
            raise wrong(source.name, "a matrix of embeddings", repr(entry))
        if entry.dtype.kind != "f" and entry.dtype != np.int8:
            raise wrong(source.name, "embeddings of float or int8", str(entry.dtype))
        tokenizer = source.path.with_name(TOKENIZER)
        listing = of_tokenizer(json_of(tokenizer), str(tokenizer))
        if listing is None:
            raise wrong(TOKENIZER, "a tokenizer with a vocabulary", "something else")
        ids = np.array(listing.ids, np.int64)
        mapping, weights = arrays.get("mapping"), arrays.get("weights")
        n = len(entry_rows(mapping) if mapping is not None else entry_rows(entry))
        tokens = packed_tokens(listing.tokens, TOKENIZER)
        if ids.size and int(ids[-1]) >= n:
            raise FormatError(
                source.name,
                expected=f"a row for each id up to {ids[-1]} in {TOKENIZER}",
                got=f"{n} rows",
                hint="the tokenizer that belongs to these embeddings",
            )
        rows = ids if mapping is None else _mapped(mapping, ids, entry.shape[0], source.name)
        scale = None if weights is None else _scale(weights, ids, source.name)
        if self.weights == "multiply" and scale is None:
            raise FormatError(
                source.name,
                expected="weights beside the embeddings",
                got="none",
                hint="leave weights= out",
            )

        def take(chosen: slice | Array) -> Array:
            wanted = rows[chosen]
            in_order = np.array_equal(wanted, np.arange(wanted.size))
            matrix = _floats(entry[: wanted.size] if in_order else entry[wanted])
            if self.weights == "beside" or scale is None:
                return matrix
            with np.errstate(all="ignore"):
                product: Array = (matrix * scale[chosen, None]).astype(matrix.dtype)
            return product

        details: dict[str, Any] = {"weights": "none" if scale is None else self.weights}
        config = source.path.with_name(CONFIG)
        if config.is_file() and config.stat().st_size <= LARGEST_CONFIG:
            details["config"] = json_of(config)
        special = (listing.pad, listing.unk)
        return table_of(source, options, self, tokens, take, special=special, **details)

    def write(self, table: Table, file: IO[bytes]) -> None:
        raise refuse_write(self.name)


def entry_rows(entry: LazyArray) -> range:
    """The rows of an array that is still in its file."""
    return range(entry.shape[0] if entry.ndim else 0)


def _mapped(mapping: LazyArray, ids: Array, n: int, name: str) -> Array:
    """The rows of the tokens with these ids."""
    if mapping.ndim != 1 or mapping.dtype.kind not in "iu":
        raise wrong(name, "a mapping of tokens to rows", repr(mapping))
    rows: Array = mapping[...][ids]
    outside = (rows < 0) | (rows >= n)
    if outside.any():
        raise wrong(name, f"rows below {n}", str(rows[outside][0]))
    return rows.astype(np.int64)


def _scale(weights: LazyArray, ids: Array, name: str) -> Array:
    """The weights of the tokens with these ids."""
    if (
        weights.ndim != 1
        or weights.dtype.kind != "f"
        or len(entry_rows(weights)) <= ids.max(initial=-1)
    ):
        raise wrong(name, "a weight for each token", repr(weights))
    found: Array = weights[...][ids]
    return found


def _floats(matrix: Array) -> Array:
    whole = matrix.dtype.kind != "f"
    return matrix.astype(np.float32) if whole else np.ascontiguousarray(matrix)
