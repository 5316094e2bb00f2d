"""Labelled text from wherever it lies: folders, archives, a file per class, tables of text."""

import csv
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal

from inlay.bytes.content import is_tar, kind_of, open_content, shortened
from inlay.bytes.encodings import BOM, Encoding
from inlay.bytes.limits import UNPACKED
from inlay.calls import refuses_unknown
from inlay.checks import choice, flag, whole, whole_or_none
from inlay.errors import ArgumentError, FormatError, MissingFileError
from inlay.paths import path_to_read
from inlay.sources.asked import asked_for, near_hint
from inlay.text.labelled.doubts import warn_of_labels
from inlay.text.labelled.folders import archive_files, class_files, folder_files, one_file_a_class
from inlay.text.labelled.frames import frame_rows, is_frame
from inlay.text.labelled.records import Columns, delimited, fasttext, json_lines
from inlay.text.labelled.several import several_labels
from inlay.text.labelled.texts import Item, LabelledTexts
from inlay.text.labelled.trees import FIRST, trees

Kind = Literal["folders", "archive", "files", "csv", "tsv", "jsonl", "fasttext", "trees"]
KINDS = ("folders", "archive", "files", "csv", "tsv", "jsonl", "fasttext", "trees")
OF_LINES, OF_COLUMNS = KINDS[2:], KINDS[3:6]
TEXTS, LABELS = ("sentences", "phrases"), ("fine", "binary")  # of trees
PACKED = (".gz", ".bz2", ".xz", ".zip")
SUFFIXES: dict[str, Kind] = {
    ".csv": "csv",
    ".tsv": "tsv",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
    ".json": "jsonl",
}


