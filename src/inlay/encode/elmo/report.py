"""What a training of inlay's notes beside the official files: read by those who load them."""

import json
from pathlib import Path
from typing import Any

from inlay.errors import ArgumentError, FormatError
from inlay.tokenizers import Tokenizer, saved_tokenizer

REPORT = "training.json"
HINT = "load_encoder(path, tokenizer=...), or lists of tokens for texts"


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
        found["tokenizer"]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise FormatError(
            str(report), expected="what inlay.train.bilm wrote, with a tokenizer", got=repr(error)
        ) from error
    return found


def tokenizer_in(report: dict[str, Any]) -> str | Tokenizer:
    """The tokenizer of a training; "split" where there was none."""
    found = saved_tokenizer(report.get("tokenizer", "split"), hint=HINT)
    return _refuse if found is None else found


def _refuse(text: str) -> list[str]:
    """Stands where `inlay.train.bilm` was given a function, which no file can hold."""
    raise ArgumentError(
        "tokenizer",
        expected="the function that this ELMo was trained with",
        got="none",
        hint="load_encoder(..., tokenizer=that function), or lists of tokens for texts",
    )
