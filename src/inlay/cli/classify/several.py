"""Labelled texts of which each may have several labels."""

from pathlib import Path
from typing import Any, NamedTuple

from inlay.cli.inputs import read_data

TABLES = (".csv", ".tsv", ".jsonl", ".ndjson", ".json")


class Labelled(NamedTuple):
    """Texts, and of each its label, or all of them."""

    texts: list[str]
    labels: list[Any]

    @property
    def wanted(self) -> list[list[str]]:
        """All labels of each text."""
        return [some if isinstance(some, list) else [some] for some in self.labels]


def read_several(data: str, options: dict[str, Any]) -> Labelled:
    """`read_data`, where lines of fastText may have several labels each.

    Raises:
        InlayError: As `inlay.read_labelled`.
    """
    from inlay.bytes.encodings import Encoding
    from inlay.text.labelled.several import is_of_lines, several_labels

    kind, path = options["kind"], Path(data)
    if kind in (None, "fasttext") and path.is_file():
        encoding = Encoding.given(options["encoding"], options["errors"], lines=True)
        columns = any(options[name] is not None for name in ("text", "label", "split"))
        if not columns and path.suffix not in TABLES and is_of_lines(path, encoding):
            found = list(several_labels(path, encoding))
            if any(len(labels) > 1 for _, labels in found):
                return Labelled([text for text, _ in found], [labels for _, labels in found])
    texts = read_data(data, options)
    return Labelled(texts.texts, [*texts.labels])
