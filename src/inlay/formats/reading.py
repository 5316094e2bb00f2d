"""Reading a file of vectors: which format it is in, and what the user asked of it."""

import contextlib
import os
from collections.abc import Container
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from inlay.bytes.content import DOWNLOAD, Content, open_content
from inlay.bytes.damage import damage_reported
from inlay.calls import Elsewhere, refuses_unknown
from inlay.checks import flag, text_or_none, whole_or_none
from inlay.core import Table
from inlay.core.storage import stored_type
from inlay.formats.arguments import FOREIGN, check_effect, known_format, options_of
from inlay.formats.places import entry_file
from inlay.formats.protocol import Format, ReadOptions
from inlay.sources.asked import asked_for, near_told

if TYPE_CHECKING:
    from inlay.formats.arrays import ArraysFormat, FoundArray
    from inlay.formats.names import Named, Names
    from inlay.sources import Source


def formats() -> tuple[Format, ...]:
    """All that we know, imported only now."""
    from inlay.formats.known import FORMATS

    return FORMATS


def checked_tokens(tokens: Any) -> Any:
    """What the user gave as the tokens of a matrix, looked at; see `names.checked_names`."""
    if tokens is None:
        return None
    from inlay.formats.names import checked_names

    return checked_names("tokens", tokens)


def _elsewhere() -> Elsewhere:
    return {**options_of(formats()), **FOREIGN}


@refuses_unknown(_elsewhere)
def load(
    path: "str | os.PathLike[str] | Source",
    *,
    format: str | Format | None = None,
    limit: int | None = None,
    keep: Container[str] | None = None,
    name: str | None = None,
    tokens: "Names | None" = None,
    dtype: Any = None,
    member: str | None = None,
    verify: bool = False,
    mmap: bool = True,
) -> Table:
    r"""Read a table of vectors from any file we know, also out of a model's checkpoint.

    The format is recognised by the content, never by the name, also inside `.gz`, `.bz2`,
    `.xz`, `.zip` and `.tar.gz`. No value is changed: text and binary give float32, arrays
    keep their dtype, nothing is normalised. Of equal tokens the first is kept; how many others
    there were stands in `table.provenance["duplicates"]`.

    A native file, a plain `.npy` and a model of fastText are mapped: a process that shortens such
    a file in place ends every process that has it mapped, without an exception (on Unix by
    SIGBUS). What inlay saves replaces a file in one step and does no harm; where others may
    write, `mmap=False`.

    Args:
        path: The file; of a model that is a folder, such as a SavedModel, the folder; of a
            TensorFlow checkpoint, what the names of its files have in common. Or a name of the
            catalogue, such as `"glove.6B.100d"`, or a `Source` of your own: what
            `inlay.sources.fetch` downloads once. All rows of it are converted once, and mapped
            from then on. Or a name of the Hugging Face Hub: `"hf://OWNER/REPO"` for the input
            embedding of a model, `"hf://OWNER/REPO@REVISION/FILE"` for a file. A file of that
            name goes before.
        format: The format, where the content does not decide or something is to be said about
            it: a name (`"glove"`), one of `inlay.formats` with its options
            (`Glove(dim=300)`, `Word2VecText(header="ignore")`), or a `Format` of your own.
        limit: Read so many rows, from the first.
        keep: Keep only the rows of these tokens, in the file's order: a set, a list, a
            `Vocabulary` or a `Table`. Only these are ever in memory, except from an `.npz` or
            a packed native file, which are unpacked whole first. In text, behind the first 4 MiB,
            the lines of other tokens are counted, and not parsed or checked. A fallback of
            `align` finds only what was kept: add the lower-cased tokens too. A table that
            composes makes the vectors of words that were left out of their parts alone.
        name: Which array of a file that holds several, as a checkpoint does: its whole name, or
            the end of it (`"embedding/W"`). None: the only one that can be an embedding; if
            there are several, the error lists them.
        tokens: What the rows of a bare matrix belong to. A file: a token on each line, TSV, JSON
            (a list, token -> row, row -> token, a Keras word index), Hugging Face's
            `tokenizer.json`, a model of SentencePiece, a saved `Vocabulary`. Or a list, a mapping
            of tokens to rows, a `Vocabulary`, or the vocabulary of torchtext, Keras, Hugging Face
            or scikit-learn. None: what the file says itself, else the one list beside it. Rows
            without a token are left out only where ids say so, with a warning; a list that seems
            to be shifted against its rows is warned of.
        dtype: Store the vectors as `"float16"`, `"float32"`, `"float64"`, `"bfloat16"` or
            `"int8"`, as `table.astype` does. None: as they are in the file.
        member: Which file of an archive that holds several.
        verify: Compare the digests in a native file; reads all of it. An error for formats that
            have none.
        mmap: Whether a file may be mapped. `False` reads it into memory, and takes as much.

    Returns:
        The table. A native file and a plain `.npy` are mapped, so that nothing is read before
        it is used; of a model of fastText, nothing but its words. Other formats allocate the
        matrix that is kept, and a few windows of 16 MiB.

    Raises:
        FormatError: The file is damaged, of no format that we know, or of several, or it looks
            like a list or matrix rather than a table; with the line or word, what was expected,
            what came, and what to try.
        MissingFileError: There is no such file.
        ArgumentError: No format of this name; a `limit` that cannot be; `verify` without digests.
        ArgumentTypeError: A `limit` that is no whole number, a `keep` that is one string.
        DownloadError: What the catalogue has cannot be downloaded.

    Examples:
        >>> from pathlib import Path; from tempfile import mkdtemp
        >>> path = Path(mkdtemp(), "tiny.txt")
        >>> _ = path.write_text("good 1 0\nfilm 0.5 1e-3\ngood 7 7\n")
        >>> table = load(path)
        >>> table["film"], table.provenance["format"], table.provenance["duplicates"]
        (array([0.5  , 0.001], dtype=float32), 'glove', 1)
        >>> load(path, format="glove", limit=1).tokens[0]
        'good'
    """
    options = ReadOptions(
        limit=whole_or_none("limit", limit, least=0),
        keep=keep,
        name=text_or_none("name", name),
        tokens=checked_tokens(tokens),
        verify=flag("verify", verify),
        mmap=flag("mmap", mmap),
    )
    wanted = None if dtype is None else stored_type("dtype", dtype)
    if (source := asked_for(path, "vectors")) is not None:
        from inlay.formats.fetched import load_fetched

        rows = {"limit": limit, "keep": keep, "verify": verify, "mmap": mmap, "dtype": dtype}
        given = {"format": format, "member": member, "name": name, "tokens": tokens}
        return load_fetched(source, load, read_spooled, rows | given)
    table, _ = read(cast("str | os.PathLike[str]", path), format, member, options)
    return table if wanted is None else table.astype(wanted)


