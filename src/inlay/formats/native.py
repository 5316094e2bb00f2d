"""Our own format: one `.safetensors` file that opens in milliseconds, whatever its size.

    matrix   F16, BF16, F32 or F64 [n, dim]   first, at a multiple of 64 bytes
    offsets  I64 [n + 1]   where each token begins in `tokens`; the end of the last
    counts   I64 [n]       optional
    index    U32 [slots]   the hash index that `inlay.kernels.hashing` describes
    tokens   U8 [bytes]    the tokens in UTF-8, one after the other

A matrix may also be I8, and then `scales`, F32 [n], is what the numbers of each row are multiplied
by. It stands behind all wider numbers, and behind `padding`, U8 [fewer than 64], which brings it to
a multiple of 64 bytes; older files have none.

The metadata are strings, as safetensors wants them: `format` ("inlay-table"), `version` ("1"),
`pad_id` and `unk_id` if there are any, `provenance` (JSON) and `digests` (JSON: the SHA-256 of
each tensor's bytes, and under `metadata` that of all other metadata, as JSON with sorted keys).

A table that composes vectors of words which it has not (a model of fastText) has what they are
made of in further tensors and in `subwords`: see `inlay.formats.native_subwords`. Tables that
belong to a table are in further tensors and in `parts`: see `inlay.formats.native_parts`.

Opening maps the file copy-on-write and looks at the header alone; what a look-up touches is
checked when it does. A flipped byte in the data is found by `load(path, verify=True)`, which
reads everything once.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, ClassVar

import numpy as np

from inlay.aliases import Array
from inlay.bytes.content import Content
from inlay.containers.protocol import wrong
from inlay.containers.safetensors import (
    ALIGNMENT,
    BRAIN,
    LARGEST_HEADER,
    Header,
    Safetensors,
    make_header,
    read_header,
    tensor_array,
)
from inlay.core import Table, Tokens
from inlay.core.storage import BFloat16Rows, Int8Rows, StoredRows
from inlay.errors import FormatError
from inlay.formats import native_parts
from inlay.formats.format_options import options
from inlay.formats.mapped import MappedFile
from inlay.formats.native_subwords import KEY as SUBWORDS
from inlay.formats.native_subwords import TENSORS as OF_SUBWORDS
from inlay.formats.native_subwords import arrays_of, subwords_of
from inlay.formats.protocol import ReadOptions
from inlay.formats.selection import select

MARK, VERSION = "inlay-table", "1"
# Name, dtypes and number of dimensions of each tensor that must be there.
TENSORS: tuple[tuple[str, tuple[str, ...], int], ...] = (
    ("matrix", ("F16", BRAIN, "F32", "F64", "I8"), 2),
    ("offsets", ("I64",), 1),
    ("index", ("U32",), 1),
    ("tokens", ("U8",), 1),
)
COUNTS = ("counts", ("I64",), 1)
SCALES = ("scales", ("F32",), 1)  # of a matrix of I8
PADDING = ("padding", ("U8",), 1)  # before it
MADE_AT_ONCE = 1 << 14  # rows


@options
class Native:
    """The format of this library. It says everything itself, so there is nothing to be told."""

    name: ClassVar[str] = "native"
    suffixes: ClassVar[tuple[str, ...]] = (".safetensors",)

    takes: ClassVar[tuple[str, ...]] = ("verify",)

    def sniff(self, head: bytes, path: Path) -> bool:
        return Safetensors.sniff(head, path) and is_ours(head)

    def read(self, source: Content, options: ReadOptions) -> Table:
        """Map the file; `limit` copies the tokens alone, `keep` the rows that are kept."""
        name = source.name
        if source.packed:  # it may unpack to anything: look before
            _check_mark(read_header(_header_bytes(source), name, alone=True), name)
        data, is_mapped = options.content(source), options.mmap and not source.packed
        header = read_header(data, name)
        _check_mark(header, name)
        metadata = header.metadata
        made = _json(metadata, native_parts.KEY, name)
        arrays = _arrays(data, header, name, native_parts.tensors_of(header, made))
        if options.verify:
            _verify(arrays, metadata, name)
        tokens = Tokens(arrays["tokens"], arrays["offsets"], arrays["index"], name=name)
        pad_id, rows = _row(metadata, "pad_id", len(tokens), name), _rows_of(arrays)
        if pad_id is not None and rows[pad_id].any():
            raise wrong(name, f"zeros in row {pad_id}, which is padding", "other numbers")
        origin = MappedFile.of(source.path, data, self) if is_mapped else None
        subwords = None
        if SUBWORDS in metadata:
            dim, some = rows.shape[1], None if origin is None else origin.limited(0)
            subwords = subwords_of(metadata[SUBWORDS], arrays, dim, name, some)
        table = Table._unchecked(
            tokens,
            rows,
            counts=arrays.get("counts"),
            pad_id=pad_id,
            unk_id=_row(metadata, "unk_id", len(tokens), name),
            provenance=_json(metadata, "provenance", name),
            origin=origin,
            subwords=subwords,
            parts=native_parts.parts_of(made, arrays, tokens, _check_shapes, name),
        )
        return select(table, options)

    def write(self, table: Table, file: IO[bytes]) -> None:
        """Stream the arrays as they are, after reading them once for their digests.

        The vectors of a fastText model, if they are not there yet, are made for the one and
        again for the other, some at a time: that takes longer, and no memory.
        """
        rows = table._rows
        arrays = _arrays_of(rows) | {"offsets": table.tokens.offsets}
        if table.counts is not None:
            arrays["counts"] = table.counts
        arrays |= {"index": table.tokens.slots, "tokens": table.tokens.blob}
        more, of_subwords = _of_subwords(table)
        metadata = {"format": MARK, "version": VERSION} | of_subwords
        if table.parts:
            of_parts, metadata[native_parts.KEY] = native_parts.arrays_of(table)
            more |= of_parts
        if more or isinstance(rows, Int8Rows):
            # Large elements first, so that each stands at a multiple of its size.
            arrays = dict(sorted((arrays | more).items(), key=_element_size, reverse=True))
            if isinstance(rows, Int8Rows):
                arrays = _padded(arrays)
            else:
                arrays = {"matrix": arrays["matrix"]} | arrays
        arrays = {key: _plain(array) for key, array in arrays.items()}
        for key, row in (("pad_id", table.pad_id), ("unk_id", table.unk_id)):
            if row is not None:
                metadata[key] = str(row)
        metadata["provenance"] = json.dumps(table.provenance, ensure_ascii=False)
        digests = {key: _sha256(_pieces(array)) for key, array in arrays.items()}
        digests["metadata"] = _metadata_digest(metadata)
        metadata["digests"] = json.dumps(digests)
        codes = {"matrix": BRAIN} if isinstance(rows, BFloat16Rows) else {}
        file.write(make_header(arrays, metadata, codes))
        for array in arrays.values():
            file.writelines(_pieces(array))


def is_ours(head: bytes) -> bool:
    """Whether a header of safetensors, or its beginning, says that this is a table."""
    return bool(re.search(rb'"format"\s*:\s*"inlay-table"', head))


def digest(array: Any) -> str:
    """`sha256:...` of a C-contiguous array's bytes."""
    return _sha256(_pieces(array))


