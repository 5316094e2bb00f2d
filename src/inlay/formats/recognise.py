"""Which format a file is of, by its content; and what to say if it is of none."""

from collections.abc import Sequence
from pathlib import Path

from inlay.bytes.content import Content
from inlay.errors import FormatError
from inlay.formats.protocol import Format

# What people have at hand that is no table of vectors we read, and the way on.
STRANGERS: tuple[tuple[bytes, str, str], ...] = (
    (
        b"\x80",
        "a Python pickle, which may run any program and is never opened",
        "gensim's "
        "KeyedVectors.load(...).save_word2vec_format(path, binary=True), or Table(tokens, matrix)",
    ),
    (b"\x89HDF\r\n", "an HDF5 file (Keras weights?)", "h5py and Table(tokens, matrix)"),
    (b"\xba\x16\x4f\x2f", "a fastText model", "the .vec file beside it"),
    (b"FiFu", "a finalfusion file", "finalfusion convert -t word2vec"),
    (b"SQLite format 3\0", "a Magnitude file", "the vectors that it was made from"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive", "zstd -d first"),
    (b"version https://git-lfs", "a pointer of Git LFS, not the file", "git lfs pull"),
    (b"\xff\xfe", "text in UTF-16", "iconv -f UTF-16 -t UTF-8"),
    (b"\xfe\xff", "text in UTF-16", "iconv -f UTF-16 -t UTF-8"),
)


def recognise(source: Content, formats: Sequence[Format]) -> Format:
    """The one format that fits.

    Raises:
        FormatError: None fits, or several do: it is never guessed.
    """
    if not source.head.strip():
        hint = "download it again"
        raise FormatError(source.name, expected="a file of vectors", got="an empty file", hint=hint)
    fitting = [format for format in formats if format.sniff(source.head, Path(source.inner))]
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        names = [format.name for format in fitting]
        raise FormatError(
            source.name,
            expected="a file that only one format fits",
            got=f"one that fits {' and '.join(names)}",
            hint=f"format={names[0]!r}, or whichever it is",
        )
    got, hint = _stranger(source.head)
    known = ", ".join(format.name for format in formats)
    raise FormatError(source.name, expected=f"a file of vectors ({known})", got=got, hint=hint)


def is_html(head: bytes) -> bool:
    """Whether this is a web page, whatever its name says."""
    start = head[:256].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    return start.startswith((b"<!doctype", b"<html", b"<head", b"<?xml"))


def _stranger(head: bytes) -> tuple[str, str]:
    if is_html(head):
        return "an HTML page", "download it again: the address gave a web page, not the file"
    for magic, what, way in STRANGERS:
        if head.startswith(magic):
            return what, way
    first = head.split(b"\n", 1)[0][:60].decode(errors="replace")
    return f"something that begins with {first!r}", "format=, if you know what it is"
