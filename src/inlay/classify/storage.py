"""A fitted classifier as a folder of plain files; nothing in it is ever executed."""

import hashlib
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.bytes.content import shortened
from inlay.bytes.damage import damage_reported
from inlay.bytes.writing import atomic_folder, restore_folder
from inlay.checks import described, whole
from inlay.classify.encoded import Encoded
from inlay.classify.encoder_file import ENCODER
from inlay.classify.hosted import Hosted
from inlay.classify.inputs import Inputs
from inlay.classify.labels import checked_labels
from inlay.classify.learned import Learned, Trial
from inlay.classify.network import Network
from inlay.classify.settings import FASTTEXT, UNTUNED, ClassifierSettings
from inlay.classify.words import VOCABULARY, Words
from inlay.containers import safetensors
from inlay.errors import ArgumentError, FormatError, InlayError, MissingFileError
from inlay.tokenizers import NotOpened, TokenizerLike, saved_tokenizer

FORMAT, VERSION = "inlay-classifier", 1
SETTINGS, WEIGHTS = "settings.json", "weights.safetensors"
# Not among the params of a file: held-out texts and folders are the user's own; what was looked
# for has been found; the others stand apart.
LEFT_OUT = ("validation", "features", "model", "tokenizer", *UNTUNED)


@dataclass(frozen=True)
class Fitted:
    """What a classifier has learned, and how: all that its folder holds.

    Attributes:
        settings: Those of the fit.
        classes: The labels, sorted, `(n_classes,)`.
        history: Loss and accuracies of each epoch.
        n_trainable: How many numbers were trained.
        learned: What answers.
        trials: Of a fit that looked for its own settings; no folder holds them.
    """

    settings: ClassifierSettings
    classes: Array
    history: dict[str, list[float]]
    n_trainable: int
    learned: Learned
    trials: tuple[Trial, ...] = ()


def save(fitted: Fitted, path: Path, *, by_reference: bool) -> None:
    """Do what `TextClassifier.save` says."""
    _check_free(path)
    settings = fitted.settings
    arrays = fitted.learned.arrays()
    about = {
        "format": FORMAT,
        "version": VERSION,
        "classes": fitted.classes.tolist(),
        "classes_dtype": fitted.classes.dtype.str,
        "model": settings.model if isinstance(settings.model, str) else None,
        "n_trainable": fitted.n_trainable,
        "history": fitted.history,
        "params": {k: v for k, v in settings.to_dict().items() if k not in LEFT_OUT},
    }
    with atomic_folder(path) as part:
        about |= fitted.learned.write(part, by_reference=by_reference)
        safetensors.write(part / WEIGHTS, arrays)
        about["digests"] = _digests(about, part, arrays)
        text = json.dumps(about, ensure_ascii=False, indent=1)
        (part / SETTINGS).write_text(text + "\n", encoding="utf-8")


def load(
    path: Path,
    *,
    embedding: Any,
    model: Callable[..., Any] | None,
    tokenizer: TokenizerLike | None,
    verify: bool,
) -> Fitted:
    """Do what `TextClassifier.load` says; what answers is not `ready` yet."""
    restore_folder(path)  # of a save that was killed between two names
    about = _read_settings(path)
    where = path / SETTINGS
    on_encoder = ENCODER in about
    _check_given(on_encoder, embedding=embedding, tokenizer=tokenizer)
    own = {"model": _own(path, "model", about.get("model"), model), "tokenizer": None}
    if not on_encoder:
        own["tokenizer"] = _own(path, "tokenizer", about.get("tokenizer"), tokenizer)
        if tokenizer is None:
            own["tokenizer"] = _opened(own["tokenizer"], where)
    params = about.get("params")
    names = ClassifierSettings.__dataclass_fields__.keys() - set(LEFT_OUT)
    if not isinstance(params, dict) or params.keys() != names:
        got = ", ".join(sorted(map(str, params))) if isinstance(params, dict) else described(params)
        raise _damaged(where, f"params {', '.join(sorted(names))}", got)
    try:
        settings = ClassifierSettings.checked(
            params | own | {"validation": None, "features": None} | UNTUNED
        )
        n_trainable = whole("n_trainable", about.get("n_trainable"), least=0)
        classes = _classes(about.get("classes"), about.get("classes_dtype"))
    except InlayError as error:
        raise _damaged(where, f"{error.expected} ({error.where})", error.got) from error
    history = about.get("history")
    if not isinstance(history, dict) or not all(map(_are_numbers, history.values())):
        raise _damaged(where, "lists of numbers as history", described(history))
    arrays = _read_arrays(path / WEIGHTS)
    if verify:
        expected = about.pop("digests", None)
        with damage_reported(str(where), expected="settings of a classifier"):  # nested too deep
            found = _digests(about, path, arrays)
        _verify(expected, found, path)
    learned: Learned
    if settings.model == FASTTEXT:
        from inlay.classify.fasttext.model import Supervised

        learned = Supervised.read(path, about, settings, arrays, n_classes=len(classes))
    else:
        inputs = _inputs(path, about, settings, embedding, arrays)
        learned = Network(settings, len(classes), inputs, arrays)
    return Fitted(settings, classes, history, n_trainable, learned)