def content_digests(table: Table) -> dict[str, str]:
    """What a table's vectors and tokens are, by digests: the same in memory and in a file.

    Those of a native file that is mapped stand in its header. Else all numbers are read once.
    """
    of_subwords = _of_subwords(table)[1]
    of_shape = f"{table.stored_dtype} {table.shape} {table.unk_id}"
    made = {"shape": of_shape, **of_subwords}
    origin: Any = table._origin
    is_native = isinstance(origin, MappedFile) and isinstance(origin.format, Native)
    if is_native and origin.limit is None and origin.is_there():
        header = read_header(np.memmap(origin.path, np.uint8, "r"), str(origin.path))
        known = _json(header.metadata, "digests", str(origin.path))
        return made | {key: str(known[key]) for key in _CONTENT if key in known}
    arrays = _arrays_of(table._rows) | _of_subwords(table)[0]
    arrays |= {"offsets": table.tokens.offsets, "tokens": table.tokens.blob}
    return made | {key: digest(_plain(arrays[key])) for key in _CONTENT if key in arrays}


_CONTENT = ("matrix", "scales", "offsets", "tokens", *OF_SUBWORDS)


def _of_subwords(table: Table) -> tuple[dict[str, Any], dict[str, str]]:
    """What composes words, as tensors and as metadata; nothing, if the table does not."""
    if table._subwords is None:
        return {}, {}
    arrays, text = arrays_of(table._subwords)
    return arrays, {SUBWORDS: text}


