"""Every file of vectors, in and out: one file here for each format, in one explicit tuple."""

import bz2
import contextlib
import gzip
import lzma
import os
import zipfile
from collections.abc import Container, Iterator
from pathlib import Path
from typing import IO, Any, Literal

from inlay.bytes.content import Content, open_content
from inlay.bytes.writing import atomic_path
from inlay.core import Table
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.formats.glove import Glove
from inlay.formats.native import Native
from inlay.formats.numpy_files import Npy, Npz
from inlay.formats.protocol import Format, Names, ReadOptions
from inlay.formats.recognise import recognise
from inlay.formats.rows import ERRORS
from inlay.formats.word2vec import FastTextVec, Word2VecText
from inlay.formats.word2vec_binary import Word2VecBinary

__all__ = ["FORMATS", "Content", "Format", "ReadOptions", "load", "save"]

FORMATS: tuple[Format, ...] = (
    Native(),
    Npz(),
    Npy(),
    Word2VecBinary(),
    Word2VecText(),
    FastTextVec(),
    Glove(),
)
PACKING = (".gz", ".bz2", ".xz", ".zip")


def load(
    path: str | os.PathLike[str],
    *,
    format: str | Format | None = None,
    limit: int | None = None,
    keep: Container[str] | None = None,
    errors: str = "strict",
    header: Literal["check", "ignore"] = "check",
    nonfinite: Literal["error", "keep"] = "error",
    member: str | None = None,
    dim: int | None = None,
    vocabulary: Names | None = None,
    verify: bool = False,
) -> Table:
    r"""Read a table of vectors from any file we know.

    The format is recognised by the content, never by the name, also inside `.gz`, `.bz2`,
    `.xz`, `.zip` and `.tar.gz`. No value is changed: text and binary give float32, an `.npz`
    keeps its dtype, nothing is normalised. Of equal tokens the first is kept; how many others
    there were stands in `table.provenance["duplicates"]`.

    Args:
        path: The file.
        format: A name of `inlay.formats.FORMATS`, or a `Format` of your own, where the content
            does not decide.
        limit: Read so many rows, from the first.
        keep: Keep only the rows of these tokens, in the file's order: a set, a list, a
            `Vocabulary` or a `Table`. Only these are ever in memory, except from an `.npz` or
            a packed native file, which are unpacked whole first. A fallback of `align` finds
            only what was kept: add the lower-cased tokens too.
        errors: What to do with tokens that are not UTF-8: `"strict"` raises; `"replace"`,
            `"ignore"` and `"backslashreplace"` are Python's, and counted in the provenance.
        header: `"ignore"` takes the rows there are, whatever the first line says.
        nonfinite: Whether NaN and infinity (also `1e39`, beyond float32) are errors. A native
            file is taken as it is: a look at every number would read all of it.
        member: Which file of an archive that holds several.
        dim: Numbers in a row of text without a header, if the first hundred lines mislead.
        vocabulary: For a matrix without tokens (`.npy`, many `.npz`): a text or JSON file of
            them, a list, or a mapping of tokens to rows.
        verify: Compare the digests in a native file; reads all of it.

    Returns:
        The table. A native file and a plain `.npy` are mapped, so that nothing is read before
        it is used; other formats allocate the matrix that is kept, and a few windows of 16 MiB.

    Raises:
        FormatError: The file is damaged, of no format that we know, or of several; with the
            line or word, what was expected, what came, and what to try.
        MissingFileError: There is no such file.
        ArgumentError: No format of this name; a `limit`, `dim` or policy that cannot be.
        ArgumentTypeError: A `limit` or `dim` that is no whole number, a `keep` that is one string.

    Example:
        >>> from pathlib import Path; from tempfile import mkdtemp
        >>> path = Path(mkdtemp(), "tiny.txt")
        >>> _ = path.write_text("good 1 0\nfilm 0.5 1e-3\ngood 7 7\n")
        >>> table = load(path)
        >>> table["film"], table.provenance["format"], table.provenance["duplicates"]
        (array([0.5  , 0.001], dtype=float32), 'glove', 1)
    """
    _check_choice("header", header, ("check", "ignore"))
    _check_choice("nonfinite", nonfinite, ("error", "keep"))
    _check_choice("errors", errors, ERRORS)
    limit, dim = _whole("limit", limit, 0), _whole("dim", dim, 1)
    source = open_content(path, member)
    chosen = recognise(source, FORMATS) if format is None else _named(format)
    options = ReadOptions(
        limit=limit,
        keep=keep,
        errors=errors,
        header=header,
        nonfinite=nonfinite,
        dim=dim,
        vocabulary=vocabulary,
        verify=verify,
    )
    return chosen.read(source, options)


