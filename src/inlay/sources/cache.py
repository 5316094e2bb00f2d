"""Where downloads are kept, what is noted of each, and what of it can be removed.

    downloads/HOST-XXXXXXXX/FILE            as it came
    downloads/HOST-XXXXXXXX/FILE.inlay      what is noted of it: JSON, with its SHA-256
    downloads/HOST-XXXXXXXX/FILE.part       what has come so far, and FILE.part.inlay from where
    unpacked/NAME-XXXXXXXXXXXX              what had to leave an archive
    tables/NAME-XXXXXXXXXXXX.v1.safetensors    the table in inlay's own format, which is mapped

A folder of downloads is named after the address, so that four tables in one archive are one
download. The digits behind a name stand for the download's SHA-256 and what is taken of it.
"""

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from inlay.errors import ArgumentError, MissingFileError
from inlay.sources.source import Download, Source

NOTE, PART, LOCK = ".inlay", ".part", ".lock"
ROOMS = ("downloads", "unpacked", "tables")


def cache_folder() -> Path:
    """The folder of all that is fetched: `INLAY_CACHE`, or the one that this system has for it.

    Raises:
        ArgumentError: `INLAY_CACHE` is a file, or begins with the home of a user who has none.
    """
    said = os.environ.get("INLAY_CACHE", "")
    try:
        folder = Path(said).expanduser().absolute() if said.strip() else _of_this_system()
    except RuntimeError as error:  # no home
        raise ArgumentError("INLAY_CACHE", expected="a folder", got=repr(said)) from error
    if folder.exists() and not folder.is_dir():
        raise ArgumentError("INLAY_CACHE", expected="a folder", got=f"a file, {folder}")
    return folder


def place_of(source: Source) -> Path:
    """The folder in which the downloads of a source lie, or will."""
    import hashlib

    urls = [download.url for download in source.downloads]
    digits = hashlib.sha256("\n".join(urls).encode()).hexdigest()[:8]
    host = urlsplit(source.url).hostname or "file"
    return cache_folder() / "downloads" / f"{host}-{digits}"


def files_of(source: Source) -> list[tuple[Download, Path]]:
    """Each download of a source, and where it lies, or will."""
    place = place_of(source)
    return [(download, place / download.name) for download in source.downloads]


def made_of(source: Source, room: str, digest: str, suffix: str = "") -> Path:
    """Where what is made of a download with this SHA-256 lies, or will: one of `ROOMS`."""
    import hashlib

    made = hashlib.sha256(f"{digest} {source.member} {source.unpack}".encode()).hexdigest()
    return cache_folder() / room / f"{source.name}-{made[:12]}{suffix}"


def read_note(path: Path) -> dict[str, Any] | None:
    """What is noted beside a file; None if nothing is, or nothing that can be read."""
    try:
        found = json.loads(path.with_name(path.name + NOTE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return found if isinstance(found, dict) else None


def write_note(path: Path, note: dict[str, Any]) -> None:
    """Note something beside a file."""
    from inlay.bytes.writing import atomic_path

    with atomic_path(path.with_name(path.name + NOTE)) as part:
        part.write_text(json.dumps(note, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


class Kept(NamedTuple):
    """Something in the cache.

    Attributes:
        path: Relative to the cache's folder.
        bytes: What it takes on the disk.
        name: By which it was fetched; "" if that is not noted.
        whole: Whether it is all there; otherwise the next fetch goes on with it.
    """

    path: Path
    bytes: int
    name: str
    whole: bool


def kept() -> list[Kept]:
    """Everything in the cache, by its place; notes and locks are left out."""
    folder = cache_folder()
    found: list[Kept] = []
    for room in ROOMS:
        if not (folder / room).is_dir():
            continue
        places = sorted((folder / room).iterdir())
        if room == "downloads":
            places = [
                file for place in places if place.is_dir() for file in sorted(place.iterdir())
            ]
        for path in places:
            if path.name.endswith((NOTE, LOCK)) or path.name.startswith("."):
                continue
            name = path.name.rpartition("-")[0]
            if room == "downloads":
                whole = path.with_name(path.name.removesuffix(PART))
                name = str((read_note(path) or read_note(whole) or {}).get("name", ""))
            size = sum(file.stat().st_size for file in _files(path))
            is_whole = not path.name.endswith(PART)
            found.append(Kept(path.relative_to(folder), size, name, is_whole))
    return found


def remove(name: str, *, forget: bool = False) -> list[Kept]:
    """Remove what was fetched and made by a name of the catalogue, or by a path from `kept`.

    What is noted of a download stays, so that other bytes at its address are noticed later.

    Args:
        name: As in `kept`; an archive that other tables lie in too goes with it.
        forget: Remove what is noted as well.

    Returns:
        What was removed.

    Raises:
        MissingFileError: Nothing of that name is there.
    """
    import shutil

    from inlay.sources.names import find

    folder, source = cache_folder(), find(name)
    names = {name} | ({source.name} if source else set())
    own = place_of(source).relative_to(folder) if source else None
    found = [
        item
        for item in kept()
        if item.name in names or item.path.as_posix() == name or item.path.parent == own
    ]
    places = [folder / item.path for item in found]
    noted = sorted((folder / "downloads").glob(f"*/*{NOTE}")) if forget else []
    notes = [note for note in noted if _named_in(note) in names]
    notes += [path.with_name(path.name + NOTE) for path in places if forget or _is_part(path)]
    if not found and not notes:
        hint = "inlay cache list, which says what is there"
        raise MissingFileError(name, expected="something fetched", got="nothing there", hint=hint)
    for path in places:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
    for note in notes:
        note.unlink(missing_ok=True)
    return found


def _named_in(note: Path) -> str:
    """By which name the file was fetched that this note is of."""
    return str((read_note(note.with_name(note.name.removesuffix(NOTE))) or {}).get("name", ""))


def _is_part(path: Path) -> bool:
    return path.name.endswith(PART)


def _files(path: Path) -> Iterator[Path]:
    yield from (file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]


def _of_this_system() -> Path:
    home, system = Path.home(), str(sys.platform)
    if system == "win32":
        local = os.environ.get("LOCALAPPDATA", "")
        return (Path(local) if local else home / "AppData" / "Local") / "inlay" / "Cache"
    if system == "darwin":
        return home / "Library" / "Caches" / "inlay"
    said = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(said) if os.path.isabs(said) else home / ".cache") / "inlay"
