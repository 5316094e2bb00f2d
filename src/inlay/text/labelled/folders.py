"""Labelled text in folders: a folder per class, an archive of that, a file per class."""

import lzma
import tarfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from inlay.errors import ArgumentError, FormatError
from inlay.text.labelled.texts import Item, Source

SPLITS = frozenset({"train", "test", "dev", "valid", "validation"})
UNLABELLED = "unsup"
BLOCK = 1 << 20

File = tuple[tuple[str, ...], Path | bytes]  # the parts of its path inside the folder, and itself


def folder_files(source: Source) -> Iterator[File]:
    """Every file below a folder; hidden ones and what lies in hidden folders left out."""
    if not source.path.is_dir():
        raise ArgumentError(str(source.path), expected="a folder", got="a file")
    for path in source.path.rglob("*"):
        parts = path.relative_to(source.path).parts
        if path.is_file() and not any(part.startswith(".") for part in parts):
            yield parts, path


def archive_files(source: Source) -> Iterator[File]:
    """Every file in a tar archive; nothing is written to the disk."""
    try:
        # As a stream: an xz archive that is asked to go back unpacks from its start again.
        with source.open() as packed, tarfile.open(fileobj=packed, mode="r|") as archive:
            for member in archive:
                parts = tuple(p for p in PurePosixPath(member.name).parts if p not in (".", "/"))
                file = archive.extractfile(member) if member.isfile() else None
                if file is not None and not any(part.startswith(".") for part in parts):
                    yield parts, file.read()
            while packed.read(BLOCK):
                pass  # tarfile stops at its own end; only the packer's tells of a cut-off file
    except (tarfile.TarError, EOFError, OSError, lzma.LZMAError) as error:
        raise FormatError(
            str(source.path),
            expected="a whole tar archive",
            got=f"{error}",
            hint="download it again; a cut-off file looks like this",
        ) from error


def class_files(
    source: Source, files: Iterator[File], split: str | None, skipped: dict[str, int]
) -> Iterator[Item]:
    """The texts of class folders by class and file name; other files are counted as skipped."""
    where, left_out, chosen = str(source.path), Counter[str](), []
    others: list[tuple[str, ...]] = []
    for parts, content in files:
        place = _place(parts, split)
        if place is None:
            others.append(parts)
            left_out["files outside class folders"] += split is None or split in parts
        elif place[0] == UNLABELLED:
            left_out[UNLABELLED] += 1
        else:
            chosen.append((place, content))
    splits = sorted({part for parts in others for part in parts[:-2] if part in SPLITS})
    if splits and (split is None or not chosen):
        raise ArgumentError(
            "split", expected=f"one of {', '.join(map(repr, splits))}", got=repr(split)
        )
    skipped.update((name, n) for name, n in left_out.items() if n)
    for (label, name), content in sorted(chosen, key=lambda item: item[0]):
        file = f"{where}: {label}/{name}"
        raw = content.read_bytes() if isinstance(content, Path) else content
        yield Item(source.decode(raw, file), label, f"{label}/{name}")


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


def one_file_a_class(source: Source) -> Iterator[Item]:
    """One text a line. An empty line is an empty text."""
    if not source.path.is_dir():
        raise ArgumentError(str(source.path), expected="a folder of files", got="a file")
    paths = sorted(p for p in source.path.iterdir() if p.is_file() and p.name[0] != ".")
    suffixes = {path.suffix for path in paths}
    by_suffix = len({path.stem for path in paths}) == 1 and len(suffixes) == len(paths) > 1
    for path in paths:
        label = path.suffix[1:] if by_suffix else path.stem
        for number, line in source.lines(path):
            yield Item(line, label, f"{path.name}:{number}")
