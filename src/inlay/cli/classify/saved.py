"""Classifiers on disk: folders of ours, and files of fastText."""

import json
from pathlib import Path
from typing import TYPE_CHECKING

from inlay.cli.frameworks import check_keras
from inlay.cli.inputs import check_there
from inlay.cli.outputs import check_file, check_folder
from inlay.errors import FormatError

if TYPE_CHECKING:
    from inlay.classify import TextClassifier

FILES = (".bin", ".ftz")  # of fastText
MARKS = ("settings.json", "vocabulary.json", "weights.safetensors", "encoder")  # of a classifier


def is_file(path: str) -> bool:
    """Whether a name is that of a file of fastText, and not of a folder of ours."""
    return Path(path).suffix in FILES and not Path(path).is_dir()


def check_new(path: str, *, overwrite: bool, official: bool) -> None:
    """Fail now if a classifier cannot be written here, or would replace something unasked.

    Args:
        path: A folder; where it may be `official`, also a file of fastText.
        overwrite: Whether an older classifier may be replaced.
        official: Whether it may be one of fastText.

    Raises:
        InlayError: As `check_file` and `check_folder`.
    """
    if official and is_file(path):
        check_file(path, overwrite=overwrite)
    else:
        check_folder(path, overwrite=overwrite, marks=MARKS, what="a classifier")


def check_saved(folder: str) -> None:
    """Fail now if there is no classifier.

    Raises:
        MissingFileError: Nothing is there.
        FormatError: Something else is.
    """
    what = "the folder of a classifier, which inlay classify fit makes"
    check_there(folder, what)
    if is_file(folder):
        return
    if not Path(folder, MARKS[0]).is_file():
        raise FormatError(folder, expected=what, got="something else")


def load(folder: str, tokenizer: str | None) -> "TextClassifier":
    """Read a classifier, where there is what it runs on."""
    from inlay.classify import TextClassifier
    from inlay.tokenizers import get_tokenizer

    if _needs_keras(folder):
        check_keras("using a classifier", trains=False)
    given = None if tokenizer is None else get_tokenizer(tokenizer)
    return TextClassifier.load(folder, tokenizer=given)


def _needs_keras(path: str) -> bool:
    """Whether a saved classifier is a network, which must have a framework to run on."""
    if is_file(path):
        return False
    try:
        about = json.loads(Path(path, "settings.json").read_text(encoding="utf-8"))
        return bool(about["model"] != "fasttext")
    except (OSError, ValueError, TypeError, KeyError):  # whatever is wrong, loading tells
        return True
