"""A folder of ours that holds an encoder: `encoder.json`, which says its kind, and its files.

    {"format": "inlay encoder", "version": 1, "kind": "static", ...}

What else stands there is the kind's own. Nothing in such a folder is ever executed.
"""

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from inlay.bytes.damage import damage_reported
from inlay.bytes.writing import atomic_folder
from inlay.errors import ArgumentError, FormatError
from inlay.paths import folder_to_write

FILE, FORMAT, VERSION = "encoder.json", "inlay encoder", 1
LARGEST = 1 << 24  # bytes of a file of settings


@contextmanager
def written_folder(
    folder: str | os.PathLike[str], kind: str, content: dict[str, Any]
) -> Iterator[Path]:
    """Give a temporary folder to write an encoder's files into; on success it becomes `folder`.

    An older encoder of ours there is replaced as a whole.

    Args:
        folder: Where to.
        kind: The kind's name.
        content: What `encoder.json` says besides: JSON values.

    Raises:
        MissingFileError: There is no folder around it.
        ArgumentError: It is a file, or a folder with something else in it.
    """
    target = folder_to_write(folder)
    if target.is_dir() and os.listdir(target) and not (target / FILE).is_file():
        names = ", ".join(sorted(os.listdir(target))[:5])
        raise ArgumentError(
            str(folder),
            expected="a new folder, or a saved encoder",
            got=f"{names}, so it stays as it is",
            hint="another name",
        )
    content = {"format": FORMAT, "version": VERSION, "kind": kind} | content
    text = json.dumps(content, ensure_ascii=False, indent=1)
    with atomic_folder(target) as part:
        yield part
        (part / FILE).write_bytes(text.encode())


def kind_in(path: Path) -> str | None:
    """The kind of the encoder of ours that a folder holds; None: it holds none of ours."""
    file = path / FILE
    if not file.is_file() or file.stat().st_size > LARGEST:
        return None
    try:
        content = json.loads(file.read_bytes())
        return str(content["kind"]) if content["format"] == FORMAT else None
    except (ValueError, TypeError, KeyError, RecursionError):
        return None


def read_folder(path: Path, kind: str) -> dict[str, Any]:
    """What `encoder.json` says besides its format, version and kind.

    Raises:
        FormatError: It is damaged, or of another version or kind.
    """
    file = path / FILE
    expected = f"an encoder of the kind {kind}, saved by inlay"
    with damage_reported(str(file), expected=expected, hint="save it again"):
        content: dict[str, Any] = {**json.loads(file.read_bytes())}
        mark = content.pop("format"), content.pop("version"), content.pop("kind")
        if mark != (FORMAT, VERSION, kind):
            got = f"{mark[0]} of version {mark[1]}, kind {mark[2]}"
            raise FormatError(str(file), expected=expected, got=got)
        return content