def _metadata_digest(metadata: dict[str, str]) -> str:
    """The digest of all metadata but the digests themselves."""
    others = {key: value for key, value in metadata.items() if key != "digests"}
    text = json.dumps(others, ensure_ascii=False, sort_keys=True)
    return _sha256([text.encode(errors="surrogatepass")])


def _sha256(pieces: Iterable[bytes | memoryview]) -> str:
    import hashlib

    found = hashlib.sha256()
    for piece in pieces:
        found.update(piece)
    return f"sha256:{found.hexdigest()}"


def _arrays_of(rows: Any) -> dict[str, Any]:
    """The tensors that hold vectors."""
    if isinstance(rows, BFloat16Rows):
        return {"matrix": rows.bits}
    if isinstance(rows, Int8Rows):
        return {"matrix": rows.codes, "scales": rows.scales}
    return {"matrix": rows}


def _rows_of(arrays: dict[str, Array]) -> Array | StoredRows:
    """The vectors that tensors hold."""
    matrix = arrays["matrix"]
    if matrix.dtype == np.uint16:
        return BFloat16Rows(matrix)
    return Int8Rows(matrix, arrays["scales"]) if "scales" in arrays else matrix


def _header_bytes(source: Content) -> Array:
    """The header alone, as far as there is one."""
    with source.open() as file:
        start = file.read(8)
        length = min(int.from_bytes(start, "little"), LARGEST_HEADER)
        return np.frombuffer(start + file.read(length), np.uint8)


def _padded(arrays: dict[str, Any]) -> dict[str, Any]:
    """With zeros before the matrix, so that a framework can live in its memory."""
    keys = list(arrays)
    before, behind = keys[: keys.index("matrix")], keys[keys.index("matrix") :]
    padding = np.zeros(-sum(arrays[key].nbytes for key in before) % ALIGNMENT, np.uint8)
    ordered = {key: arrays[key] for key in before} | {"padding": padding}
    return ordered | {key: arrays[key] for key in behind}


def _element_size(item: tuple[str, Array]) -> int:
    return int(item[1].dtype.itemsize)


def _plain(array: Any) -> Any:
    """Little-endian and C-contiguous, which bytes behind a header cannot say; rarely a copy."""
    if not isinstance(array, np.ndarray):
        return array
    return np.ascontiguousarray(array, array.dtype.newbyteorder("<"))


def _pieces(array: Any) -> Iterator[memoryview]:
    """The bytes of an array: of one that is made when it is asked for, some rows at a time."""
    if isinstance(array, np.ndarray):
        yield memoryview(array.reshape(-1).view(np.uint8))  # type: ignore[arg-type]
        return
    for start in range(0, array.shape[0], MADE_AT_ONCE):
        yield from _pieces(_plain(array[start : start + MADE_AT_ONCE]))


