"""Labelled text in folders: a folder per class, an archive of that, a file per class."""

import os
import stat
from collections import Counter
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path, PurePosixPath
from typing import IO

from inlay.bytes.archives import tar_members
from inlay.bytes.content import kind_of, open_content
from inlay.bytes.damage import damage_reported
from inlay.bytes.encodings import Encoding
from inlay.bytes.limits import TEXT, UNPACKED
from inlay.bytes.lines import read_lines
from inlay.errors import ArgumentError, FormatError
from inlay.text.labelled.texts import Item

SPLITS = frozenset({"train", "test", "dev", "valid", "validation"})
UNLABELLED = "unsup"

# The parts of its path inside the folder, and itself: what is in an archive is read at once.
File = tuple[tuple[str, ...], Path | Callable[[], bytes]]


def folder_files(folder: Path) -> Iterator[File]:
    """Every file below a folder; hidden ones and what lies in hidden folders left out.

    Raises:
        ArgumentError: It is no folder.
        FormatError: A link to a folder, which may be any other or one around it.
    """
    _check_folder(folder)
    todo: list[tuple[tuple[str, ...], Path]] = [((), folder)]
    while todo:
        outer, place = todo.pop()
        for path in place.iterdir():
            parts, kind = (*outer, path.name), kind_of(path)
            if path.name.startswith("."):
                continue
            if kind == stat.S_IFDIR:
                if path.is_symlink():
                    raise _linked(path, "a link to a folder")
                todo.append((parts, path))
            elif kind == stat.S_IFREG or path.is_symlink():
                yield parts, path


def archive_files(path: Path) -> Iterator[File]:
    """Every file in a tar archive; nothing is written to the disk.

    Raises:
        FormatError: No whole archive, or texts beyond the limits.
    """
    content = open_content(path, what="a tar archive", choosable=False, through_tar=False)
    most, total = max(UNPACKED.bytes(), path.stat().st_size), 0

    def read(name: str, size: int, file: IO[bytes]) -> bytes:
        nonlocal total
        total += size
        if size > TEXT.bytes():
            raise TEXT.exceeded(f"{path}: {name}", f"one of {size:,}")
        if total > most:
            raise UNPACKED.exceeded(str(path))
        with damage_reported(f"{path}: {name}", expected=expected):
            return file.read()

    expected = "a whole tar archive"
    with content.open() as packed, damage_reported(str(path), expected=expected):
        for name, size, file in tar_members(packed, str(path)):
            parts = tuple(p for p in PurePosixPath(name).parts if p not in (".", "/"))
            if not any(part.startswith(".") for part in parts):
                yield parts, partial(read, name, size, file)


def class_files(
    where: Path,
    files: Iterator[File],
    encoding: Encoding,
    split: str | None,
    skipped: dict[str, int],
) -> Iterator[Item]:
    """The texts of class folders by class and file name; other files are counted as skipped."""
    left_out: Counter[str] = Counter()
    chosen: list[tuple[tuple[str, str], Path | bytes]] = []
    others: list[tuple[str, ...]] = []
    for parts, content in files:
        place = _place(parts, split)
        if place is None:
            others.append(parts)
            left_out["files outside class folders"] += split is None or split in parts
        elif place[0] == UNLABELLED:
            left_out[UNLABELLED] += 1
        else:
            chosen.append((place, content if isinstance(content, Path) else content()))
    splits = sorted({part for parts in others for part in parts[:-2] if part in SPLITS})
    if splits and (split is None or not chosen):
        raise ArgumentError(
            "split", expected=f"one of {', '.join(map(repr, splits))}", got=repr(split)
        )
    skipped.update((name, n) for name, n in left_out.items() if n)
    for (label, name), text in sorted(chosen, key=lambda item: item[0]):
        raw = _read(text, where) if isinstance(text, Path) else text
        yield Item(encoding.decode(raw, f"{where}: {label}/{name}"), label, f"{label}/{name}")


def one_file_a_class(folder: Path, encoding: Encoding) -> Iterator[Item]:
    """One text a line. An empty line is an empty text."""
    _check_folder(folder)
    paths = sorted(
        path
        for path in folder.iterdir()
        if path.name[0] != "." and (path.is_file() or (path.is_symlink() and not path.is_dir()))
    )
    suffixes = {path.suffix for path in paths}
    by_suffix = len({path.stem for path in paths}) == 1 and len(suffixes) == len(paths) > 1
    for path in paths:
        _check_link(path, folder)
        label = path.suffix[1:] if by_suffix else path.stem
        for number, line in enumerate(read_lines(path, encoding), 1):
            text = line.removesuffix("\n").removesuffix("\r")
            yield Item(text, label, f"{path.name}:{number}")


def _place(parts: tuple[str, ...], split: str | None) -> tuple[str, str] | None:
    """`(label, file name)` if a path is `[..., split,] label, name` in the part asked for."""
    if split is None:
        # An archive of one folder has one name more in front of everything.
        inner = parts[-2:] if len(parts) in (2, 3) else ()
        if len(inner) < 2 or inner[0] in SPLITS or parts[0] in SPLITS:
            return None
        return inner[0], inner[1]
    if len(parts) < 3 or parts[-3] != split:
        return None
    return parts[-2], parts[-1]


def _check_folder(path: Path) -> None:
    if not path.is_dir():
        raise ArgumentError(str(path), expected="a folder", got="a file")


def _read(path: Path, folder: Path) -> bytes:
    _check_link(path, folder)
    size = path.stat().st_size
    if size > TEXT.bytes():
        raise TEXT.exceeded(str(path), f"one of {size:,}")
    return path.read_bytes()


def _check_link(path: Path, folder: Path) -> None:
    """Refuse to read what lies elsewhere: a folder from a stranger may name any file of ours."""
    if path.is_symlink():
        if kind_of(path) != stat.S_IFREG:
            raise _linked(path, "a link to nothing, or to no file")
        if not path.resolve().is_relative_to(folder.resolve()):
            raise _linked(path, "a link out of the folder")


def _linked(path: Path, got: str) -> FormatError:
    return FormatError(
        str(path),
        expected="files and folders, and links to files among them",
        got=f"{got} ({os.readlink(path)})",
        hint="remove it, or put a copy of what it leads to in its place",
    )