def save(table: Table, path: str | os.PathLike[str], *, format: str | Format | None = None) -> None:
    """Write a table, in one step: a killed process leaves the old file or the new one.

    Args:
        table: What to write. The text and word2vec formats hold float32; their decimals read
            back as exactly the same numbers. Only the native format holds everything.
        path: Its suffix says the format: `.safetensors`, `.npz`, `.bin` (word2vec), `.vec`
            (fastText); with `.gz`, `.bz2`, `.xz` or `.zip` behind it, the file is packed.
        format: The format by name, or one of your own. Needed for `.txt`, which may be
            `"glove"` or `"word2vec"`.

    Raises:
        ArgumentError: A suffix that says no format, or more than one.
        FormatError: A token that the format cannot hold; nothing has been written then.
        MissingFileError: No such folder.
    """
    path = Path(path)
    packing = path.suffix.lower() if path.suffix.lower() in PACKING else ""
    inner = path.with_suffix("") if packing else path
    chosen = _by_suffix(inner) if format is None else _named(format)
    with atomic_path(path) as part, _packed(part, packing, inner.name) as file:
        chosen.write(table, file)


def _named(format: str | Format) -> Format:
    if isinstance(format, str):
        for known in FORMATS:
            if known.name == format:
                return known
        names = ", ".join(known.name for known in FORMATS)
        raise ArgumentError("format", expected=f"one of {names}, or a Format", got=repr(format))
    if not isinstance(format, Format):
        raise ArgumentTypeError(
            "format",
            expected="a name, or an object with name, suffixes, sniff, read and write",
            got=type(format).__name__,
        )
    return format


def _by_suffix(path: Path) -> Format:
    fitting = [format for format in FORMATS if path.suffix.lower() in format.suffixes]
    if len(fitting) == 1:
        return fitting[0]
    names = [format.name for format in fitting or FORMATS]
    raise ArgumentError(
        f"save to {path.name}",
        expected="a suffix that says the format (.safetensors, .npz, .bin, .vec)",
        got=f"{path.suffix or 'none'}{', which may be any of these' if fitting else ''}",
        hint=" or ".join(f"format={name!r}" for name in names),
    )


@contextlib.contextmanager
def _packed(path: Path, packing: str, member: str) -> Iterator[IO[bytes]]:
    """A file to write to, compressed if asked; gzip without a time, so equal tables are equal."""
    with contextlib.ExitStack() as stack:
        file: Any = stack.enter_context(path.open("wb"))
        if packing == ".gz":
            file = stack.enter_context(gzip.GzipFile("", "wb", 6, file, mtime=0))
        elif packing == ".bz2":
            file = stack.enter_context(bz2.open(file, "wb"))
        elif packing == ".xz":
            file = stack.enter_context(lzma.open(file, "wb"))
        elif packing == ".zip":
            archive = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED)
            file = stack.enter_context(archive).open(member, "w", force_zip64=True)
            stack.enter_context(file)
        yield file


def _whole(name: str, value: int | None, least: int) -> int | None:
    """A number that is whole, also numpy's, and not too small."""
    if value is None:
        return None
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        got = f"{type(value).__name__} {value!r:.40}"
        raise ArgumentTypeError(name, expected="a whole number", got=got)
    if value < least:
        raise ArgumentError(name, expected=f"{least} or more", got=str(value))
    return int(value)


def _check_choice(name: str, value: str, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise ArgumentError(name, expected=" or ".join(map(repr, choices)), got=repr(value))
