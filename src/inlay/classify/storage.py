"""A fitted classifier as a folder of plain files; nothing in it is ever executed."""

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from inlay.aliases import Array
from inlay.bytes.writing import atomic_folder
from inlay.containers import safetensors
from inlay.core import Table, Vocabulary, tokenizer_name
from inlay.errors import ArgumentError, FormatError, MissingFileError

if TYPE_CHECKING:
    from inlay.classify.classifier import TextClassifier

FORMAT = "inlay-classifier"
SETTINGS, VOCABULARY, WEIGHTS = "settings.json", "vocabulary.json", "weights.safetensors"
VECTORS = "vectors"
# Not in the file: the vectors are in the weights, and held-out texts are the user's own.
LEFT_OUT = ("embedding", "validation", "model", "tokenizer")

C = TypeVar("C", bound="TextClassifier")


def save(classifier: "TextClassifier", path: Path) -> None:
    """Do what `TextClassifier.save` says."""
    from inlay.classify.keras import weights_of

    _check_free(path)
    settings = {
        "format": FORMAT,
        "version": 1,
        "classes": classifier.classes_.tolist(),
        "classes_dtype": classifier.classes_.dtype.str,
        "model": classifier.model if isinstance(classifier.model, str) else None,
        "tokenizer": tokenizer_name(classifier.tokenizer),
        "n_trainable": classifier.n_trainable_,
        "history": classifier.history_,
        "params": {k: v for k, v in classifier.get_params().items() if k not in LEFT_OUT},
    }
    try:
        text = json.dumps(settings, ensure_ascii=False, indent=1)
    except TypeError as error:
        raise ArgumentError("save", expected="plain settings", got=str(error)) from error
    arrays = {VECTORS: np.ascontiguousarray(classifier.table_.vectors)}
    arrays |= weights_of(classifier._body)
    with atomic_folder(path) as part:
        (part / SETTINGS).write_text(text + "\n", encoding="utf-8")
        classifier.vocabulary_.save(part / VOCABULARY)
        safetensors.write(part / WEIGHTS, arrays)


def load(
    cls: type[C],
    path: Path,
    model: Callable[..., Any] | None,
    tokenizer: Callable[[str], list[str]] | None,
) -> C:
    """Do what `TextClassifier.load` says."""
    settings = _read_settings(path)
    chosen: dict[str, Any] = {"model": model, "tokenizer": tokenizer}
    for name, value in chosen.items():
        chosen[name] = value or settings[name]
        if chosen[name] is None:
            raise ArgumentError(
                str(path),
                expected=f"the {name} function that it was made with",
                got="none, for a file cannot hold it",
                hint=f"TextClassifier.load(path, {name}=...)",
            )
    classifier = cls(**settings["params"], **chosen)
    vocab = Vocabulary.load(path / VOCABULARY, tokenizer=chosen["tokenizer"])
    arrays = _read_arrays(path / WEIGHTS)
    try:
        table = Table(
            vocab.tokens,
            arrays.pop(VECTORS),
            counts=vocab.counts,
            pad_id=vocab.pad_id,
            unk_id=vocab.unk_id,
        )
    except (KeyError, ValueError) as error:
        raise _damaged(path, "vectors for the words of its vocabulary", str(error)) from error
    classes = np.asarray(settings["classes"], settings["classes_dtype"])
    classifier._restore(classes, settings, vocab, table)
    _fill(classifier._body, arrays, path / WEIGHTS)
    return classifier


def _fill(body: Any, arrays: dict[str, Array], where: Path) -> None:
    """Put arrays into the variables of a model, by their order."""
    from inlay.classify.keras import weights_of

    expected = {name.split(" ")[0]: value.shape for name, value in weights_of(body).items()}
    got = {name.split(" ")[0]: value for name, value in arrays.items()}
    shapes = {number: value.shape for number, value in got.items()}
    if shapes != expected:
        raise FormatError(
            str(where),
            expected=f"arrays of shapes {list(expected.values())}",
            got=f"{list(shapes.values())}",
            hint="pass the model function that the classifier was made with",
        )
    for i, variable in enumerate(body.weights):
        if f"{i:03d}" in got:
            variable.assign(got[f"{i:03d}"])


def _read_settings(path: Path) -> dict[str, Any]:
    if not path.is_dir():
        raise MissingFileError(str(path), expected="a folder", got="none")
    for name in (SETTINGS, VOCABULARY, WEIGHTS):
        if not (path / name).is_file():
            raise _damaged(path, "a folder that TextClassifier.save wrote", f"no {name}")
    try:
        settings: dict[str, Any] = json.loads((path / SETTINGS).read_text(encoding="utf-8"))
        if settings["format"] != FORMAT or settings["version"] != 1:
            got = f"{settings['format']} version {settings['version']}"
            raise _damaged(path / SETTINGS, f"{FORMAT} version 1", got)
        _ = [settings[name] for name in ("classes", "classes_dtype", "params", *LEFT_OUT[2:])]
    except (ValueError, KeyError, TypeError) as error:
        if isinstance(error, FormatError):
            raise
        got = f"{type(error).__name__}: {error}"
        raise _damaged(path / SETTINGS, "settings of a classifier", got) from error
    return settings


def _read_arrays(path: Path) -> dict[str, Array]:
    with safetensors.Safetensors.open(path) as file:
        return {name: np.array(entry) for name, entry in file.items()}


def _check_free(path: Path) -> None:
    """Refuse to replace anything but an older save: a wrong path must not cost a folder."""
    if not path.exists():
        return
    names = set(os.listdir(path)) if path.is_dir() else {path.name}
    try:
        if names:
            _read_settings(path)
        others = names - {SETTINGS, VOCABULARY, WEIGHTS}
    except (FormatError, MissingFileError):
        others = names
    if others:
        raise ArgumentError(
            str(path),
            expected="a new folder, or a saved classifier and nothing else",
            got=f"{', '.join(sorted(others)[:5])}, so it stays as it is",
            hint="another name",
        )


def _damaged(where: Path, expected: str, got: str) -> FormatError:
    return FormatError(str(where), expected=expected, got=got)
