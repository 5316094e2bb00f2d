"""What a training of inlay's notes beside the official files: read by those who load them."""

import json
from pathlib import Path

from inlay.errors import ArgumentError, FormatError
from inlay.tokenizers import Tokenizer

REPORT = "training.json"


def tokenizer_of(folder: Path) -> str | Tokenizer:
    """The tokenizer that a training noted beside its weights, if it did; else "split".

    Raises:
        FormatError: The report is damaged.
    """
    report = folder / REPORT
    if not report.is_file():
        return "split"
    try:
        found = json.loads(report.read_text("utf-8"))["tokenizer"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise FormatError(
            str(report), expected="what inlay.train.bilm wrote, with a tokenizer", got=repr(error)
        ) from error
    return _refuse if found is None else str(found)


def _refuse(text: str) -> list[str]:
    """Stands where `inlay.train.bilm` was given a function, which no file can hold."""
    raise ArgumentError(
        "tokenizer",
        expected="the function that this ELMo was trained with",
        got="none",
        hint="load_encoder(..., tokenizer=that function), or lists of tokens for texts",
    )
