"""An object of ours as a file of readable JSON, which says what it holds and in which version."""

import json
import os
from typing import Any

from inlay.bytes.content import open_content
from inlay.bytes.damage import damage_reported
from inlay.bytes.writing import atomic_path
from inlay.errors import FormatError, MissingFileError
from inlay.paths import path_to_read

VERSION = 1


def write_json(path: str | os.PathLike[str], form: str, content: dict[str, Any]) -> None:
    """Write a file, whole or not at all.

    Args:
        path: Where to.
        form: What it holds, the first line of the file.
        content: What stands behind the form and its version, in this order.
    """
    content = {"format": form, "version": VERSION} | content
    # As bytes: the same file on every system.
    data = json.dumps(content, ensure_ascii=False, indent=0).encode()
    with atomic_path(path) as part:
        part.write_bytes(data)


def read_json(
    path: str | os.PathLike[str], form: str, *, what: str, expected: str
) -> dict[str, Any]:
    """Read a file that `write_json` wrote; of what stands in it only the form has been looked at.

    Args:
        path: The file.
        form: What it holds.
        what: The same in words, if no file is there.
        expected: The same in words, if something else is in it.

    Returns:
        What stands behind the form and its version.

    Raises:
        FormatError: It is something else or damaged.
        MissingFileError: There is no such file.
    """
    where, file = str(path), path_to_read("path", path)
    if not file.is_file():
        got = "a folder" if file.is_dir() else "nothing there"
        raise MissingFileError(where, expected=what, got=got)
    with damage_reported(where, expected=expected, hint="save it again"):
        data = open_content(path, what=expected, choosable=False)
        if not data.head.lstrip().startswith(b"{"):  # before all of it is unpacked
            got = f"something that begins with {data.head[:20]!r}"
            raise FormatError(where, expected=expected, got=got)
        content: dict[str, Any] = json.loads(data.array().tobytes())
        mark = f"{content.pop('format')} version {content.pop('version')}"
        if mark != f"{form} version {VERSION}":
            raise FormatError(where, expected=f"{form} version {VERSION}", got=mark)
        return content
