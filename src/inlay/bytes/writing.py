"""Writing so that a killed process leaves the old file or the new one, never half of one."""

import contextlib
import errno
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from inlay.errors import ArgumentError, MissingFileError


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path beside `path`; on success it becomes `path` in one step.

    The file is flushed to the disk before it is renamed. On an exception it is removed and
    whatever stood at `path` is untouched. A process that is killed outright leaves a file
    named `.NAME.*.part` beside it. A symbolic link stays one: the file it points to is
    replaced. A device or a pipe (`/dev/stdout`) cannot be replaced and is given itself.

    Raises:
        MissingFileError: The folder does not exist.
        ArgumentError: `path` is a folder.
    """
    path = Path(path)
    kind = _kind(path)
    if kind == stat.S_IFDIR:
        raise ArgumentError(str(path), expected="the name of a file to write", got="a folder")
    if kind not in (None, stat.S_IFREG):
        yield path
        return
    if path.is_symlink():
        path = path.resolve()
    part = _part_of(path)
    part.touch(exist_ok=False)  # with the permissions of any new file
    try:
        yield part
        _flush(part)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    flush_folder(path.parent)


@contextmanager
def atomic_folder(path: str | os.PathLike[str]) -> Iterator[Path]:
    """`atomic_path` for a folder of files: an older folder at `path` is replaced as a whole.

    Between the two renames of a replacement there is an instant at which `path` is missing
    and the old folder is called `.NAME.*.old`. Of several processes at one path the last wins.

    Raises:
        MissingFileError: The folder around it does not exist.
        ArgumentError: `path` is a file.
    """
    path = Path(path)
    if path.is_symlink():
        path = path.resolve()
    if _kind(path) not in (None, stat.S_IFDIR):
        raise ArgumentError(str(path), expected="the name of a folder to write", got="a file")
    part = _part_of(path)
    part.mkdir()
    try:
        yield part
        for file in part.rglob("*"):
            if file.is_file():
                _flush(file)
        flush_folder(part)
        _swap(part, path)
        flush_folder(path.parent)
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _swap(part: Path, path: Path) -> None:
    """Put a folder where another may be, also while other processes do the same."""
    old = part.with_suffix(".old")
    while True:
        with contextlib.suppress(FileNotFoundError):
            path.replace(old)
        try:
            part.replace(path)
        except BaseException as error:
            if isinstance(error, OSError) and error.errno in (errno.ENOTEMPTY, errno.EEXIST):
                shutil.rmtree(old, ignore_errors=True)  # a newer one came in between
                continue
            if old.exists():
                old.replace(path)
            raise
        shutil.rmtree(old, ignore_errors=True)
        return


def _kind(path: Path) -> int | None:
    """What stands at a path, by one look: it may be replaced between two."""
    try:
        return stat.S_IFMT(path.stat().st_mode)
    except OSError:
        return None


def _part_of(path: Path) -> Path:
    if not path.parent.is_dir():
        raise MissingFileError(
            str(path), expected="a folder to write into", got=f"no folder {path.parent}"
        )
    return path.with_name(f".{path.name}.{secrets.token_hex(6)}.part")


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


def flush_folder(path: Path) -> None:
    """Put a folder's names on the disk: without it a rename may be lost when the power is."""
    # Windows cannot open a folder, and some file systems cannot flush one: by then the rename
    # is done, and is as durable as they make it.
    with contextlib.suppress(OSError):
        handle = os.open(path, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