def read(
    path: str | os.PathLike[str],
    format: str | Format | None,
    member: str | None,
    options: ReadOptions,
) -> tuple[Table, Format]:
    """The table in a file, and the format that it is in."""
    chosen = None if format is None else known_format(format, formats())
    with near_told(path, DOWNLOAD):
        content = open_content(entry_file(path), text_or_none("member", member))
    if chosen is None:
        chosen, content = _recognised(content)
    else:
        from inlay.formats.recognise import check_other

        check_other(content, chosen, formats())
    # What a reader of the user's own raises is the user's business.
    ours = type(chosen).__module__.startswith("inlay.formats.")
    if ours:
        check_effect(content.name, chosen, options)
    with damage_reported(content.name) if ours else contextlib.nullcontext():
        return chosen.read(content, options), chosen


def read_spooled(path: Path, member: str | None, folder: Path) -> Table:
    """The table in a file, on its way into another: its rows may wait in a folder."""
    return read(path, None, member, ReadOptions(spool=folder))[0]


def _recognised(content: Content) -> tuple[Format, Content]:
    """The format of a file, and the content with what was read of it to tell."""
    from inlay.formats.native import Native

    # No other file begins like a native one, which is to open in no time.
    native = Native()
    if native.sniff(content.head, content.path):
        return native, content
    from inlay.formats.recognise import find_format

    return find_format(content, formats())


def format_of(
    path: str | os.PathLike[str],
    *,
    format: str | Format | None = None,
    member: str | None = None,
) -> Format:
    """The format that `load` would read a file as, with no options set.

    Args:
        path: The file.
        format: What `load` is told, if anything.
        member: Which file of an archive that holds several.

    Raises:
        FormatError: The file is of no format that we know, or of several.
        MissingFileError: There is no such file.
        ArgumentError: No format of this name.
    """
    content = open_content(entry_file(path), member)
    return known_format(format, formats()) if format else _recognised(content)[0]


def list_arrays(
    path: str | os.PathLike[str], *, format: str | Format | None = None, member: str | None = None
) -> "list[FoundArray]":
    """The arrays of a file that holds several, any of which `load(path, name=...)` may be asked.

    Args:
        path: The file, or the folder of a model.
        format: What `load` is told, if anything.
        member: Which file of an archive that holds several.

    Returns:
        Name, shape and dtype: first of those that may be an embedding, the largest vocabulary
        first, then of the others. Nothing for a format that holds one table. No number is read.

    Raises:
        FormatError: The file is damaged, or of no format that we know.
        MissingFileError: There is no such file.
    """
    content, chosen = _of_arrays(path, format, member)
    if chosen is None:
        return []
    with damage_reported(content.name):
        return chosen.list_arrays(content)


def find_table(
    path: str | os.PathLike[str], *, format: str | Format | None = None, member: str | None = None
) -> "tuple[FoundArray, Named] | None":
    """What `load(path)` would give of a file that holds several arrays, without reading it.

    Args:
        path: See `list_arrays`.
        format: See `list_arrays`.
        member: See `list_arrays`.

    Returns:
        The array, and its tokens with the file that they are from; None for a format that holds
        one table.

    Raises:
        InlayError: As `load`, if the file alone does not say which array or which tokens.
    """
    content, chosen = _of_arrays(path, format, member)
    if chosen is None:
        return None
    with damage_reported(content.name):
        return chosen.find_table(content)


def _of_arrays(
    path: str | os.PathLike[str], format: str | Format | None, member: str | None
) -> "tuple[Content, ArraysFormat | None]":
    """A file, and its format, if that is one of several arrays."""
    from inlay.formats.arrays import ArraysFormat

    content = open_content(entry_file(path), member)
    chosen = known_format(format, formats()) if format else _recognised(content)[0]
    return content, chosen if isinstance(chosen, ArraysFormat) else None
