"""A vocabulary as a file of readable JSON."""

import os
from dataclasses import asdict, dataclass
from typing import Any

from inlay.bytes.damage import damage_reported
from inlay.core.json_file import read_json, write_json

FORMAT = "inlay-vocabulary"
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
    write_json(path, FORMAT, asdict(saved))


def read(path: str | os.PathLike[str]) -> SavedVocabulary:
    """Read the file; of what stands in it only the format has been looked at.

    Raises:
        FormatError: It is something else or damaged.
        MissingFileError: There is no such file.
    """
    content = read_json(path, FORMAT, what="a vocabulary file", expected=EXPECTED)
    with damage_reported(str(path), expected=EXPECTED, hint="save it again"):
        return SavedVocabulary(**content)