def _check_mark(header: Header, name: str) -> None:
    if header.metadata.get("format") != MARK:
        listed = [f"{k} {t.dtype} {t.shape}" for k, t in list(header.tensors.items())[:8]]
        more = ", ..." if len(header.tensors) > 8 else ""
        raise FormatError(
            name,
            expected="a table saved by inlay",
            got=f"another safetensors file, of tensors {', '.join(listed)}{more}",
            hint="safetensors.numpy.load_file and Table(tokens, matrix)",
        )
    if header.metadata.get("version") != VERSION:
        raise FormatError(
            name,
            expected=f"version {VERSION!r}",
            got=repr(header.metadata.get("version")),
            hint="a newer inlay",
        )


def _arrays(
    data: Array, header: Header, name: str, of_parts: list[tuple[str, tuple[str, ...], int]]
) -> dict[str, Array]:
    """The tensors as arrays whose shapes agree: what can be checked without reading them."""
    more = [(key, *of) for key, of in OF_SUBWORDS.items() if key in header.tensors]
    stored = header.tensors.get("matrix")
    if stored is not None and stored.dtype == "I8":
        more += [SCALES, *([PADDING] if "padding" in header.tensors else [])]
    visible = header
    if stored is not None and stored.dtype == BRAIN:  # of which numpy sees the bits
        bits = {"matrix": stored._replace(dtype="U16")}
        visible = header._replace(tensors=header.tensors | bits)
    tensors = [*TENSORS, *([COUNTS] if "counts" in header.tensors else []), *more, *of_parts]
    arrays = {}
    for key, dtypes, ndim in tensors:
        array = arrays[key] = tensor_array(data, visible, key, name)
        if header.tensors[key].dtype not in dtypes or array.ndim != ndim:
            got = f"{header.tensors[key].dtype} {header.tensors[key].shape}"
            raise wrong(name, f"{key!r} as {' or '.join(dtypes)} in {ndim} dimensions", got)
    _check_shapes(arrays, name)
    return arrays


def _check_shapes(arrays: Mapping[str, Array], name: str) -> None:
    n, dim = arrays["matrix"].shape
    slots, offsets = arrays["index"].size, arrays["offsets"]
    if "scales" in arrays and arrays["scales"].size != n:
        raise wrong(name, f"scales of {n} rows", str(arrays["scales"].size))
    if offsets.size != n + 1 or arrays.get("counts", offsets[1:]).size != n or dim == 0:
        raise wrong(name, f"offsets and counts of {n} rows", f"{offsets.size} offsets")
    if slots <= n or slots & (slots - 1):
        raise wrong(name, f"an index of 2^k slots, more than {n}", f"{slots} slots")
    if offsets[0] != 0 or offsets[-1] != arrays["tokens"].size:
        ends = f"{offsets[0]} to {offsets[-1]}"
        raise wrong(name, f"offsets from 0 to {arrays['tokens'].size}", ends)


def _verify(arrays: dict[str, Array], metadata: dict[str, str], name: str) -> None:
    digests = _json(metadata, "digests", name)
    found = {key: digest(array) for key, array in arrays.items()}
    found["metadata"] = _metadata_digest(metadata)
    for key in sorted(digests.keys() | found.keys()):
        if digests.get(key) != found.get(key):
            what = "metadata" if key == "metadata" else f"tensor {key!r}"
            expected = f"{what} with {digests.get(key, 'a digest')!s:.80}"
            raise wrong(name, expected, found.get(key, "nothing of that name"))


def _row(metadata: dict[str, str], key: str, n: int, name: str) -> int | None:
    text = metadata.get(key)
    if text is None:
        return None
    if not (text.isascii() and text.isdigit() and len(text) < 20 and int(text) < n):
        raise wrong(name, f"{key} below {n}", f"{text!r:.40}")
    return int(text)


def _json(metadata: dict[str, str], key: str, name: str) -> dict[str, Any]:
    try:
        value = json.loads(metadata.get(key, "{}"))
    except (ValueError, RecursionError) as error:
        raise wrong(name, f"JSON in {key!r}", str(error)) from error
    if not isinstance(value, dict):
        raise wrong(name, f"a JSON object in {key!r}", type(value).__name__)
    return value
