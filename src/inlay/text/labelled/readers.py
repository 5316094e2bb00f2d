"""Labelled text from wherever it lies: folders, archives, a file per class, tables of text."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal

from inlay.errors import ArgumentError, FormatError, MissingFileError
from inlay.text.labelled.folders import archive_files, class_files, folder_files, one_file_a_class
from inlay.text.labelled.lines import delimited, fasttext, json_lines
from inlay.text.labelled.texts import Item, LabelledTexts, Source

Kind = Literal["folders", "archive", "files", "csv", "tsv", "jsonl", "fasttext"]
KINDS = ("folders", "archive", "files", "csv", "tsv", "jsonl", "fasttext")
PACKED = (".gz", ".bz2", ".xz")
SUFFIXES = {".csv": "csv", ".tsv": "tsv", ".jsonl": "jsonl", ".ndjson": "jsonl", ".json": "jsonl"}
TEXT_COLUMN, LABEL_COLUMN = "text", "label"


def read_labelled(
    path: str | os.PathLike[str],
    *,
    kind: Kind | None = None,
    text: str | int | None = None,
    label: str | int | None = None,
    split: str | None = None,
    max_words: int | None = None,
    encoding: str = "utf-8",
    errors: Literal["strict", "replace", "ignore"] = "strict",
) -> LabelledTexts:
    r"""Read texts and their labels.

    Texts come exactly as they lie in the file, `<br />` and all, without the line's end; take
    `[t.replace("<br />", " ") for t in data.texts]` if you do not want those. The order is that
    of the lines, or of the class and file names, the same on every machine.

    Args:
        path: One of
            a folder (or `.tar`, `.tar.gz`, `.tar.xz`, `.tar.bz2`, read in place) with a folder
            per class and a file per text, as aclImdb has it (`"folders"`, `"archive"`);
            a folder of files, one per class, a text a line: `rt-polarity.pos` and `.neg`
            (`"files"`); the label is the suffix where only that differs, otherwise the stem;
            a `.csv`, a `.tsv` (in which quotes are text) or a `.jsonl`;
            lines `__label__x text` (`"fasttext"`). The last four may also be packed as
            `.gz`, `.bz2` or `.xz`.
        kind: Which of them it is, where that cannot be seen.
        text: Column with the text. None: `"text"`. A number counts columns from 0 in a file
            without a header.
        label: Column with the label. None: `"label"`. A number: as for `text`.
        split: Which part of a folder or archive to read: `"train"`, `"test"`.
        max_words: Keep the first words only, split at white space and joined by single
            spaces (the ELMo tutorials take 150). None: everything.
        encoding: Of the bytes. A UTF-8 byte order mark is not part of the text.
        errors: What to do about bytes that are not in it: as in `bytes.decode`.

    Returns:
        All texts in memory. A folder named `unsup` is left out, as it has no labels, and
        counted in `skipped`.

    Raises:
        MissingFileError: Nothing is there.
        FormatError: A line without label or text, a line that is no JSON, bytes that are no
            text, or a folder with no texts in it; says where.
        ArgumentError: The kind cannot be seen; a column or split that is not there, with the
            names of those that are.
    """
    path = Path(path)
    if not path.exists():
        raise MissingFileError(str(path), expected="a file or folder", got="nothing there")
    if max_words is not None and max_words < 1:
        raise ArgumentError("max_words", expected="1 or more", got=str(max_words))
    if kind is not None and kind not in KINDS:
        raise ArgumentError("kind", expected=f"one of {', '.join(KINDS)}", got=repr(kind))
    source = Source(path, encoding, errors)
    kind = kind or _sniff(source)
    if split is not None and kind not in ("folders", "archive"):
        raise ArgumentError("split", expected="a folder or archive", got=f"a file of {kind}")
    skipped: dict[str, int] = {}
    columns = (TEXT_COLUMN if text is None else text, LABEL_COLUMN if label is None else label)
    items = list(_items(kind, source, columns, split, skipped))
    if not items:
        raise FormatError(str(path), expected="labelled texts", got="none", hint="kind=...")
    return LabelledTexts.from_items(items, skipped, max_words)


def _items(
    kind: Kind,
    source: Source,
    columns: tuple[str | int, str | int],
    split: str | None,
    skipped: dict[str, int],
) -> Iterator[Item]:
    match kind:
        case "folders":
            return class_files(source, folder_files(source), split, skipped)
        case "archive":
            return class_files(source, archive_files(source), split, skipped)
        case "files":
            return one_file_a_class(source)
        case "csv":
            return delimited(source, ",", columns)
        case "tsv":
            return delimited(source, "\t", columns)
        case "jsonl":
            return json_lines(source, columns)
        case "fasttext":
            return fasttext(source, skipped)


def _sniff(source: Source) -> Kind:
    path = source.path
    if path.is_dir():
        entries = [entry for entry in path.iterdir() if not entry.name.startswith(".")]
        return "folders" if any(entry.is_dir() for entry in entries) else "files"
    name = path.name.lower()
    stem = Path(name).stem if Path(name).suffix in PACKED else name
    if stem.endswith(".tar") or name.endswith((".tgz", ".txz", ".tbz2")):
        return "archive"
    if Path(stem).suffix in SUFFIXES:
        return SUFFIXES[Path(stem).suffix]  # type: ignore[return-value]  # values are kinds
    first = next((line for line in source.lines() if line[1].strip()), (0, ""))[1]
    if first.startswith("__label__"):
        return "fasttext"
    raise ArgumentError(
        str(path),
        expected="labelled text of a known kind",
        got=f"{first[:60]!r} in the first line",
        hint=f"kind= one of {', '.join(KINDS)}",
    )
