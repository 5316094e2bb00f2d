"""A vocabulary as a file of readable JSON."""

import json
import os
from dataclasses import asdict, dataclass
from typing import Any

from inlay.bytes.content import open_content
from inlay.bytes.damage import damage_reported
from inlay.bytes.writing import atomic_path
from inlay.errors import FormatError, MissingFileError
from inlay.paths import path_to_read

FORMAT, VERSION = "inlay-vocabulary", 1
EXPECTED = "a vocabulary that inlay saved"


@dataclass(frozen=True)
class SavedVocabulary:
    """What stands in the file, in this order, behind the format and its version.

    Attributes:
        tokenizer: Its name, or None for one without.
        pad_id: Of padding, or None.
        unk_id: Of unknown tokens, or None.
        tokens: In the order of their ids.
        counts: How often each was seen, or None.
    """

    tokenizer: Any
    pad_id: Any
    unk_id: Any
    tokens: Any
    counts: Any


def write(saved: SavedVocabulary, path: str | os.PathLike[str]) -> None:
    """Write the file, whole or not at all."""
    content = {"format": FORMAT, "version": VERSION} | asdict(saved)
    # As bytes: the same file on every system.
    data = json.dumps(content, ensure_ascii=False, indent=0).encode()
    with atomic_path(path) as part:
        part.write_bytes(data)


def read(path: str | os.PathLike[str]) -> SavedVocabulary:
    """Read the file; of what stands in it only the format has been looked at.

    Raises:
        FormatError: It is something else or damaged.
        MissingFileError: There is no such file.
    """
    where, file = str(path), path_to_read("path", path)
    if not file.is_file():
        got = "a folder" if file.is_dir() else "nothing there"
        raise MissingFileError(where, expected="a vocabulary file", got=got)
    with damage_reported(where, expected=EXPECTED, hint="save it again"):
        data = open_content(path, what=EXPECTED, choosable=False)
        if not data.head.lstrip().startswith(b"{"):  # before all of it is unpacked
            got = f"something that begins with {data.head[:20]!r}"
            raise FormatError(where, expected=EXPECTED, got=got)
        content = json.loads(data.array().tobytes())
        mark = f"{content.pop('format')} version {content.pop('version')}"
        if mark != f"{FORMAT} version {VERSION}":
            raise FormatError(where, expected=f"{FORMAT} version {VERSION}", got=mark)
        return SavedVocabulary(**content)
