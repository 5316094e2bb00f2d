"""The files of a SavedModel, looked at without TensorFlow: a graph, its variables, its assets."""

import os
import weakref
from collections.abc import Iterator
from pathlib import Path

from inlay.bytes.protobuf import Value, fields, inner
from inlay.encode.stamps import Stamp, stamp_of
from inlay.errors import FormatError, MissingFileError

NAME = "savedmodel"  # of the kind
GRAPH, VARIABLES, ASSETS = "saved_model.pb", "variables", "assets"
BLOCK = 1 << 20  # bytes read at a time
# The numbers of the fields of saved_model.proto and meta_graph.proto.
META_GRAPHS, INFO, TAGS, OBJECTS = 2, 1, 4, 7


def is_savedmodel(path: Path) -> bool:
    """Whether a path is the folder of a SavedModel."""
    return path.is_dir() and (path / GRAPH).is_file()


def files_of(folder: Path) -> list[str]:
    """What a SavedModel consists of, as paths within its folder: all that its vectors depend on.

    Raises:
        MissingFileError: It has no graph.
    """
    if not (folder / GRAPH).is_file():
        got = "no such folder" if not folder.is_dir() else f"a folder without {GRAPH}"
        raise MissingFileError(str(folder), expected="the folder of a SavedModel", got=got)
    beside = sorted(
        file.relative_to(folder).as_posix()
        for part in (VARIABLES, ASSETS)
        for file in (folder / part).rglob("*")
        if file.is_file()
    )
    return [GRAPH, *beside]


def digest_of(folder: Path) -> str:
    """SHA-256 over the names and contents of `files_of`."""
    import hashlib

    whole = hashlib.sha256()
    for name in files_of(folder):
        whole.update(f"{name}\0{(folder / name).stat().st_size}\0".encode())
        with (folder / name).open("rb") as file:
            while block := file.read(BLOCK):
                whole.update(block)
    return whole.hexdigest()


def stamps_of(folder: Path) -> list[tuple[str, Stamp]]:
    """The name and the stamp of each of `files_of`: other ones are another SavedModel."""
    return [(name, stamp_of(folder / name)) for name in files_of(folder)]


def copy_files(source: Path, target: Path, *, variables: bool = True) -> None:
    """Copy a SavedModel into a folder that is there, with or without its variables."""
    import shutil

    for name in files_of(source):
        if variables or not name.startswith(f"{VARIABLES}/"):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source / name, target / name)
            stat = (source / name).stat()
            os.utime(target / name, ns=(stat.st_atime_ns, stat.st_mtime_ns))


class Kept:
    """A copy of files that will be gone, for as long as a layer needs it.

    Args:
        folder: The files.

    Attributes:
        folder: The copy.
    """

    def __init__(self, folder: Path) -> None:
        import shutil
        import tempfile

        place = Path(tempfile.mkdtemp())
        weakref.finalize(self, shutil.rmtree, place, ignore_errors=True)
        self.folder = place / "savedmodel"
        shutil.copytree(folder, self.folder)


def tag_sets(folder: Path) -> tuple[list[list[str]], bool]:
    """The tags of each graph of a SavedModel, and whether it is of TensorFlow 2: one of objects.

    Raises:
        FormatError: The file is no SavedModel, or is cut off.
    """
    where = str(folder / GRAPH)
    graphs = [inner(value) for n, value in _fields((folder / GRAPH), where) if n == META_GRAPHS]
    if not graphs:
        raise FormatError(where, expected="a SavedModel", got="a file without a graph")
    found: list[list[str]] = []
    of_objects = False
    for graph in graphs:
        tags: list[str] = []
        for number, value in fields(graph, where):
            if number == INFO:
                info = fields(inner(value), where)
                tags += [bytes(inner(v)).decode("utf-8", "replace") for n, v in info if n == TAGS]
            of_objects |= number == OBJECTS
        found.append(sorted(tags))
    return found, of_objects and len(graphs) == 1


def _fields(path: Path, where: str) -> Iterator[tuple[int, Value]]:
    return fields(memoryview(path.read_bytes()), where)
