"""The official pair of files, `options.json` and `weights.hdf5`, as one thing.

Two files cannot be replaced in one step. So the weights that inlay writes have a note of the
options that they belong to, and a digest of both; other programs overlook it.
"""

import hashlib
import json
from pathlib import Path
from typing import NamedTuple

from inlay.containers import open as open_container
from inlay.encode.elmo.options import Options
from inlay.encode.elmo.weights import Weights, fitted
from inlay.errors import ArgumentError, FormatError, MissingFileError

OPTIONS, WEIGHTS = "options.json", "weights.hdf5"
NOTE = "inlay"  # what the note is called among the attributes of the weights' file


class Note(NamedTuple):
    """What inlay's weights say of themselves.

    Attributes:
        options: Those that they belong to.
        hash: `Weights.hash` of both.
        replaces: SHA-256 of the `options.json` that stood beside them when they were written,
            or "" if there was none.
    """

    options: Options
    hash: str
    replaces: str


def read_pair(
    weights: Path, options: Path | None, *, verify: bool = False
) -> tuple[Options, Weights]:
    """Read official weights and their options.

    Args:
        weights: The file of the weights.
        options: That of the options; None: the weights' note has them.
        verify: Compare the digest in the note with all that was read.

    Raises:
        MissingFileError: No file, or no options at all.
        FormatError: A broken file, options of another model, or another digest.
        ArgumentError: `verify`, and weights without a digest.
        MissingPackageError: h5py is not installed.
    """
    where = str(weights)
    with open_container(weights, kind="hdf5") as arrays:
        note = _note(arrays.metadata, where)
        chosen = fitted(_options(options, note, where), arrays)
        found = Weights.take(arrays, chosen, where)
    if verify:
        _verify(chosen, found, note, where)
    return chosen, found


def write_pair(folder: Path, options: Options, weights: Weights) -> None:
    """Write a model over the one in a folder, if there is one; other files in it stay.

    At every moment the folder holds the old model or the new one, also if the process is killed:
    new weights come with their options, and with the digest of those that they make out of date.

    Args:
        folder: One that exists.
        options: The shape of the network.
        weights: Its numbers; they are read once for their digest.

    Raises:
        MissingPackageError: h5py is not installed.
    """
    place = folder / OPTIONS
    note = {
        "options": options.to_dict(),
        "hash": weights.hash(options),
        "replaces": _digest(place) if place.is_file() else "",
    }
    weights.save(folder / WEIGHTS, {NOTE: json.dumps(note)})
    options.save(place)


def _options(file: Path | None, note: Note | None, where: str) -> Options:
    """The options of official weights: in their file, unless the weights know better."""
    if file is None:
        if note is None:
            raise MissingFileError(
                where, expected="an options.json beside it", got="none", hint="give both by name"
            )
        return note.options
    options = Options.load(file)
    if note is None or note.options == options:
        return options
    if note.replaces == _digest(file):  # `write_pair` was stopped before it could replace them
        return note.options
    raise FormatError(
        str(file),
        expected=f"the options that {Path(where).name} was written with",
        got="others",
        hint=f"without this file {Path(where).name} is read with its own",
    )


def _note(metadata: dict[str, str], where: str) -> Note | None:
    text = metadata.get(NOTE)
    if text is None:
        return None
    try:
        values = json.loads(text)
        options = Options.from_dict(values["options"], where=f"{where}, note")
        return Note(options, str(values["hash"]), str(values["replaces"]))
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        if isinstance(error, FormatError):
            raise
        raise FormatError(where, expected="the note of inlay", got=repr(error)) from error


def _verify(options: Options, weights: Weights, note: Note | None, where: str) -> None:
    if note is None:
        raise ArgumentError(
            "verify", expected="weights with a digest, which inlay wrote", got=where
        )
    computed = weights.hash(options)
    if computed != note.hash:
        raise FormatError(
            where,
            expected=f"weights of SHA-256 {note.hash}",
            got=computed,
            hint="another copy: bytes in it have changed",
        )


def _digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()
