"""Which format a file is of, by its content; and what to say if it is of none."""

from collections.abc import Sequence
from pathlib import Path

from inlay.bytes.content import Content
from inlay.errors import FormatError
from inlay.formats.protocol import Format
from inlay.formats.strangers import describe


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
    got, hint = describe(source.head, source.inner)
    known = ", ".join(format.name for format in formats)
    raise FormatError(source.name, expected=f"a file of vectors ({known})", got=got, hint=hint)
