"""Which format a file is of, by its content; and what to say if it is of none, or of another."""

from collections.abc import Sequence
from pathlib import Path

from inlay.bytes.content import HEAD, Content
from inlay.bytes.damage import damage_reported
from inlay.errors import FormatError
from inlay.formats.protocol import Format
from inlay.formats.strangers import describe, has_signature

LONGER = 1 << 21  # bytes: a token of word2vec's binary format has a megabyte at most


def find_format(source: Content, formats: Sequence[Format]) -> tuple[Format, Content]:
    """The one format that fits, and the content with as many first bytes as it took to tell.

    Raises:
        FormatError: None fits, or several do: it is never guessed.
    """
    if not source.head.strip():
        hint = "download it again"
        raise FormatError(source.name, expected="a file of vectors", got="an empty file", hint=hint)
    fitting = _fitting(source, formats)
    if len(fitting) != 1 and len(source.head) == HEAD:  # the first token alone may be longer
        with source.open() as file, damage_reported(source.name):
            source = source._replace(head=file.read(LONGER))
        fitting = _fitting(source, formats)
    if len(fitting) == 1:
        return fitting[0], source
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


def check_other(source: Content, chosen: Format, formats: Sequence[Format]) -> None:
    """Refuse what is clearly of another format than the one that the user says it is of.

    Raises:
        FormatError: Its first bytes are the signature of another one, or of something else.
    """
    ours = [format for format in formats if type(format) is type(chosen)]
    if not ours or not source.head or chosen.sniff(source.head, _place(source)):
        return
    others = [format.name for format in _fitting(source, formats)]
    if has_signature(source.head) or any(name in SIGNED for name in others):
        got, hint = describe(source.head, source.inner)
        if others:
            got, hint = f"one of the format {others[0]!r}", "leave format= out"
    elif others and chosen.name in SIGNED:
        got, hint = f"one of the format {' or '.join(map(repr, others))}", "leave format= out"
    else:
        return
    raise FormatError(
        source.name, expected=f"a file of the format {chosen.name!r}", got=got, hint=hint
    )


def _fitting(source: Content, formats: Sequence[Format]) -> list[Format]:
    fitting = [format for format in formats if format.sniff(source.head, _place(source))]
    for special in (FOLDERS, SIGNED):
        found = [format for format in fitting if format.name in special]
        if len(found) == 1:
            return found
    return fitting


def _place(source: Content) -> Path:
    """The file, beside which there may be others that belong to it; of a packed one its name."""
    return Path(source.inner) if source.packed else source.path


# Formats that know a file by what is beside it: they fit better than those that see it alone.
FOLDERS = ("model2vec", "spacy")
# Formats whose files begin like no other.
SIGNED = (
    "csv",
    "native",
    "npz",
    "npy",
    "parquet",
    "fasttext",
    "finalfusion",
    "gensim",
    "keras",
    "magnitude",
    "r",
    "word2vec-json",
)