def _inputs(
    path: Path,
    about: dict[str, Any],
    settings: ClassifierSettings,
    embedding: Any,
    arrays: dict[str, Array],
) -> Inputs:
    """What a network reads; takes its arrays out of `arrays`."""
    if ENCODER not in about:
        return Words.read(path, settings, arrays)
    if settings.trainable is True:
        return Hosted.read(path, about[ENCODER], settings, embedding, arrays)
    return Encoded.read(path, about[ENCODER], settings, embedding)


def _check_given(on_encoder: bool, *, embedding: Any, tokenizer: Any) -> None:
    """Refuse what has no effect on a classifier of this kind.

    Raises:
        ArgumentError: A tokenizer for an encoder, or an embedding for a vocabulary.
    """
    name, given = ("tokenizer", tokenizer) if on_encoder else ("embedding", embedding)
    if given is not None:
        kind = "an encoder, which splits texts itself" if on_encoder else "words, with its vectors"
        raise ArgumentError(
            name, expected=f"nothing for a classifier on {kind}", got=described(given)
        )


def _own(path: Path, name: str, saved: Any, given: Any) -> Any:
    """What was passed to `load`, else the name in the file; a function is in no file."""
    if given is not None or saved is not None:
        return saved if given is None else given
    raise ArgumentError(
        str(path),
        expected=f"the {name} function that it was made with",
        got="none, for a file cannot hold it",
        hint=f"TextClassifier.load(path, {name}=...)",
    )


def _opened(tokenizer: Any, where: Path) -> Any:
    """The tokenizer that a file names: there is no answering without it."""
    try:
        found = saved_tokenizer(tokenizer, hint="TextClassifier.load(path, tokenizer=...)")
    except InlayError as error:
        raise _damaged(where, f"{error.expected} ({error.where})", error.got) from error
    if isinstance(found, NotOpened):
        raise found.error
    return found


def _classes(listed: Any, dtype: Any) -> Array:
    """The classes as they were learned: of their dtype, sorted, each once."""
    if not isinstance(listed, list):
        raise FormatError("classes", expected="a list", got=described(listed))
    classes = checked_labels(listed, len(listed))
    if classes.dtype.kind != "U":  # the width of strings comes by itself
        if not isinstance(dtype, str) or not re.fullmatch(r"[<>|=]?[biuf][1248]", dtype):
            raise FormatError("classes_dtype", expected="a dtype of numbers", got=described(dtype))
        with np.errstate(over="ignore"):
            typed = classes.astype(dtype)
        if not np.array_equal(typed, classes):
            raise FormatError("classes", expected=f"numbers of {dtype}", got=described(listed))
        classes = typed
    if not np.array_equal(np.unique(classes), classes):
        raise FormatError("classes", expected="each once, in order", got=described(listed))
    return classes


def _are_numbers(values: Any) -> bool:
    return isinstance(values, list) and all(type(value) in (int, float) for value in values)


def _digests(about: dict[str, Any], folder: Path, arrays: dict[str, Array]) -> dict[str, str]:
    """SHA-256 of the settings as JSON, of the vocabulary's file and of each array's bytes.

    An encoder has its own, in the settings.
    """
    settings = json.dumps(about, sort_keys=True).encode()
    found = {SETTINGS: hashlib.sha256(settings).hexdigest()}
    if ENCODER not in about:
        found[VOCABULARY] = hashlib.sha256((folder / VOCABULARY).read_bytes()).hexdigest()
    for name, array in arrays.items():
        found[name] = hashlib.sha256(np.ascontiguousarray(array).data).hexdigest()
    return found


def _verify(expected: Any, found: dict[str, str], path: Path) -> None:
    if not isinstance(expected, dict):
        raise _damaged(path / SETTINGS, "digests of the files", described(expected))
    changed = sorted(k for k in expected | found if expected.get(k) != found.get(k))
    if changed:
        file = changed[0] if changed[0] in (SETTINGS, VOCABULARY) else WEIGHTS
        raise FormatError(
            str(path / file),
            expected="the digests that were saved with it",
            got=f"other contents of {', '.join(changed[:3])}",
            hint="save the classifier again, or verify=False if it was changed on purpose",
        )


def _read_settings(path: Path) -> dict[str, Any]:
    if not path.is_dir():
        got = "a file" if path.exists() else "nothing there"
        expected = "a folder that TextClassifier.save wrote"
        raise MissingFileError(shortened(path), expected=expected, got=got)
    _check_files(path, SETTINGS, WEIGHTS)
    try:
        about = json.loads((path / SETTINGS).read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as error:
        got = f"{type(error).__name__}: {error}"
        raise _damaged(path / SETTINGS, "settings of a classifier in JSON", got) from error
    if not isinstance(about, dict):
        raise _damaged(path / SETTINGS, "settings of a classifier", described(about))
    mark = about.get("format"), about.get("version")
    if mark != (FORMAT, VERSION) or isinstance(mark[1], bool | float):
        got = f"{described(mark[0])} version {described(mark[1])}"
        raise _damaged(path / SETTINGS, f"{FORMAT} version {VERSION}", got)
    if ENCODER not in about:
        _check_files(path, VOCABULARY)
    return about


def _check_files(path: Path, *names: str) -> None:
    for name in names:
        if not (path / name).is_file():
            raise _damaged(path, "a folder that TextClassifier.save wrote", f"no {name}")


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
        others = names - {SETTINGS, VOCABULARY, WEIGHTS, ENCODER}
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
