"""What a training of inlay's notes beside the official files: read by those who load them."""

import json
import sys
import warnings
from pathlib import Path
from typing import Any

from inlay.errors import ArgumentError, FormatError
from inlay.tokenizers import NotOpened, TokenizerLike, saved_tokenizer, tokenizer_name

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
    name = tokenizer_name(given)
    if trained is not None and name is not None and name != trained:
        warnings.warn(
            f"this ELMo was trained on texts split by the tokenizer {trained!r}, and is to read "
            f"them split by {name!r}: it knows less about the words that differ. Try: no "
            f"tokenizer, or lists of tokens for texts.",
            stacklevel=_outside(),
        )
    return given


def _outside() -> int:
    """The stack level of whoever called inlay."""
    frame, level = sys._getframe(1), 1
    while frame.f_back is not None and frame.f_globals.get("__name__", "").startswith("inlay."):
        frame, level = frame.f_back, level + 1
    return level
