"""Writing a file of vectors, in one step."""

import os

from inlay.bytes.writing import atomic_path
from inlay.calls import refuses_unknown
from inlay.checks import warn
from inlay.core import Table
from inlay.core.storage import PACKED
from inlay.formats.arguments import FOREIGN, check_table, format_by_suffix, known_format
from inlay.formats.protocol import Format
from inlay.paths import path_to_read


@refuses_unknown(FOREIGN)
def save(
    table: Table,
    path: str | os.PathLike[str],
    *,
    format: str | Format | None = None,
) -> None:
    """Write a table, in one step: a killed process leaves the old file or the new one.

    Args:
        table: What to write. The text and word2vec formats hold float32; their decimals read
            back as exactly the same numbers. Only the native format holds everything; a
            table that composes leaves that behind in the others, except `"fasttext"`, with a
            warning.
        path: Its suffix says the format: `.safetensors`, `.npz`, `.bin` (fastText's model, of a
            table that is one, and else word2vec), `.vec` (fastText's text); with `.gz`, `.bz2`,
            `.xz` or `.zip` behind it, the file is packed.
        format: The format by name, or one of your own. Needed for `.txt`, which may be
            `"glove"` or `"word2vec"`, and for what `.bin` alone does not say: `"fasttext"` for
            a table without n-grams, or `"word2vec-binary"` for a table with them.

    Raises:
        ArgumentError: A suffix that says no format, or more than one.
        FormatError: A token that the format cannot hold; nothing has been written then.
        MissingFileError: No such folder.
    """
    from inlay.bytes.packing import PACKING, packed
    from inlay.formats.fasttext_writer import is_whole
    from inlay.formats.known import FORMATS, FastText, Native, Word2VecBinary

    check_table(table)
    path = path_to_read("path", path)
    packing = path.suffix.lower() if path.suffix.lower() in PACKING else ""
    inner = path.with_suffix("") if packing else path
    chosen = format_by_suffix(inner, FORMATS) if format is None else known_format(format, FORMATS)
    if format is None and isinstance(chosen, Word2VecBinary) and is_whole(table):
        chosen = FastText()
    if table.can_compose and not isinstance(chosen, Native | FastText):
        warn(
            f"the format {chosen.name!r} cannot hold what composes vectors of words that are not "
            "in the table. Try: a path in .safetensors, or the format 'fasttext', which can."
        )
    if table.stored_dtype in PACKED and not isinstance(chosen, Native):
        warn(
            f"the format {chosen.name!r} cannot hold {table.stored_dtype}: the numbers are rounded "
            "to it, and written as float32. Try: a path in .safetensors, which can."
        )
    with atomic_path(path) as part, packed(part, packing, inner.name) as file:
        chosen.write(table, file)
