"""What the commands of all trainers have in common."""

import glob
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from inlay.cli.inputs import check_there, column_or_lines
from inlay.cli.interrupts import work
from inlay.cli.options import (
    all_options,
    encoding_option,
    json_option,
    overwrite_option,
    progress_option,
    text_option,
    tokenizer_option,
)
from inlay.cli.outputs import print_json, say

if TYPE_CHECKING:
    from inlay.core import Table

corpus_argument = click.argument(
    "corpus", nargs=-1, required=True, type=click.Path(), metavar="CORPUS..."
)
vectors_options = all_options(
    click.option(
        *("-o", "--output", "target"),
        metavar="OUT",
        required=True,
        type=click.Path(),
        help="Write the vectors to this file.",
    ),
    click.option(
        "--format-out",
        metavar="NAME",
        help="Write this format, if the name of OUT does not say which.",
    ),
)
text_options = all_options(
    tokenizer_option("words"), text_option("CORPUS"), encoding_option("CORPUS")
)
result_options = all_options(overwrite_option, progress_option, json_option)
workers_option = click.option(
    "--workers", type=int, help="Run N threads.  [default: one per processor]"
)
phrases_option = click.option(
    "--phrases",
    "phrase_file",
    metavar="FILE",
    type=click.Path(),
    help='Treat the phrases in this file, made by "inlay train phrases", as words.',
)
# How a training runs, and what is kept of it.
course_options = all_options(
    click.option(
        "--folder",
        metavar="FOLDER",
        type=click.Path(),
        help="Keep the numbered corpus and checkpoints in this folder; the same command goes on "
        "from the last one.",
    ),
    click.option(
        "--checkpoint-every",
        default=600.0,
        metavar="SECONDS",
        show_default=True,
        help="Write a checkpoint every so many seconds.",
    ),
    click.option(
        "--resume/--no-resume",
        default=True,
        show_default=True,
        help="Start where the checkpoint in FOLDER ends, or start anew.",
    ),
)
# What a training goes on from.
start_option = click.option(
    "--start",
    metavar="FILE",
    type=click.Path(),
    help="Start from the vectors in this file, to which new words are added.",
)
start_options = all_options(
    start_option,
    click.option(
        "--start-rate",
        type=float,
        metavar="RATE",
        help="Scale the learning rate of the words in FILE by this; 0 freezes them.  [default: 1]",
    ),
    click.option(
        "--pull",
        default=0.0,
        metavar="STRENGTH",
        help="Draw the vectors from FILE back to where they began, as strongly as this.",
    ),
)


def learn_vectors(
    trainer: Callable[..., "Table"],
    corpus: tuple[str, ...],
    target: str,
    format_out: str | None,
    *,
    tokenizer: str | None,
    column: str | None,
    encoding: str,
    as_json: bool,
    phrase_file: str | None = None,
    start: str | None = None,
    shows_loss: bool = False,
    **settings: Any,
) -> None:
    """Call a trainer, write its table and say so.

    Args:
        trainer: Of `inlay.train`.
        corpus: What was given.
        target: The file to write.
        format_out: Its format, if its name does not say which.
        tokenizer: The name of one, or None.
        column: Where the texts are in a table.
        encoding: That of the files.
        as_json: Whether a program reads the answer.
        phrase_file: Of `inlay train phrases`.
        start: A file of vectors to go on from.
        shows_loss: Whether a person is told of the loss.
        settings: What is the trainer's own.
    """
    from inlay.formats import load, save

    begun = time.perf_counter()
    with work():
        settings |= given(tokenizer, phrase_file)
        if start is not None:
            settings["start"] = load(start)
        texts, known = texts_of_corpus(corpus, encoding, column)
        with kept_if_stopped(target, format_out):
            table = trainer(texts, encoding=known, **settings)
        seconds = time.perf_counter() - begun
        save(table, target, format=format_out)
    words = table.provenance["corpus_words"]
    if as_json:
        print_json(
            {
                "file": target,
                "file_bytes": Path(target).stat().st_size,
                "vocab_size": len(table),
                "dim": table.dim,
                "corpus_words": words,
                "seconds": round(seconds, 3),
                "provenance": table.provenance,
            }
        )
        return
    loss = f", loss {table.provenance['losses'][-1]:.4f}" if shows_loss else ""
    say(
        f"{target}: {len(table):,} words x {table.dim}, "
        f"learned from {words:,} words in {seconds:.1f} s{loss}"
    )


@contextmanager
def kept_if_stopped(target: str, format: str | None) -> Iterator[None]:
    """After Ctrl-C, write the vectors as they stand, if the trainer leaves them behind."""
    from inlay.formats import save
    from inlay.jobs.stop import say

    try:
        yield
    except KeyboardInterrupt as stop:
        table = getattr(stop, "table", None)
        if table is not None:
            save(table, target, format=format)
            done = stop.__notes__[-1].partition(";")[0]
            say(stop, f"{done}; {target} has the vectors as they were then.")
        raise


def given(tokenizer: str | None, phrase_file: str | None = None) -> dict[str, Any]:
    """The trainer's own default where no tokenizer was given; phrases have one of their own.

    Raises:
        InlayError: The file holds no phrases.
    """
    if phrase_file is not None:
        from inlay.train import Phrases

        return {"tokenizer": Phrases.load(phrase_file, tokenizer=tokenizer)}
    return {} if tokenizer is None else {"tokenizer": tokenizer}


def check_corpus(corpus: tuple[str, ...]) -> None:
    """Fail now if one of the files and folders is not there; a pattern is looked at later.

    Raises:
        MissingFileError: There is none.
        click.UsageError: Standard input among files.
    """
    for file in corpus:
        if file == "-" and len(corpus) > 1:
            raise click.UsageError("A hyphen reads standard input, and takes no files beside it.")
        if not glob.has_magic(file):
            check_there(file, "a text file or a folder of them")


def texts_of_corpus(
    corpus: tuple[str, ...], encoding: str, column: str | None
) -> tuple[str | list[Path] | Iterator[str], str]:
    """What a trainer is given, and its `encoding=`: one path, several, or texts.

    Args:
        corpus: What was given.
        encoding: That of the files.
        column: Where the texts are in tables (.csv, .tsv, .jsonl).

    Raises:
        InlayError: As `column_or_lines`.
        click.UsageError: A column, of files that have none; tables among files that are none.
    """
    from inlay.text.labelled.readers import kind_of_table

    files = [file for given in corpus for file in _tables_that_match(given) or (given,)]
    if len(files) == 1:
        return column_or_lines(files[0], encoding, column)
    tables = [file for file in files if file != "-" and kind_of_table(file) is not None]
    if not tables:
        if column is None:
            return [Path(file) for file in files], encoding
        raise click.UsageError("--text has no effect on several files, whose lines are the texts.")
    if len(tables) < len(files):
        other = next(file for file in files if file not in tables)
        raise click.UsageError(
            f"{tables[0]} is a table, and {other} is none: give tables alone, or texts alone."
        )
    found = [column_or_lines(file, encoding, column) for file in tables]
    return chain.from_iterable(texts for texts, _ in found), found[0][1]


def _tables_that_match(given: str) -> list[str]:
    """The files that a pattern of tables, such as `news/*.csv`, stands for, in order."""
    from inlay.text.labelled.readers import kind_of_table

    if not glob.has_magic(given) or Path(given).exists() or kind_of_table(given) is None:
        return []
    found = (Path(name) for name in glob.glob(given, recursive=True))
    return [str(file) for file in sorted(found, key=lambda file: file.parts) if file.is_file()]
