"""What a command reads: files of vectors, lines of text, labelled texts."""

import dataclasses
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from inlay.bytes.encodings import UTF8, Encoding
from inlay.cli.hints import in_options, names_of
from inlay.cli.interrupts import work
from inlay.cli.options import FORMAT_FLAGS, LOADING, READING, reading_options
from inlay.cli.outputs import note
from inlay.errors import FormatError, InlayError, MissingFileError
from inlay.sources.asked import asked_for, near_hint
from inlay.sources.hub_files import HUB

if TYPE_CHECKING:
    from inlay.core import Table
    from inlay.sources.source import Kind
    from inlay.text import LabelledTexts


def check_there(path: str, what: str, *, hint: str = "", kind: "Kind | None" = None) -> None:
    """Fail now if there is no such file or folder; `-` is standard input.

    Args:
        path: What was given.
        what: What it should be.
        hint: What to try, if it is no address.
        kind: As what the catalogue may have it; None: only a path is meant.

    Raises:
        MissingFileError: There is none.
        ArgumentError: The catalogue has it as another kind.
    """
    if path != "-" and not os.path.lexists(path):
        if kind == "vectors" and _is_checkpoint(path):
            return
        if kind is not None:
            if asked_for(path, kind) is not None:
                return
            hint = near_hint(path) or hint
        if "://" in path:
            hint = f"inlay fetch {path}, which prints the path of the file"
        elif not hint:
            from inlay.bytes.content import near_path

            hint = near_path(Path(path))
        raise MissingFileError(path, expected=what, got="nothing there", hint=hint)


def _is_checkpoint(path: str) -> bool:
    """Whether this is what the names of a TensorFlow checkpoint's files have in common."""
    from inlay.formats.places import entry_file

    return "://" not in path and os.path.isfile(entry_file(path))


def table_file(file: str) -> str:
    """The file of vectors to read: of a name of the catalogue, which is fetched and converted.

    Raises:
        InlayError: It cannot be.
    """
    source = asked_for(file, "vectors")
    if source is None:
        return file
    from inlay.formats.fetched import native_of
    from inlay.formats.reading import load, read_spooled

    with work():
        path, _ = native_of(source, load, read_spooled, note)
        return str(path)


def named(given: str, file: str) -> str:
    """What is to be read again: a name of the Hugging Face Hub, whose provenance no file has.

    Args:
        given: What the user typed.
        file: What `table_file` made of it.
    """
    return given if given.startswith(HUB) else file


def fetch_named(given: str, kind: "Kind") -> str:
    """Fetch what a name of the catalogue stands for, and say so; of a path there is nothing to do.

    Returns:
        What is to be read: the file of a name of the Hugging Face Hub, and else what was given.

    Raises:
        InlayError: It cannot be fetched.
    """
    source = asked_for(given, kind)
    if source is not None:
        from inlay.sources.fetching import fetch_source

        with work():
            fetched = fetch_source(source, say=note)
        return str(fetched.path) if source.on_hub else given
    return given


def reading_arguments(file: str, given: dict[str, Any]) -> dict[str, Any]:
    """What `inlay.load` is called with, its format among it, for the options that were given.

    Args:
        file: What is to be read.
        given: The values of `reading_options`.

    Raises:
        click.UsageError: A flag that the file's format does not understand.
    """
    from inlay.formats import format_of

    said = {name: given[name] for name in FORMAT_FLAGS if given[name] is not None}
    format = format_of(file, format=given["format"], member=given["member"])
    known = getattr(format, "__dataclass_fields__", {})  # none, if it cannot be told anything
    flags = {param.name: param.opts[-1] for param in click.get_current_context().command.params}
    for name in said:
        if name not in known:
            has = [flags[other] for other in FORMAT_FLAGS if other in known]
            other = f"what it understands is {', '.join(has)}" if has else "it needs no such flag"
            raise click.UsageError(
                f"{flags[name]} has no effect on {file}, of the format {format.name!r}; {other}."
            )
    if said:
        format = dataclasses.replace(format, **said)  # type: ignore[type-var]
    return {"format": format} | {name: given[name] for name in LOADING}


