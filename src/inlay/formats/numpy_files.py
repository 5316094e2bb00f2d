"""NumPy's files: an `.npy` matrix with a list of tokens beside it, an `.npz` with both.

Ours holds `matrix`, `tokens` (uint8: UTF-8, one after the other) and `offsets` (int64: where
each token begins, and the end of the last), as the native format does, `counts` (int64) if they are
known, and `provenance` (uint8: JSON) if there is any; pad and unk ids have no place in it. Of
others' files the one matrix of floating-point numbers is taken, and its tokens from an array of
strings beside it.
Arrays of Python objects are pickles and never opened.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import IO, Any, ClassVar, cast

import numpy as np

from inlay.aliases import Array
from inlay.bytes.content import Content
from inlay.bytes.damage import damage_reported
from inlay.containers import numpy as containers
from inlay.containers.protocol import Container, LazyArray
from inlay.core import Table, Tokens
from inlay.errors import FormatError
from inlay.formats.arrays import ArraysFormat
from inlay.formats.assembled import assembled
from inlay.formats.format_options import options
from inlay.formats.protocol import ReadOptions
from inlay.formats.rows import valid_utf8

WRITTEN_AT_ONCE = 1 << 14  # rows


class OneWay:
    """A file that can only be written, front to back: gzip's says that it can seek, and cannot."""

    def __init__(self, file: IO[bytes]) -> None:
        self.write, self.flush = file.write, file.flush


@options
class Npz(ArraysFormat):
    """A zip of arrays.

    Args:
        nonfinite: Whether NaN and infinity are errors.
    """

    name: ClassVar[str] = "npz"
    suffixes: ClassVar[tuple[str, ...]] = (".npz",)

    def sniff(self, head: bytes, path: Path) -> bool:
        return containers.NumpyArchive.sniff(head, path)

    def opened(self, source: Content, options: ReadOptions) -> Container:
        path = None if source.packed else source.path
        arrays = containers.NumpyArchive(options.content(source), source.name, path=path)
        for entry in arrays.values():
            if entry.dtype.hasobject:
                entry[...]  # says why it is refused: it may be the tokens
        return assembled(arrays)

    def stored(
        self, where: str, arrays: Mapping[str, LazyArray], rows: int
    ) -> tuple[Tokens | None, Array | None]:
        return _stored_tokens(where, arrays, rows), _stored_counts(where, arrays, rows)

    def origin(self, where: str, arrays: Mapping[str, LazyArray]) -> dict[str, Any]:
        said = arrays.get("provenance")
        if said is None or "offsets" not in arrays or said.dtype != np.uint8:
            return {}
        with damage_reported(where, expected="JSON in 'provenance'"):
            return dict(json.loads(said[...].tobytes()))

    def write(self, table: Table, file: IO[bytes]) -> None:
        tokens = table.tokens
        arrays: dict[str, Any] = {
            "matrix": table._rows,
            "tokens": tokens.blob,
            "offsets": tokens.offsets,
        }
        if table.counts is not None:
            arrays["counts"] = table.counts
        if table.provenance:
            said = json.dumps(table.provenance, ensure_ascii=False).encode()
            arrays["provenance"] = np.frombuffer(said, np.uint8)
        import zipfile

        with zipfile.ZipFile(cast(IO[bytes], OneWay(file)), "w") as archive:
            for name, array in arrays.items():
                # Unlike np.savez: no time in it, so equal tables are equal files.
                entry = zipfile.ZipInfo(f"{name}.npy")
                with archive.open(entry, "w", force_zip64=True) as member:
                    _write_array(member, array)


@options
class Npy(ArraysFormat):
    """A matrix alone; the tokens stand beside it.

    Args:
        nonfinite: Whether NaN and infinity are errors.
    """

    name: ClassVar[str] = "npy"
    suffixes: ClassVar[tuple[str, ...]] = (".npy",)

    def sniff(self, head: bytes, path: Path) -> bool:
        return containers.NumpyArray.sniff(head, path)

    def opened(self, source: Content, options: ReadOptions) -> containers.NumpyArray:
        """A plain file in C order is mapped copy-on-write; anything else is read."""
        arrays = containers.NumpyArray(options.content(source), source.name)
        if arrays[""].dtype.hasobject:
            arrays[""][...]
        return arrays

    def write(self, table: Table, file: IO[bytes]) -> None:
        raise FormatError(
            "save",
            expected="a format that holds tokens",
            got="npy, which holds one array",
            hint=".npz or .safetensors; or np.save(path, table.matrix) and the tokens yourself",
        )


def _write_array(file: IO[bytes], array: Any) -> None:
    """As `numpy.save` does, some rows at a time: they may be made only when they are asked for."""
    descr = np.lib.format.dtype_to_descr(array.dtype)
    facts = {"descr": descr, "fortran_order": False, "shape": tuple(array.shape)}
    np.lib.format.write_array_header_1_0(file, facts)
    for start in range(0, array.shape[0], WRITTEN_AT_ONCE):
        file.write(np.ascontiguousarray(array[start : start + WRITTEN_AT_ONCE]).tobytes())


def _stored_tokens(name: str, arrays: Mapping[str, LazyArray], rows: int) -> Tokens | None:
    """The tokens in the file, if there are any: ours, or any array of as many strings."""
    blob, offsets = arrays.get("tokens"), arrays.get("offsets")
    if blob is not None and offsets is not None and blob.dtype == np.uint8:
        if offsets.dtype.kind not in "iu":
            raise FormatError(name, expected="offsets as whole numbers", got=str(offsets.dtype))
        starts = offsets[...].astype(np.int64).reshape(-1)
        tokens = Tokens(blob[...].reshape(-1), starts, name=name)
        if tokens.offsets.size != rows + 1:
            raise FormatError(name, expected=f"{rows + 1} offsets", got=str(tokens.offsets.size))
        tokens.check()
        if not valid_utf8(tokens.blob, tokens.offsets):
            raise FormatError(name, expected="tokens in UTF-8", got="other bytes")
        return tokens
    strings = [a for a in arrays.values() if a.dtype.kind in "US" and a.shape == (rows,)]
    if len(strings) != 1:
        return None
    if strings[0].dtype.kind == "S":
        try:
            return Tokens.from_list([bytes(token).decode() for token in strings[0][...]])
        except UnicodeDecodeError as error:
            raise FormatError(name, expected="tokens in UTF-8", got=str(error)) from error
    try:
        return Tokens.from_list(strings[0][...].tolist())
    except (ValueError, SystemError) as error:  # numbers beyond those of characters
        raise FormatError(name, expected="tokens of Unicode", got=str(error)) from error


def _stored_counts(name: str, arrays: Mapping[str, LazyArray], rows: int) -> Array | None:
    """The counts that we wrote beside our own tokens."""
    counts = arrays.get("counts")
    if counts is None or "offsets" not in arrays:
        return None
    if counts.dtype.kind not in "iu" or counts.shape != (rows,):
        got = f"{counts.dtype} {counts.shape}"
        raise FormatError(name, expected=f"counts as {rows} whole numbers", got=got)
    return counts[...].astype(np.int64)
