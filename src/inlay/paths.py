"""Paths looked at before any work begins: of what is read, and of what is to be written."""

import errno
import os
import stat
from pathlib import Path
from typing import Any

from inlay.checks import described
from inlay.errors import ArgumentError, ArgumentTypeError, MissingFileError

# Ends of names that files of models have, and folders that hold one do not.
FILES: tuple[str, ...] = (
    ".bin",
    ".ckpt",
    ".h5",
    ".hdf5",
    ".joblib",
    ".json",
    ".keras",
    ".npy",
    ".npz",
    ".onnx",
)
FILES += (".pb", ".pickle", ".pkl", ".pt", ".pth", ".safetensors", ".tar", ".txt", ".vec", ".zip")


def path_to_read(name: str, path: Any) -> Path:
    """What is given for the name of a file or folder, as a path; whether it exists is not asked.

    Raises:
        ArgumentTypeError: No string and no path, or bytes.
        ArgumentError: An empty string, which would be the working folder.
        MissingFileError: A name longer than any file's, as a text is that was given for a path;
            an address.
    """
    if isinstance(path, str) and not path:
        raise ArgumentError(name, expected="the name of a file or folder", got="an empty string")
    if not isinstance(path, str) and not (
        isinstance(path, os.PathLike) and isinstance(path.__fspath__(), str)
    ):
        hint = "the name of the file" if hasattr(path, "read") else ""
        got = described(path)
        raise ArgumentTypeError(name, expected="a path, as a string", got=got, hint=hint)
    text = os.fspath(path)
    try:
        os.lstat(text)
    except (OSError, ValueError) as error:
        if getattr(error, "errno", None) == errno.ENAMETOOLONG:
            raise MissingFileError(
                name,
                expected="the path of a file or folder",
                got=f"{text[:60]!r}... of {len(text):,} characters, longer than any name",
                hint="a text itself goes into a list: [text]",
            ) from None
        scheme, found, place = text.partition("://")
        if found:  # a path would print one slash of it
            fetched = f"inlay.sources.fetch({text!r}), which gives its path"
            hints = {"file": place, "http": fetched, "https": fetched}
            raise MissingFileError(
                text,
                expected="a file or folder of this machine",
                got="an address",
                hint=hints.get(scheme, ""),
            ) from None
    return Path(path)


def file_to_write(path: str | os.PathLike[str]) -> Path:
    """The path of a file that can be written, looked at before the work that fills it.

    Raises:
        MissingFileError: There is no folder to write into.
        ArgumentError: It is a folder.
    """
    target = path_to_read("path", path)
    if target.is_dir():
        raise ArgumentError(str(path), expected="the name of a file to write", got="a folder")
    return _in_a_folder(target)


def folder_to_write(path: str | os.PathLike[str], name: str = "path") -> Path:
    """The path of a folder that can be written, which may exist; `name` is the argument's.

    Raises:
        MissingFileError: There is no folder around it.
        ArgumentError: It is a file; or nothing is there yet, and it has the name of a file.
    """
    target = path_to_read(name, path)
    try:  # one look: another process may replace it between two
        stands_there = target.stat().st_mode
    except (OSError, ValueError):
        stands_there = None
    if stands_there is not None and not stat.S_ISDIR(stands_there):
        raise ArgumentError(str(path), expected="the name of a folder to write", got="a file")
    if stands_there is None and target.suffix.lower() in FILES:
        raise ArgumentError(
            str(path),
            expected="the name of a folder to write",
            got=f"one that ends in {target.suffix}, as the names of files do",
            hint=f"{str(target.with_suffix(''))!r}",
        )
    return _in_a_folder(target)


def check_writable(where: str, path: Path) -> None:
    """Try to write where a file or folder is to be, before the work that fills it.

    Permissions alone do not tell: a disk may be full, or can only be read. A folder is replaced by
    another beside it, except where it has to keep its place.

    Args:
        where: The argument or the path, for the message.
        path: What `file_to_write` or `folder_to_write` gave.

    Raises:
        ArgumentError: No file can be made there.
    """
    import tempfile

    target = path.resolve()
    places = [target] if target.is_dir() else []
    if not places or not (target == Path.cwd() or target.is_mount()):
        places.append(target.parent)
    for place in places:
        try:
            with tempfile.TemporaryFile(dir=place):
                pass
        except OSError as error:
            raise ArgumentError(
                where,
                expected="a folder that can be written to",
                got=f"{place}: {error.strerror or error}",
                hint="another folder",
            ) from error


def _in_a_folder(target: Path) -> Path:
    if "\0" in str(target):
        raise ArgumentError("path", expected="a name without a NUL", got=described(str(target)))
    try:
        os.fsencode(target)
    except UnicodeEncodeError:
        expected = "a name that the file system can hold"
        raise ArgumentError("path", expected=expected, got=described(str(target))) from None
    if not target.parent.is_dir():
        raise MissingFileError(
            str(target), expected="a folder to write into", got=f"no folder {target.parent}"
        )
    return target