@refuses_unknown(
    {
        "text_column": "text=",
        "label_column": "label=",
        "labels": "label=",
        "sep": "kind='csv' or 'tsv'",
        **dict.fromkeys(("multilabel", "multi_label"), "several="),
    }
)
def read_labelled(
    data: Any,
    *,
    kind: Kind | None = None,
    text: str | int | None = None,
    label: str | int | None = None,
    split: str | None = None,
    max_length: int | None = None,
    encoding: str = "utf-8",
    errors: Literal["strict", "replace", "ignore", "backslashreplace"] = "strict",
    several: bool = False,
) -> LabelledTexts:
    r"""Read texts and their labels.

    Texts come exactly as they lie in the file, `<br />` and all, without the line's end; take
    `[t.replace("<br />", " ") for t in data.texts]` if you do not want those. The order is that
    of the lines, or of the class and file names, the same on every machine.

    A label that begins with a space, or comes once or twice where others come often, is kept as
    it is and warned of with its line.

    Args:
        data: A name of the catalogue, such as `"imdb"`, which is downloaded once and read as it
            has to be; a file on the Hugging Face Hub, `"hf://datasets/OWNER/REPO/FILE"`; a data
            frame with named columns (of pandas, polars or others); or the path of
            a folder (or a tar archive, packed or not, read in place) with a folder
            per class and a file per text, as aclImdb has it (`"folders"`, `"archive"`);
            a folder of files, one per class, a text a line: `rt-polarity.pos` and `.neg`
            (`"files"`); the label is the suffix where only that differs, otherwise the stem;
            a `.csv`, a `.tsv` (in which quotes are text) or a `.jsonl`;
            lines `__label__x text` (`"fasttext"`); a tree on each line, as the Stanford Sentiment
            Treebank has them (`"trees"`). Each of these files may also be packed by
            gzip, bzip2, xz or zip, whatever its name is.
        kind: Which of them it is, where neither the name nor the first line says so.
        text: Column with the text. None: `"text"`. A number counts columns from 0 in a file
            without a header. Of trees: `"sentences"` (None), or `"phrases"`, every node of each
            tree, the sentence first; what comes twice is read twice.
        label: Column with the label. None: `"label"`. A number: as for `text`. Of trees: `"fine"`
            (None), five classes; or `"binary"`, in which 0 and 1 are 0, 3 and 4 are 1, and 2 is
            left out.
        split: Which part to read: `"train"`, `"test"`. In a folder or an archive that is a
            folder, in rows what stands in a column `split`.
        max_length: Keep the first words only, split at white space and joined by single
            spaces (the ELMo tutorials take 150). None: everything.
        encoding: The encoding of the bytes. A UTF-8 byte order mark is not part of the text.
        errors: What to do about bytes that are not in it: as in `bytes.decode`.
        several: Whether a line of fastText may have several labels, as in
            `__label__x __label__y text`, anywhere in it. The labels are lists then, of at least
            one name each, which `TextClassifier(model="fasttext")` takes.

    Returns:
        All texts in memory. A folder named `unsup` is left out, as it has no labels, and
        counted in `skipped`, as are rows of another `split`. Whole numbers in a column `rating`
        are `ratings`.

    Raises:
        MissingFileError: Nothing is there.
        FormatError: A line without label or text, a line that is no JSON, bytes that are no
            text, a damaged file, a link that leads out of the folder, or a folder with no texts
            in it; says where.
        ArgumentError: The kind cannot be seen; a column or split that is not there, with the
            names of those that are; an argument that this kind has no use for.
        ArgumentTypeError: An argument of another type.

    Examples:
        >>> from tempfile import mkdtemp
        >>> path = Path(mkdtemp(), "reviews.csv")
        >>> _ = path.write_text("text,label\ngood film,pos\na bore,neg\n")
        >>> texts, labels = read_labelled(path)
        >>> texts, labels
        (['good film', 'a bore'], ['pos', 'neg'])
    """
    several = flag("several", several)
    if is_frame(data):
        if several:
            raise _not_several("a data frame")
        return _of_frame(data, kind, _columns(text, label), split, max_length)
    if (source := asked_for(data, "labelled")) is not None:
        from inlay.text.labelled.fetched import fetched_texts

        given: dict[str, Any] = {"kind": kind, "text": text, "label": label, "split": split}
        given |= {"max_length": max_length, "encoding": encoding, "errors": errors}
        place, given = fetched_texts(source, given)
        return read_labelled(place, several=several, **given)
    path = path_to_read("data", data)
    if kind_of(path) is None:
        expected = "a file or folder of labelled texts"
        raise MissingFileError(
            shortened(path), expected=expected, got="nothing there", hint=near_hint(data)
        )
    if kind is not None:
        choice("kind", kind, KINDS)
    max_length = whole_or_none("max_length", max_length)
    columns = _columns(text, label)
    kind = kind or _sniff(path, columns)
    if kind == "trees":
        choice("text", text or TEXTS[0], TEXTS)
        choice("label", label or LABELS[0], LABELS)
        text = label = None
    if several and kind != "fasttext":
        raise _not_several(f"{kind!r}")
    if split is not None and kind in ("files", "fasttext", "trees"):
        expected = "a folder, an archive, or a column 'split'"
        raise ArgumentError("split", expected=expected, got=f"{kind!r}")
    for name, column in (("text", text), ("label", label)):
        if column is not None and kind not in OF_COLUMNS:
            expected = f"a file with columns ({', '.join(OF_COLUMNS)})"
            raise ArgumentError(f"{name}={column!r}", expected=expected, got=f"{kind!r}")
    skipped: dict[str, int] = {}
    decoding = Encoding.given(encoding, errors, lines=kind in OF_LINES)
    if several:
        items = several_labels(path, decoding, skipped)
    else:
        items = _items(kind, path, decoding, columns, split, skipped)
    found = list(_limited(items, path))
    if not found:
        got = f"none, but {_listed(skipped)}" if skipped else "none"
        hint = f"kind= one of {', '.join(KINDS)}"
        raise FormatError(str(path), expected="labelled texts", got=got, hint=hint)
    if kind in OF_LINES and not several:
        warn_of_labels(found)
    return LabelledTexts.from_items(found, skipped, max_length)


def _not_several(got: str) -> ArgumentError:
    expected = "lines of fastText, such as '__label__x __label__y text'"
    return ArgumentError("several=True", expected=expected, got=got)


def kind_of_table(path: str | os.PathLike[str]) -> Kind | None:
    """Which of `OF_COLUMNS` a file is by its name, packed or not; None: none of them."""
    name = Path(path)
    if name.suffix.lower() in PACKED:
        name = name.with_suffix("")
    return None if Path(path).is_dir() else SUFFIXES.get(name.suffix.lower())


def read_column(path: Path, column: str | int, *, kind: Kind, encoding: Encoding) -> Iterator[str]:
    """The texts of a file with columns, one after the other: nothing is asked about labels.

    Args:
        path: The file.
        column: The column's name, or its number from 0 in a file without a header.
        kind: One of `OF_COLUMNS`.
        encoding: That of the bytes.

    Raises:
        FormatError: A row without the column, or bytes that are no text.
        ArgumentError: No such column.
    """
    return (item.text for item in _items(kind, path, encoding, (column, None), None, {}))


