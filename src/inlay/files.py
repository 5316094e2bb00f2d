"""Writing so that a killed process leaves the old file or the new one, never half of one."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from inlay.errors import MissingFileError


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path beside `path`; on success it becomes `path` in one step.

    The file is flushed to the disk before it is renamed. On an exception it is removed and
    whatever stood at `path` is untouched. A process that is killed outright leaves a file
    named `.NAME.*.part` beside it.

    Raises:
        MissingFileError: The folder does not exist.
    """
    path = Path(path)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", suffix=".part", dir=_folder_of(path))
    os.close(handle)
    part = Path(name)
    try:
        yield part
        _flush(part)
        # mkstemp makes files private; the result gets the permissions of any new file.
        part.chmod(0o666 & ~_umask())
        part.replace(path)
        _flush_folder(path.parent)
    except BaseException:
        part.unlink(missing_ok=True)
        raise


@contextmanager
def atomic_folder(path: str | os.PathLike[str]) -> Iterator[Path]:
    """`atomic_path` for a folder of files: an older folder at `path` is replaced as a whole.

    Between the two renames of a replacement there is an instant at which `path` is missing
    and the old folder is called `.NAME.*.old`.
    """
    path = Path(path)
    part = Path(tempfile.mkdtemp(prefix=f".{path.name}.", suffix=".part", dir=_folder_of(path)))
    old = part.with_suffix(".old")
    try:
        yield part
        for file in part.rglob("*"):
            if file.is_file():
                _flush(file)
        part.chmod(0o777 & ~_umask())
        if path.exists():
            path.replace(old)
        try:
            part.replace(path)
        except BaseException:
            old.replace(path)
            raise
        _flush_folder(path.parent)
        shutil.rmtree(old, ignore_errors=True)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _folder_of(path: Path) -> Path:
    if not path.parent.is_dir():
        raise MissingFileError(
            str(path), expected="a folder to write into", got=f"no folder {path.parent}"
        )
    return path.parent


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def _flush_folder(path: Path) -> None:
    if os.name == "posix":  # Windows cannot open a folder; its rename is durable by journal
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
