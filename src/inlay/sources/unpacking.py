"""What has to leave an archive, and nothing else of it: named files, into a folder of ours."""

import stat
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import IO

from inlay.bytes.archives import tar_members
from inlay.bytes.content import is_zip, open_content
from inlay.bytes.damage import damage_reported
from inlay.bytes.limits import UNPACKED
from inlay.bytes.writing import atomic_folder
from inlay.errors import ArgumentError, FormatError
from inlay.sources.source import check_name

BLOCK = 1 << 20
RATIO = 200  # an archive that holds more than so many times its own bytes is no data
EVERYTHING = ("*",)


def unpack(archive: Path, folder: Path, wanted: tuple[str, ...]) -> None:
    """Write files of a zip or tar archive into a new folder, all of them or none.

    Those that are named lie side by side in it; of `("*",)` each keeps its place. A folder that
    the whole archive lies in is left out.

    Args:
        archive: Packed or not.
        folder: What to make; the folder around it exists.
        wanted: The names of members, or `EVERYTHING`.

    Raises:
        FormatError: A damaged archive, a member that leads out of the folder or is a link, one
            that unpacks to a multiple of what it should, or one that is not there.
    """
    everything, found = wanted == EVERYTHING, set()
    most = max(UNPACKED.bytes(), archive.stat().st_size)
    with atomic_folder(folder) as part, damage_reported(archive.name):
        for name, file in _members(archive):
            if not everything and name not in wanted:
                continue
            parts = _safe(name, archive)
            target = part.joinpath(*(parts if everything else parts[-1:]))
            if target.exists():
                raise _refused(archive, name, "a name that comes twice")
            target.parent.mkdir(parents=True, exist_ok=True)
            most -= _write(file, target, most, f"{archive.name}:{name}")
            found.add(name)
        if missing := [] if everything else sorted({*wanted} - found):
            raise FormatError(
                archive.name, expected=f"the members {', '.join(missing)}", got="none of that name"
            )


def _members(archive: Path) -> Iterator[tuple[str, IO[bytes]]]:
    """Name and content of each file in an archive; folders are left out."""
    with archive.open("rb") as plain:
        if is_zip(plain.read(4)):
            with zipfile.ZipFile(plain) as packed:
                yield from _zip_members(packed, archive)
            return
    content = open_content(archive, what="an archive", choosable=False, through_tar=False)
    with content.open() as file:
        for name, _, member in tar_members(file, archive.name):
            yield name, member


def _zip_members(packed: zipfile.ZipFile, archive: Path) -> Iterator[tuple[str, IO[bytes]]]:
    for info in packed.infolist():
        if info.is_dir():
            continue
        if stat.S_ISLNK(info.external_attr >> 16):
            raise _refused(archive, info.filename, "a link")
        if info.file_size > RATIO * max(info.compress_size, 1 << 10):
            raise _refused(archive, info.filename, f"{info.file_size:,} bytes when it is unpacked")
        with packed.open(info) as file:
            yield info.filename, file


def _safe(name: str, archive: Path) -> tuple[str, ...]:
    """The parts of a member's path, none of which leads out of the folder on any system."""
    parts = tuple(part for part in PurePosixPath(name).parts if part != ".")
    for part in parts or (".",):
        try:
            check_name("name", part)
        except ArgumentError as error:
            raise _refused(archive, name, "a name that leads elsewhere") from error
    return parts


def _write(file: IO[bytes], target: Path, most: int, where: str) -> int:
    written = 0
    with target.open("wb") as out:
        while piece := file.read(BLOCK):
            written += len(piece)
            if written > most:
                raise UNPACKED.exceeded(where)
            out.write(piece)
    return written


def _refused(archive: Path, name: str, got: str) -> FormatError:
    return FormatError(
        f"{archive.name}:{name[:100]}",
        expected="files that stay inside of their folder",
        got=got,
        hint="look into the archive before you trust it",
    )
