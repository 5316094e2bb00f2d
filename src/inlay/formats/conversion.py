"""One file of vectors made of another, and what it says of that."""

import os
from collections.abc import Container
from dataclasses import fields, is_dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from inlay.checks import text_or_none, whole_or_none
from inlay.core import Table
from inlay.core.storage import stored_type
from inlay.formats.native import Native
from inlay.formats.protocol import Format, ReadOptions
from inlay.formats.reading import checked_tokens, load, read, read_spooled
from inlay.formats.spool import Spool
from inlay.formats.writing import save
from inlay.paths import file_to_write, path_to_read
from inlay.sources.asked import asked_for

if TYPE_CHECKING:
    from inlay.formats.names import Names
    from inlay.sources import Source

AT_ONCE = 1 << 20  # bytes


def convert(
    path: "str | os.PathLike[str] | Source",
    target: str | os.PathLike[str],
    *,
    format: str | Format | None = None,
    target_format: str | Format | None = None,
    limit: int | None = None,
    keep: Container[str] | None = None,
    name: str | None = None,
    tokens: "Names | None" = None,
    dtype: Any = None,
    member: str | None = None,
) -> Table:
    """Read a file of vectors and write another, as `load` and `save` do.

    Rows of text and of word2vec's binary format wait in a temporary file beside `target`, in
    float32, so that in memory there are only the tokens and a few windows of 16 MiB. With `dtype`
    the rows in that type wait in another one.

    The result's provenance has what the file said of itself, the file's SHA-256, for which it is
    read once more, and the options that it was read with; of a native or an `.npz` file the
    provenance in it, as `converted_from`. Text, word2vec and fastText files cannot hold one.

    Args:
        path: As for `load`, which says what the other arguments do.
        target: As for `save`.
        format: Of the file that is read.
        target_format: Of the one that is written.
        limit: See `load`.
        keep: See `load`.
        name: See `load`.
        tokens: See `load`.
        dtype: See `load`.
        member: See `load`.

    Returns:
        The table that was written; while it is there, the temporary files are.

    Raises:
        InlayError: As `load` and `save`.
    """
    wanted, facts = None if dtype is None else stored_type("dtype", dtype), dict[str, Any]()
    if (source := asked_for(path, "vectors")) is not None:
        from inlay.formats.fetched import native_of

        path, facts = native_of(source, load, read_spooled)
        member = member or (source.member if source.on_hub else None)
    path = path_to_read("path", cast("str | os.PathLike[str]", path))
    folder = file_to_write(target).parent
    options = ReadOptions(
        limit=whole_or_none("limit", limit, least=0),
        keep=keep,
        name=text_or_none("name", name),
        tokens=checked_tokens(tokens),
        spool=folder,
    )
    table, read_as = read(path, format, member, options)
    told = {"limit": limit, "name": name, "dtype": wanted, "member": member}
    if keep is not None:
        told["keep"] = f"{len(table)} tokens"
    table = made_of(table, path, read_as, told)
    table = table._with(table._rows, facts)
    table = table if wanted is None else table._stored(wanted, partial(Spool, folder))
    save(table, target, format=target_format)
    return table


def made_of(table: Table, path: Path, format: Format, options: dict[str, Any]) -> Table:
    """The same table, whose provenance has the digest of the file that it was read from.

    What a native file says of its own origin is kept inside, as `converted_from`.

    Args:
        table: What was read.
        path: The file; of a folder there is no digest.
        format: It was read as this.
        options: What else the reader was told, as JSON values.
    """
    facts: dict[str, Any] = {}
    if path.is_file():
        facts["sha256"] = sha256_of(path)
    said = {name: value for name, value in options.items() if value is not None} | _told(format)
    if said:
        facts["options"] = said
    made = table.provenance
    if isinstance(format, Native):
        kept = {"converted_from": made} if made else {}
        made = {"source": path.name, "format": format.name, **kept}
    return table._replaced(provenance={**made, **facts})


def sha256_of(path: Path) -> str:
    """The digest of a file, which is read once: about a second for a gigabyte."""
    import hashlib

    found = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(AT_ONCE):
            found.update(piece)
    return found.hexdigest()


def _told(format: Any) -> dict[str, Any]:
    """What a format was told that it would not do by itself."""
    if not is_dataclass(format):
        return {}
    usual: Any = type(format)()  # type: ignore[misc]
    listed = {field.name: getattr(format, field.name) for field in fields(format)}
    return {
        name: value if isinstance(value, str | int | float | bool) else str(value)
        for name, value in listed.items()
        if value != getattr(usual, name)
    }
