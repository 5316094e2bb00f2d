"""Options that commands have in common, each with what can be checked of it at once."""

from collections.abc import Callable
from typing import Any

import click

from inlay.cli.failures import bad_value
from inlay.cli.hints import in_options, names_of
from inlay.errors import ArgumentError, ArgumentTypeError, InlayError

Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]

# Flags that only some formats understand; a flag's name here is the format's own for it.
FORMAT_FLAGS = ("dim", "encoding", "errors", "header", "nonfinite")
# The options of `inlay.load` itself.
LOADING = ("member", "limit", "name", "tokens", "dtype")
# The options of `inlay.read_labelled`.
READING = ("kind", "text", "label", "split", "encoding", "errors")
KINDS = ("folders", "archive", "files", "csv", "tsv", "jsonl", "fasttext", "trees")


def checked_encoding(
    context: click.Context, param: click.Parameter, value: str, *, lines: bool = False
) -> str:
    """The name of an encoding of text that Python knows.

    Raises:
        click.BadParameter: It is none; the message names one that is like it.
    """
    from inlay.bytes.encodings import known_encoding

    try:
        known_encoding(value, lines=lines)
    except (ArgumentError, ArgumentTypeError) as error:
        raise bad_value(error, context, param) from error
    return value


def checked_encoding_or_none(
    context: click.Context, param: click.Parameter, value: str | None
) -> str | None:
    """`checked_encoding`, where None is an answer too."""
    return None if value is None else checked_encoding(context, param, value)


def checked_tokenizer(
    context: click.Context, param: click.Parameter, value: str | None
) -> str | None:
    """The name of a tokenizer that `inlay.tokenizers` knows or finds; the name is what is kept.

    Raises:
        click.BadParameter: There is no such tokenizer.
        InlayError: It is in a package that is not installed, or a file that cannot be read.
    """
    if value is None:
        return None
    from inlay.tokenizers import check_tokenizer
    from inlay.tokenizers.named import AUTO, NAMES

    try:
        check_tokenizer(value)
    except (ArgumentError, ArgumentTypeError) as error:
        import difflib

        near = difflib.get_close_matches(value, (*NAMES, AUTO), 2)
        error.hint = error.hint or " or ".join(f"tokenizer={name!r}" for name in near)
        raise bad_value(error, context, param) from error
    except InlayError as error:
        error.hint = in_options(error.hint, names_of(context.command))
        raise
    return value


def checked_line_encoding(context: click.Context, param: click.Parameter, value: str) -> str:
    """`checked_encoding` of a file that is read line by line, where a line feed is one byte."""
    return checked_encoding(context, param, value, lines=True)


json_option = click.option(
    "--json", "as_json", is_flag=True, help="Print the result as one JSON object."
)
overwrite_option = click.option(
    "--overwrite", is_flag=True, help="Replace the output if it exists."
)
seed_option = click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Set the seed of all random choices.",
)
progress_option = click.option(
    "--progress/--no-progress",
    default=None,
    help="Show or hide the progress bar.  [default: show it on a terminal]",
)


def encoding_option(what: str) -> Decorator:
    """`--encoding` of text that is read line by line; `what` is its name in the help."""
    return click.option(
        "--encoding",
        metavar="NAME",
        callback=checked_line_encoding,
        default="utf-8",
        show_default=True,
        help=f"Decode {what} from this encoding, such as cp949 for Korean.",
    )


def text_option(what: str) -> Decorator:
    """`--text` of a command that reads texts without labels; `what` is the file's name there."""
    return click.option(
        "--text",
        "column",
        metavar="COLUMN",
        help=f"Take the texts from this column if {what} is a .csv, .tsv or .jsonl file, by its "
        "name, or by its number from 0 if there is no header.  [default: text]",
    )


def tokenizer_option(default: str) -> Decorator:
    """`--tokenizer`; `default` is a phrase that says which it is without the option."""
    return click.option(
        "--tokenizer",
        metavar="NAME",
        callback=checked_tokenizer,
        help=(
            "Split texts into tokens by this tokenizer: words, lower, split, characters, ngrams:2, "
            "jieba, kiwi, mecab, icu, auto, the path of a tokenizer file, or module:function.  "
            f"[default: {default}]"
        ),
    )


def reading_options(format_name: str = "--format") -> Decorator:
    """The options of `inlay.load` and of its formats, under their names."""
    return all_options(
        click.option(
            "format",
            format_name,
            metavar="NAME",
            help="Read the file as this format instead of recognising it.",
        ),
        click.option("--member", metavar="NAME", help="Read this file of a zip or tar archive."),
        click.option("--limit", type=click.IntRange(1), help="Read only the first N rows."),
        click.option(
            "--name",
            metavar="ARRAY",
            help="Read this array of a file that holds several, such as a model's checkpoint.",
        ),
        click.option(
            "--tokens",
            metavar="FILE",
            type=click.Path(),
            help="Take the tokens of a bare matrix, such as a checkpoint's, from this file.",
        ),
        click.option(
            "--dtype",
            type=click.Choice(["float16", "float32", "float64", "bfloat16", "int8"]),
            help="Store the numbers as this type; int8 has a scale for each row.  "
            "[default: as they are in the file]",
        ),
        click.option(
            "--dim",
            type=click.IntRange(1),
            help="Read N numbers per vector, where the file leaves it unclear.",
        ),
        click.option(
            "--encoding",
            metavar="NAME",
            callback=checked_encoding_or_none,
            help="Decode the tokens from this encoding.  [default: utf-8]",
        ),
        click.option(
            "--errors",
            type=click.Choice(["strict", "replace", "ignore", "backslashreplace"]),
            help="Choose what happens to bytes not valid in this encoding.  [default: strict]",
        ),
        click.option(
            "--header",
            type=click.Choice(["check", "ignore"]),
            help="Check the counts in the header of the file, or ignore them.  [default: check]",
        ),
        click.option(
            "--nonfinite",
            type=click.Choice(["error", "keep"]),
            help="Refuse NaN and infinity, or keep them.  [default: error]",
        ),
    )


def data_options(decoded: str = "DATA") -> Decorator:
    """The options of `inlay.read_labelled`, under its names; `decoded` is what has the encoding."""
    return all_options(
        click.option(
            "--kind",
            type=click.Choice(KINDS),
            help="Read DATA as this kind instead of recognising it.",
        ),
        click.option(
            "--text",
            metavar="COLUMN",
            help="Take the texts from this column, by its name, or by its number from 0 if there "
            'is no header. Of trees: "phrases" takes every node.  [default: text]',
        ),
        click.option(
            "--label",
            metavar="COLUMN",
            help="Take the labels from this column, named or numbered in the same way. Of trees: "
            '"binary" makes two classes of five.  [default: label]',
        ),
        click.option(
            "--split",
            metavar="NAME",
            help="Read only this part, such as train or test: a subfolder, or the rows that have "
            "it in the column split.",
        ),
        click.option(
            "--encoding",
            metavar="NAME",
            callback=checked_encoding,
            default="utf-8",
            show_default=True,
            help=f"Decode {decoded} from this encoding.",
        ),
        click.option(
            "--errors",
            type=click.Choice(["strict", "replace", "ignore", "backslashreplace"]),
            default="strict",
            show_default=True,
            help="Choose what happens to bytes that are not valid in this encoding.",
        ),
    )


def all_options(*options: Decorator) -> Decorator:
    """Options as one decorator, in the order of the help."""

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate
