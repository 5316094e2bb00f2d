"""What a training of inlay's notes beside the official files: read by those who load them."""

import json
from pathlib import Path
from typing import Any

from inlay.encode.trained import warn_of_tokenizer
from inlay.errors import ArgumentError, FormatError
from inlay.tokenizers import NotOpened, TokenizerLike, saved_tokenizer

REPORT = "training.json"
HINT = "load_encoder(path, tokenizer=...), or lists of tokens for texts"
LOST = ArgumentError(
    "tokenizer",
    expected="the function that this ELMo was trained with, which no file could hold",
    got="none",
    hint="load_encoder(path, tokenizer=that_function), or lists of tokens for texts",
)


def read_report(folder: Path) -> dict[str, Any]:
    """What `inlay.train.bilm` noted beside its weights; nothing where it did not make them.

    Raises:
        FormatError: The report is damaged.
    """
    report = folder / REPORT
    if not report.is_file():
        return {}
    try:
        found: dict[str, Any] = {**json.loads(report.read_text("utf-8"))}
        found["settings"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise FormatError(
            str(report), expected="what inlay.train.bilm wrote, with settings", got=repr(error)
        ) from error
    return found


def chosen_tokenizer(report: dict[str, Any], given: TokenizerLike | None) -> TokenizerLike | None:
    """The tokenizer that was given, or that of the training; None where there is neither.

    Warns of one that is not that of the training.
    """
    if "tokenizer" not in report:
        return given
    trained = report["tokenizer"]
    if given is None:
        return NotOpened("", LOST) if trained is None else saved_tokenizer(trained, hint=HINT)
    warn_of_tokenizer("this ELMo was", trained, given)
    return given