def _of_frame(
    data: Any, kind: Any, columns: Columns, split: str | None, max_length: Any
) -> LabelledTexts:
    if kind is not None:
        raise ArgumentError("kind", expected="None, for a data frame has no other", got=repr(kind))
    max_length = whole_or_none("max_length", max_length)
    skipped: dict[str, int] = {}
    found = list(frame_rows(data, columns, split, skipped))
    if not found:
        got = f"none, but {_listed(skipped)}" if skipped else "none"
        raise FormatError("the data frame", expected="labelled texts", got=got)
    warn_of_labels(found)
    return LabelledTexts.from_items(found, skipped, max_length)


def _items(
    kind: Kind,
    path: Path,
    encoding: Encoding,
    columns: Columns,
    split: str | None,
    skipped: dict[str, int],
) -> Iterator[Item]:
    match kind:
        case "folders":
            return class_files(path, folder_files(path), encoding, split, skipped)
        case "archive":
            return class_files(path, archive_files(path), encoding, split, skipped)
        case "files":
            return one_file_a_class(path, encoding)
        case "csv":
            return delimited(path, encoding, ",", columns, split, skipped)
        case "tsv":
            return delimited(path, encoding, "\t", columns, split, skipped)
        case "jsonl":
            return json_lines(path, encoding, columns, split, skipped)
        case "fasttext":
            return fasttext(path, encoding, skipped)
        case "trees":
            phrases, binary = columns[0] == TEXTS[1], columns[1] == LABELS[1]
            return trees(path, encoding, skipped, phrases=phrases, binary=binary)


def _limited(items: Iterator[Item], path: Path) -> Iterator[Item]:
    """The items of a file; packed ones may be far larger than it, and all are held in memory."""
    if path.is_dir():
        yield from items
        return
    most, total = max(UNPACKED.bytes(), path.stat().st_size), 0
    for item in items:
        total += len(item.text)
        if total > most:
            raise UNPACKED.exceeded(str(path))
        yield item


def _columns(text: Any, label: Any) -> tuple[str | int, str | int]:
    """Which columns hold the text and the label: two names, or two numbers."""
    found = {"text": text, "label": label}
    for name, column in found.items():
        if column is None:
            found[name] = name
        elif not isinstance(column, str):
            found[name] = whole(name, column, least=0)
    if isinstance(found["text"], str) != isinstance(found["label"], str):
        raise ArgumentError(
            "text and label",
            expected="two names, or two numbers for a file without a header",
            got=f"{found['text']!r} and {found['label']!r}",
        )
    return found["text"], found["label"]


def _sniff(path: Path, columns: tuple[str | int, str | int]) -> Kind:
    """The kind by the content and, where that may be several, by the name."""
    if kind_of(path) == stat.S_IFDIR:
        entries = [entry for entry in path.iterdir() if not entry.name.startswith(".")]
        return "folders" if any(entry.is_dir() for entry in entries) else "files"
    content = open_content(path, what="labelled texts", choosable=False, through_tar=False)
    suffix = Path(content.inner).suffix.lower()
    if is_tar(content.head) or suffix == ".tar":
        return "archive"
    if suffix in SUFFIXES:
        return SUFFIXES[suffix]
    lines = content.head.removeprefix(BOM).decode(errors="replace").splitlines()
    first = next((line for line in lines if line.strip()), "")[: csv.field_size_limit()]
    if first.startswith("__label__"):
        return "fasttext"
    if FIRST.match(first):
        return "trees"
    for kind, delimiter in (("csv", ","), ("tsv", "\t")):
        if set(columns) <= set(next(csv.reader([first], delimiter=delimiter), [])):
            return kind  # type: ignore[return-value]  # one of the kinds
    hint = f"kind= one of {', '.join(KINDS)}"
    if "\t" in first:
        hint = "kind='tsv', and text= and label= with the names of its columns"
    raise ArgumentError(
        str(path),
        expected="labelled text of a known kind",
        got=f"{first[:60]!r} in the first line",
        hint=hint,
    )


def _listed(skipped: dict[str, int]) -> str:
    return ", ".join(f"{n:,} {name}" for name, n in skipped.items())
