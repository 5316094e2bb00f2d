"""A table by its name in the catalogue: fetched once, converted once, and mapped from then on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import Any

from inlay.bytes.content import WINDOW, open_content
from inlay.bytes.damage import damage_reported
from inlay.bytes.writing import atomic_folder, atomic_path
from inlay.checks import warn
from inlay.core import Table
from inlay.errors import DownloadError
from inlay.formats.native import VERSION, Native
from inlay.formats.strangers import FASTTEXT
from inlay.sources.cache import LOCK, files_of, made_of, read_note
from inlay.sources.fetching import fetch_source
from inlay.sources.lock import only_one
from inlay.sources.source import Source

Load = Callable[..., Table]
Read = Callable[[Path, str | None, Path], Table]
# Settings of `load` with which not all rows, or not all formats, are meant.
AS_IT_CAME = ("format", "member", "name", "tokens")
PARTIAL = (*AS_IT_CAME, "limit", "keep")
SUFFIX = f".v{VERSION}.safetensors"


def load_fetched(
    source: Source,
    load: Load,
    read: Read,
    settings: dict[str, Any],
    say: Callable[[str], None] | None = None,
) -> Table:
    """`inlay.load` of a source.

    The first time that all rows are asked for, they are written in inlay's own format, and that
    file is mapped. Where only some rows are asked for before, they are read from the download.

    Args:
        source: Of vectors.
        load: `inlay.load`, of a path.
        read: What reads a file, or a member of it, with its rows in a folder.
        settings: All arguments of `load` but the path.
        say: As of `fetch_source`.

    Returns:
        The table; its provenance has `catalogue`, `url`, `sha256` and `licence` too.

    Raises:
        DownloadError: It cannot be fetched.
        FormatError: The download is damaged.
    """
    if source.on_hub:
        fetched = fetch_source(source, say=say)
        member = settings["member"] or source.member
        table = load(fetched.path, **{**settings, "member": member})
        return table._with(table._rows, fetched.provenance)
    as_it_came = any(settings[given] is not None for given in AS_IT_CAME)
    native = None if as_it_came else _native(source)
    if native is not None:
        return load(native, **{**settings, "member": None})
    fetched = fetch_source(source, say=say)
    facts, member = fetched.provenance, settings["member"] or source.member
    rows = any(settings[name] is not None for name in PARTIAL)
    if as_it_came or (rows and not _is_model(fetched.path, member)):
        table = load(fetched.path, **{**settings, "member": member})
        return table._with(table._rows, facts)
    place = made_of(source, "tables", fetched.sha256, SUFFIX)
    try:
        _convert(fetched.path, member, place, read, facts)
    except OSError as error:
        if error.errno is None:  # an error of ours
            raise
        warn(
            f"{source.name} could not be kept in inlay's own format, so that it will "
            f"be converted again the next time: {error.strerror} ({place.parent})."
        )
        table = load(fetched.path, **{**settings, "member": member})
        return table._with(table._rows, facts)
    return load(place, **settings)


def _convert(
    path: Path, member: str | None, place: Path, read: Read, facts: dict[str, Any]
) -> None:
    """Write a download in inlay's own format, unless that is there."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with only_one(place.with_name(place.name + LOCK), lambda: None):
        if place.is_file():  # another process has done it
            return
        with _unpacked(path, member, place) as file:
            table = read(file, member if file == path else None, place.parent)
            with atomic_path(place) as part, part.open("wb") as target:
                Native().write(table._with(table._rows, facts), target)
            del table  # a map of what is removed now, or a file of the same size


def native_of(
    source: Source, load: Load, read: Read, say: Callable[[str], None] | None = None
) -> tuple[Path, dict[str, Any]]:
    """The file in inlay's own format of a source, which is fetched and converted if need be.

    What is on the Hugging Face Hub is read as it came.

    Returns:
        The file, or the folder of a model, and what it does not say of its origin itself.

    Raises:
        DownloadError: As `load_fetched`, or it cannot be kept.
        FormatError: As `load_fetched`.
    """
    if source.on_hub:
        fetched = fetch_source(source, say=say)
        return fetched.path, fetched.provenance
    whole = dict.fromkeys((*PARTIAL,)) | {"verify": False, "mmap": True}
    load_fetched(source, load, read, whole, say)
    native = _native(source)
    if native is None:
        folder = made_of(source, "tables", "").parent
        expected = "room for a table in inlay's own format"
        raise DownloadError(str(folder), expected=expected, got="none")
    return native, {}


def _native(source: Source) -> Path | None:
    """The converted table, if there is one; the download itself may have been removed since."""
    note = read_note(files_of(source)[0][1]) or {}
    digest = source.sha256 or str(note.get("sha256", ""))
    place = made_of(source, "tables", digest, SUFFIX)
    return place if digest and place.is_file() else None


def _is_model(path: Path, member: str | None) -> bool:
    """Whether this is a model of fastText in a packing: it is to be mapped, and may have 7 GB."""
    content = open_content(path, member)
    return content.packed and content.head.startswith(FASTTEXT)


@contextmanager
def _unpacked(path: Path, member: str | None, place: Path) -> Iterator[Path]:
    """A packed model of fastText as a file, for a while; everything else as it is.

    After a kill the file stays, is in the list of what is kept, and serves the next time.
    """
    if not _is_model(path, member):
        yield path
        return
    import shutil

    content = open_content(path, member)
    folder = place.with_suffix(".model")
    model = folder / PurePath(content.inner).name
    if not folder.is_dir():
        with (
            atomic_folder(folder) as part,
            (part / model.name).open("wb") as file,
            content.open() as packed,
            damage_reported(content.name),
        ):
            shutil.copyfileobj(packed, file, WINDOW)
    try:
        yield model
    finally:
        shutil.rmtree(folder, ignore_errors=True)  # on Windows not while it is mapped
