"""From a name to files on the disk."""

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from inlay.checks import described, flag, flag_or_none, warn
from inlay.errors import ArgumentTypeError, DownloadError
from inlay.sources.asked import on_hub
from inlay.sources.cache import files_of, made_of, place_of, read_note
from inlay.sources.download import check_digest, digest_of, download, is_offline, is_remote
from inlay.sources.hub_files import HUB
from inlay.sources.names import find, known
from inlay.sources.source import Download, Source


@dataclass(frozen=True)
class Fetched:
    """What a fetch brought, or found.

    Attributes:
        source: What was asked for.
        path: The file, or the folder of all files.
        sha256: That of the source's own file.
        url: The address that it came from.
    """

    source: Source
    path: Path
    sha256: str
    url: str
    facts: Mapping[str, Any] = field(default_factory=dict)  # of what is on the Hub

    @property
    def provenance(self) -> dict[str, Any]:
        """What a table that is made of it should say of its origin."""
        if self.facts:
            return dict(self.facts)
        facts = {
            "catalogue": self.source.name,
            "url": self.url,
            "sha256": self.sha256,
            "licence": self.source.licence,
        }
        return {name: value for name, value in facts.items() if value}


def as_source(source: Any) -> Source:
    """A name of the catalogue, an address, or a source of the user's own, as a source.

    Raises:
        ArgumentError: No such name, or an address that cannot be.
        ArgumentTypeError: Neither.
    """
    if isinstance(source, str) and source.startswith(HUB):
        return on_hub(source)
    if isinstance(source, str) and "://" in source and find(source) is None:
        return Source(name=Download(source).name, url=source)
    if isinstance(source, str):
        return known(source)
    if not isinstance(source, Source):
        expected = "a name of the catalogue, or a Source"
        raise ArgumentTypeError("source", expected=expected, got=described(source))
    return source


def is_fetched(source: Source) -> bool:
    """Whether all of its files are in the cache; nothing is read."""
    return all(path.is_file() and read_note(path) for _, path in files_of(source))


def announcement(source: Source) -> str:
    """What one should know before a download: how much it is, under which terms, where it goes."""
    size = source.bytes
    about = f"about {size / 1e6:,.0f} MB" if size and size >= 10**6 else "of unknown size"
    if size and size < 10**6:
        about = f"about {size / 1e3:,.0f} kB"
    licence = f"licence {source.licence}" if source.licence else "no licence found"
    return f"Downloading {source.name} ({about}; {licence}) to {place_of(source)}."


def fetch_source(
    source: Source,
    *,
    verify: bool = False,
    progress: bool | None = None,
    say: Callable[[str], None] | None = None,
) -> Fetched:
    """`inlay.sources.fetch`, and what is noted of the download.

    Args:
        source: What to fetch.
        verify: As there.
        progress: As there.
        say: Called with sentences on what is downloaded and what takes time. None: to standard
            error, unless `progress=False`, so that no name starts a download that is not told.
    """
    flag("verify", verify)
    shown = flag_or_none("progress", progress)
    say = say or (_print if shown is not False and sys.stderr else lambda sentence: None)
    if source.on_hub:
        from inlay.sources.hub import fetch_from_hub

        path, facts = fetch_from_hub(source, verify=verify, bar=shown, say=say)
        return Fetched(source, path, facts.get("sha256", ""), facts["url"], facts)
    if not is_fetched(source) and not (is_offline() and is_remote(source.url)):
        say(announcement(source))
    notes, unknown = [], []
    try:
        for wanted, place in files_of(source):
            note = download(wanted, place, name=source.name, bar=shown, say=say)
            if verify:
                check_digest(str(place), note, digest_of(place))
            if note.get("first"):
                unknown.append(f"{place.name} {note['sha256']}")
            notes.append(note)
    finally:  # also where the second of two files does not come
        if unknown:
            warn(
                f"{source.name}: nobody publishes a SHA-256 of this download, so that of the first "
                f"one is noted, and another one later will be an error: {', '.join(unknown)}."
            )
    own = files_of(source)[0][1]
    digest = str(notes[0]["sha256"])
    path = own.parent if source.others else own
    if source.unpack:
        path = _unpacked(source, own, digest)
    return Fetched(source, path, digest, str(notes[0]["url"]))


def _unpacked(source: Source, archive: Path, digest: str) -> Path:
    from inlay.bytes.writing import restore_folder
    from inlay.sources.cache import LOCK
    from inlay.sources.lock import only_one
    from inlay.sources.unpacking import unpack

    folder = made_of(source, "unpacked", digest)
    if folder.is_dir():  # also where nothing may be written
        return folder
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with only_one(folder.with_name(folder.name + LOCK), lambda: None):
            restore_folder(folder)
            if not folder.is_dir():
                unpack(archive, folder, source.unpack)
    except OSError as error:
        if isinstance(error, DownloadError) or error.errno is None:
            raise
        raise DownloadError(
            str(folder.parent),
            expected="a cache that can be written to, with room for what is in the archive",
            got=error.strerror or str(error),
            hint="INLAY_CACHE in the environment, with a folder of your own",
        ) from error
    return folder


def _print(sentence: str) -> None:
    print(sentence, file=sys.stderr, flush=True)
