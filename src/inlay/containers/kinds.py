"""The kinds of containers in one explicit tuple, and how a file's own is found."""

import os
from pathlib import Path

from inlay.checks import choice
from inlay.containers.hdf5 import Hdf5
from inlay.containers.numpy import NumpyArchive, NumpyArray
from inlay.containers.onnx import Onnx
from inlay.containers.protocol import Container
from inlay.containers.safetensors import Safetensors
from inlay.containers.shards import Shards
from inlay.containers.tensorflow import TensorFlow
from inlay.containers.torch import Torch
from inlay.errors import FormatError, MissingFileError
from inlay.paths import path_to_read

CONTAINERS: tuple[type[Container], ...] = (
    Safetensors,
    Hdf5,
    NumpyArchive,
    NumpyArray,
    TensorFlow,
    Torch,
    Onnx,
    Shards,
)
HEAD = 1 << 12  # bytes that kinds are recognised by


def open(path: str | os.PathLike[str], kind: str | None = None) -> Container:
    """Open a file of named arrays; nothing is read but names, shapes and dtypes.

    Args:
        path: The file. Of a TensorFlow checkpoint, which is several files: what their names
            have in common, or its index. Of a SavedModel, or of the last of several
            checkpoints: the folder. Of a model in several files of arrays: the `.index.json`
            beside them.
        kind: One of `"safetensors"`, `"hdf5"`, `"npz"`, `"npy"`, `"tensorflow"`, `"torch"`,
            `"onnx"`, `"shards"`. None: by the first bytes, never by the name.

    Returns:
        A mapping of names to lazy arrays, in the file's order; close it, or use `with`.

    Raises:
        MissingFileError: There is no such file.
        ArgumentTypeError: `path` is no path.
        FormatError: A damaged file, or one of no kind that we know.
        ArgumentError: No kind of this name.
        MissingPackageError: What reads the kind is not installed.

    Examples:
        >>> from tempfile import mkdtemp; import numpy as np
        >>> path = Path(mkdtemp(), "two.npz")
        >>> np.savez(path, embedding=np.eye(3), bias=np.zeros(3))
        >>> with open(path) as file:
        ...     print(list(file), file["embedding"].shape, file["embedding"][1])
        ['embedding', 'bias'] (3, 3) [0. 1. 0.]
    """
    path = path_to_read("path", path)
    if kind is not None:
        names = [known.kind for known in CONTAINERS]
        chosen = CONTAINERS[names.index(choice("kind", kind, names))]
        if not chosen.exists(path):
            raise _missing(path)
        return chosen.open(path)
    found = kind_of_file(path)
    if found is None:
        raise FormatError(
            str(path),
            expected=f"a file of arrays: {', '.join(known.kind for known in CONTAINERS)}",
            got=f"one that begins with {_head(path)[:8]!r}",
            hint="unpack an archive first",
        )
    return found.open(path)


def kind_of_file(path: Path) -> type[Container] | None:
    """The kind of a file by its first bytes, or None if it is none of ours.

    Raises:
        MissingFileError: There is no such file.
    """
    head = _head(path) if path.is_file() else b""
    for kind in CONTAINERS:
        if kind.sniff(head, path):
            return kind
    if not path.is_file():
        raise _missing(path)
    return None


def _missing(path: Path) -> MissingFileError:
    got = "a folder" if path.is_dir() else "nothing there"
    return MissingFileError(str(path), expected="a file of arrays", got=got)


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD)
