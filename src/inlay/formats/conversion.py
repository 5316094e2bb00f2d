"""What a file that was made of another says of it."""

from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

from inlay.core import Table
from inlay.formats.native import Native
from inlay.formats.protocol import Format

AT_ONCE = 1 << 20  # bytes


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
