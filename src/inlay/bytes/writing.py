"""Writing so that a killed process leaves the old file or the new one, never half of one.

Everything that inlay writes goes through `atomic_path` or `atomic_folder`. Both give a temporary
name beside the target; what stands there in the end becomes the target, with the mode of what it
replaces, or else the one that the umask gives to new files. So it does not matter how the caller
writes: other libraries' writers (`safetensors`' `save_file`) make files that only their owner can
read. Several files that belong together are written into one `atomic_folder`.
"""

import contextlib
import errno
import os
import re
import stat
import sys
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from inlay.bytes.content import kind_of
from inlay.errors import ArgumentError
from inlay.paths import file_to_write, folder_to_write

LONGEST = 190  # bytes of a name, beside which there is room for the marks of a process
ABANDONED = 7 * 24 * 3600  # seconds without a change after which no process can be at work on it


@contextmanager
def atomic_path(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path beside `path`; on success it becomes `path` in one step.

    The file is flushed to the disk before it is renamed. On an exception it is removed and
    whatever stood at `path` is untouched. A process that is killed outright leaves a file
    named `.NAME.*.part` beside it, which the next run clears away. A symbolic link stays one:
    the file it points to is replaced. A device or a pipe (`/dev/stdout`) cannot be replaced and
    is given itself.

    Raises:
        MissingFileError: The folder does not exist.
        ArgumentError: `path` is a folder, or a link to itself.
    """
    path = file_to_write(path)
    if kind_of(path) not in (None, stat.S_IFREG):
        yield path
        return
    path = _behind_links(path)
    clear_leftovers(path)
    part = _part_of(path)
    part.touch(exist_ok=False)
    new = mode_of(part, 0o600)
    mode = mode_of(path, new)
    try:
        set_mode(part, mode | 0o600)  # who may not read it may not read half of it either
        yield part
        _flush(part)
        set_mode(part, mode)
        part.replace(path)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    flush_folder(path.parent)


@contextmanager
def atomic_folder(path: str | os.PathLike[str]) -> Iterator[Path]:
    """`atomic_path` for a folder of files: an older folder at `path` is replaced as a whole.

    Between the two renames of a replacement there is an instant at which `path` is missing
    and the old folder is called `.NAME.*.old`. If the second rename fails the old folder is put
    back at once; after a kill in between, by `restore_folder`, which the next writer calls, and
    a reader that misses the folder may. Of several processes at one path the last wins.

    Raises:
        MissingFileError: The folder around it does not exist.
        ArgumentError: `path` is a file, or a link to itself.
    """
    path = _behind_links(folder_to_write(path))
    restore_folder(path)
    clear_leftovers(path)
    part = _part_of(path)
    part.mkdir()
    new = mode_of(part, 0o700)
    mode = mode_of(path, new)
    try:
        set_mode(part, mode | 0o700)
        yield part
        for file in sorted(part.rglob("*"), reverse=True):  # what is in a folder before it
            if file.is_symlink():
                continue
            if file.is_file():
                _flush(file)
                set_mode(file, mode_of(path / file.relative_to(part), new & 0o666))
            elif file.is_dir():
                flush_folder(file)
        flush_folder(part)
        set_mode(part, mode)
        _swap(part, path)
        flush_folder(path.parent)
    finally:
        _remove(part)


def restore_folder(path: Path) -> None:
    """Put back what stood at `path` if its replacement was killed between two renames."""
    if kind_of(path) is None:
        olds = [file for file in _leftovers(path) if file.suffix == ".old"]
        with contextlib.suppress(FileNotFoundError):  # another process has just done the same
            for old in sorted(olds, key=lambda file: file.stat().st_mtime, reverse=True)[:1]:
                old.replace(path)


def clear_leftovers(path: Path) -> None:
    """Remove what processes that were killed left beside `path`: `.NAME.*.part` and `.old`.

    Those of living processes stay, and so do those of other machines and containers, whose
    processes cannot be seen, until nothing has changed in them for a week.
    """
    for file in _leftovers(path):
        if file.is_dir():
            _remove(file)
        else:
            with contextlib.suppress(OSError):
                file.unlink()


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


def mode_of(path: Path, otherwise: int) -> int:
    """The permissions of what stands at a path, if anything does."""
    try:
        return stat.S_IMODE(path.stat().st_mode)
    except OSError:
        return otherwise


def set_mode(path: Path, mode: int) -> None:
    """Give permissions to a file or folder, where its file system has any."""
    with contextlib.suppress(OSError):
        if mode_of(path, -1) != mode:
            path.chmod(mode)


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
                _remove(old)  # a newer one came in between
                continue
            if old.exists():
                old.replace(path)
            raise
        _remove(old)
        return


def _remove(folder: Path) -> None:
    import shutil

    shutil.rmtree(folder, ignore_errors=True)


def _behind_links(path: Path) -> Path:
    if not path.is_symlink():
        return path
    with contextlib.suppress(OSError, RuntimeError):  # of a loop: which one depends on Python
        resolved = path.resolve()
        if not resolved.is_symlink():  # from 3.13 on a loop is resolved to itself
            return resolved
    raise ArgumentError(
        str(path), expected="a name to write to", got="a link that leads back to itself"
    )


def _part_of(path: Path) -> Path:
    """A name of our own beside `path`; it says which process of which machine has it."""
    process = f"{_machine()}_{os.getpid()}_{os.urandom(6).hex()}"
    return path.with_name(f".{_shortened(path.name)}.{process}.part")


def _shortened(name: str) -> str:
    """A name that leaves room for ours: file systems end at 255 bytes."""
    raw = os.fsencode(name)
    return name if len(raw) <= LONGEST else f"{name[:40]}_{zlib.crc32(raw):08x}"


def _leftovers(path: Path) -> list[Path]:
    """What dead processes left of `path`."""
    mark = r"\.([0-9a-f]{8})_([0-9]{1,9})_[0-9a-f]{12}\.(?:part|old)"
    ours = re.compile(re.escape(f".{_shortened(path.name)}") + mark)
    try:
        found = [match for name in os.listdir(path.parent) if (match := ours.fullmatch(name))]
    except OSError:  # no such folder, or one that may be written to and not looked into
        return []
    parts = [(path.with_name(match[0]), int(match[2]), match[1]) for match in found]
    return [part for part, pid, machine in parts if _is_dead(pid, machine) or _is_abandoned(part)]


def _machine() -> str:
    """What stands for this machine, or this container of it, in a name."""
    import platform

    space = ""
    with contextlib.suppress(OSError):
        space = os.readlink("/proc/self/ns/pid")
    return f"{zlib.crc32(f'{platform.node()} {space}'.encode()):08x}"


def _is_dead(pid: int, machine: str) -> bool:
    if machine != _machine() or sys.platform == "win32":  # where signal 0 would be Ctrl+C
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        pass
    return False


def _is_abandoned(part: Path) -> bool:
    try:
        files = [part, *part.rglob("*")]
        return max(file.stat().st_mtime for file in files) < time.time() - ABANDONED
    except OSError:  # removed while we look at it
        return False


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