def read_embedding(file: str) -> "Table":
    """The vectors that a classifier starts from; what they need to be read, `convert` is told.

    Raises:
        InlayError: It cannot be read, with the `inlay convert` that would read it.
    """
    from inlay.formats import load

    try:
        return load(table_file(file))
    except InlayError as error:
        convert = click.command("convert")(reading_options("--format-in")(lambda: None))
        error.hint = in_options(error.hint, names_of(convert))
        if error.hint.startswith("--"):
            error.hint = f"inlay convert {file} vectors.safetensors {error.hint}"
        raise


def read_data(data: str, options: dict[str, Any]) -> "LabelledTexts":
    """Labelled texts; of a table whose columns have other names, those are guessed or asked for.

    Args:
        data: The file or folder.
        options: The values of `data_options`; other options are passed over.

    Raises:
        InlayError: As `inlay.read_labelled`.
    """
    from inlay.cli.columns import with_columns
    from inlay.text import read_labelled

    data = fetch_named(data, "labelled")
    return read_labelled(data, **with_columns(data, {name: options[name] for name in READING}))


def check_sizes(texts: "LabelledTexts", folds: int, train_size: int | None) -> None:
    """Fail now if the classes are too few or too small for the folds: not after the work.

    Raises:
        ArgumentError: They are.
    """
    from inlay.classify.labels import checked_labels
    from inlay.evaluate.folds import folds_of

    labels = checked_labels(texts.labels, len(texts))
    next(folds_of(labels, folds, n_train=train_size, n_test=None, seed=0))


def lines_of(file: str, encoding: Encoding = UTF8) -> Iterator[str]:
    """The lines of a file, or of standard input for `-`, without their ends.

    Raises:
        FormatError: Standard input is closed, or text in another encoding.
    """
    from inlay.bytes.lines import decoded, read_lines

    if file != "-":
        lines = read_lines(Path(file), encoding)
    elif sys.stdin is None:
        raise FormatError("standard input", expected="text", got="nothing: it is closed")
    else:
        if sys.stdin.isatty():
            note("Reading from the terminal, a text a line; Ctrl-D (Ctrl-Z on Windows) ends it.")
        lines = decoded(sys.stdin.buffer, "standard input", encoding)
    for line in lines:
        yield line.rstrip("\r\n")


def column_or_lines(
    file: str, encoding: str, column: str | None
) -> tuple[str | Iterator[str], str]:
    """As `texts_of`; of a table (.csv, .tsv, .jsonl), the texts in one of its columns.

    Args:
        file: What was given.
        encoding: The encoding of its bytes.
        column: The column that was asked for; None: the one whose name says that it has texts.

    Raises:
        InlayError: As of `inlay.cli.columns.with_columns`, and as the reader of the table.
        click.UsageError: A column, of a file that has none.
    """
    from inlay.cli.columns import column_of_texts
    from inlay.text.labelled.readers import kind_of_table, read_column

    kind = None if file == "-" else kind_of_table(file)
    if kind is None:
        if column is not None:
            raise click.UsageError(f"--text has no effect on {file}, whose lines are the texts.")
        return texts_of(file, encoding)
    chosen = column_of_texts(file, kind, column, encoding)
    how = Encoding.of_lines(encoding, file)
    return read_column(Path(file), chosen, kind=kind, encoding=how), UTF8.name


def each_text(file: str, encoding: str, column: str | None) -> Iterator[str]:
    """The texts themselves, one after the other; see `column_or_lines`."""
    texts, _ = column_or_lines(file, encoding, column)
    return lines_of(texts, Encoding.of_lines(encoding, texts)) if isinstance(texts, str) else texts


def texts_of(file: str, encoding: str) -> tuple[str | Iterator[str], str]:
    """What a job is given that reads a text a line, and its `encoding=`.

    A path and its encoding; or the lines of standard input, which are decoded already.
    """
    if file != "-":
        return file, encoding
    return lines_of(file, Encoding.of_lines(encoding, file)), UTF8.name
