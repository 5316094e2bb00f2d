"""Labelled texts of which each may have several labels."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from inlay.cli.inputs import read_data

if TYPE_CHECKING:
    from inlay.text import LabelledTexts

TABLES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json")


def read_several(data: str, options: dict[str, Any]) -> "LabelledTexts":
    """`read_data`, where lines of fastText may have several labels each.

    Raises:
        InlayError: As `inlay.read_labelled`.
    """
    from inlay.bytes.encodings import Encoding
    from inlay.text import read_labelled
    from inlay.text.labelled.several import is_of_lines

    kind, path = options["kind"], Path(data)
    if kind in (None, "fasttext") and path.is_file():
        how = {"encoding": options["encoding"], "errors": options["errors"]}
        columns = any(options[name] is not None for name in ("text", "label", "split"))
        lines = Encoding.given(how["encoding"], how["errors"], lines=True)
        if not columns and path.suffix not in TABLES and is_of_lines(path, lines):
            found = read_labelled(path, kind="fasttext", several=True, **how)
            if any(len(labels) > 1 for labels in found.labels):
                return found
    return read_data(data, options)
