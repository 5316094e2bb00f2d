"""What the commands of all trainers have in common."""

import glob
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from inlay.cli.inputs import check_there, column_or_lines
from inlay.cli.options import text_option

corpus_argument = click.argument(
    "corpus", nargs=-1, required=True, type=click.Path(), metavar="CORPUS..."
)
column_option = text_option("CORPUS")
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


def course_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """The options that say how a training runs and what is kept of it."""
    for option in reversed(
        (
            click.option(
                "--folder",
                metavar="FOLDER",
                type=click.Path(),
                help="Keep checkpoints in this folder; the same command goes on from the last one.",
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
    ):
        function = option(function)
    return function


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
        column: Where the texts are in a table (.csv, .tsv, .jsonl), which stands alone.

    Raises:
        InlayError: As `column_or_lines`.
        click.UsageError: A column, of files that have none.
    """
    if len(corpus) == 1:
        return column_or_lines(corpus[0], encoding, column)
    if column is not None:
        raise click.UsageError("--text has no effect on several files, whose lines are the texts.")
    return [Path(file) for file in corpus], encoding
