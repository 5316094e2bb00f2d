"""spaCy's folders of vectors: a matrix, a map of hashes to its rows, and the strings beside it.

    vectors        an .npy
    key2row        msgpack: the 64-bit hash of a string -> a row; several may share one
    strings.json   the strings of the model, of which some have vectors
    vectors.cfg    JSON: "mode" is "default", or "floret", whose rows are those of n-grams

The file that stands for such a folder is `vectors`.

Source: spaCy 3, `spacy/vectors.pyx` and `spacy/strings.pyx`.
"""

from pathlib import Path
from typing import IO, Any, ClassVar

import numpy as np

from inlay.aliases import Array
from inlay.bytes.content import Content
from inlay.containers import numpy as containers
from inlay.containers.protocol import wrong
from inlay.core import Table, Tokens
from inlay.core.other_ngrams import FLORET
from inlay.errors import FormatError
from inlay.formats.beside import bytes_of, json_of
from inlay.formats.floret import table_of_floret
from inlay.formats.format_options import NumbersFormat, options
from inlay.formats.protocol import ReadOptions, refuse_write
from inlay.formats.rows import take
from inlay.formats.selection import packed_tokens, table_of

KEYS, STRINGS, SETTINGS = "key2row", "strings.json", "vectors.cfg"
SEED = 1


def is_spacy(path: Path) -> bool:
    """Whether this is the matrix in a folder of spaCy's."""
    return path.with_name(KEYS).is_file()


@options
class Spacy(NumbersFormat):
    """The vectors of a spaCy model: the folder `vocab` in it, or what `Vectors.to_disk` writes.

    Each string gets a row of its own, also where spaCy lets several share one. Strings that spaCy
    gives small numbers instead of hashes (its symbols, such as `NOUN`) and rows without
    a string are left out and counted in the provenance.

    Vectors of floret have no words of their own: such a table has no tokens, and composes the
    vector of any word. `table.align(words)` makes a table of rows of the words that you have.

    Args:
        nonfinite: Whether NaN and infinity are errors.
    """

    name: ClassVar[str] = "spacy"
    suffixes: ClassVar[tuple[str, ...]] = ()

    def sniff(self, head: bytes, path: Path) -> bool:
        return containers.NumpyArray.sniff(head, path) and is_spacy(path)

    def read(self, source: Content, options: ReadOptions) -> Table:
        """The matrix is mapped if each row has one string."""
        path = source.path
        if not is_spacy(path):
            expected = f"{KEYS} beside it, as in a folder of spaCy's"
            raise FormatError(source.name, expected=expected, got="no such file")
        settings = _settings(path.with_name(SETTINGS))
        entry = containers.NumpyArray(options.content(source), source.name)[""]
        if entry.ndim != 2 or entry.dtype.kind != "f" or not entry.shape[1]:
            got = f"{entry.dtype} of shape {entry.shape}"
            raise wrong(source.name, "a matrix of floating-point numbers", got)
        matrix = np.ascontiguousarray(entry[...], entry.dtype.newbyteorder("="))
        if settings.get("mode") == FLORET:
            return table_of_floret(source, self, matrix, settings, SETTINGS)
        keys, rows = _keys(path.with_name(KEYS), len(matrix))
        tokens, rows, unnamed = _named(path, keys, rows)

        def some(chosen: slice | Array) -> Array:
            wanted = rows[chosen]
            in_order = np.array_equal(wanted, np.arange(wanted.size))
            found: Array = matrix[: wanted.size] if in_order else matrix[wanted]
            return found

        return table_of(
            source,
            options,
            self,
            tokens,
            some,
            keys_without_a_string=unnamed,
            rows_without_a_key=len(matrix) - np.unique(rows).size,
        )

    def write(self, table: Table, file: IO[bytes]) -> None:
        raise refuse_write(self.name)


def _keys(path: Path, n: int) -> tuple[Array, Array]:
    """The hashes, and the rows of each."""
    from inlay.kernels.spacy import scan_numbers

    data = bytes_of(path)
    kind = int(data[0]) if data.size else 0
    width = {0xDE: 2, 0xDF: 4}.get(kind, 0)
    size = int.from_bytes(data[1 : 1 + width].tobytes(), "big") if width else kind & 0x0F
    if not width and not 0x80 <= kind <= 0x8F:
        raise wrong(path.name, "a map of hashes to rows, in msgpack", f"a first byte {kind:#04x}")
    if 2 * size > data.size:
        raise wrong(path.name, f"{size} hashes and rows", f"{data.size} bytes")
    numbers = np.empty(2 * size, np.uint64)
    found, end = scan_numbers(data, 1 + width, numbers)
    if found < 2 * size or end != data.size:
        raise wrong(path.name, f"{size} hashes and rows, and no more", f"{found} numbers")
    keys, rows = numbers[::2], numbers[1::2]
    outside = rows >= n
    if outside.any():
        raise wrong(path.name, f"rows below {n}", str(rows[outside][0]))
    return keys, rows.astype(np.int64)


def _named(path: Path, keys: Array, rows: Array) -> tuple[Tokens, Array, int]:
    """The strings of the keys in the order of their rows, those rows, and how many have none."""
    from inlay.kernels.spacy import murmur_hashes

    strings = _strings(path)
    hashes = np.empty(len(strings), np.uint64)
    murmur_hashes(strings.blob, strings.offsets, np.uint64(SEED), hashes)
    order = np.argsort(hashes, kind="stable")
    at = np.searchsorted(hashes, keys, sorter=order)
    found = order[np.minimum(at, max(len(strings) - 1, 0))] if len(strings) else at
    known = np.flatnonzero(hashes[found] == keys) if len(strings) else at[:0]
    known = known[np.argsort(rows[known], kind="stable")]
    return take(strings, found[known]), rows[known], keys.size - known.size


def _strings(path: Path) -> Tokens:
    """The strings of the model, from the file beside the vectors or one folder above."""
    beside = [path.with_name(STRINGS), path.parent.parent / STRINGS]
    file = next((file for file in beside if file.is_file()), None)
    if file is None:
        raise FormatError(
            path.name,
            expected=f"{STRINGS} beside it: hashes alone are no words",
            got="no such file",
            hint=f"the folder vocab of the model, with its {STRINGS}",
        )
    found = json_of(file)
    if not isinstance(found, list) or not all(isinstance(string, str) for string in found):
        raise wrong(STRINGS, "a list of strings", f"a {type(found).__name__} of something else")
    return packed_tokens(found, STRINGS)


def _settings(path: Path) -> dict[str, Any]:
    found = json_of(path) if path.is_file() else {}
    mode = found.get("mode", "default") if isinstance(found, dict) else None
    if mode not in ("default", FLORET):
        raise FormatError(
            path.name,
            expected=f"vectors of the mode 'default' or {FLORET!r}",
            got=f"the mode {mode!r:.40}",
            hint="table = Table(words, np.array([nlp.vocab.get_vector(word) for word in words]))",
        )
    return dict(found)
