"""One file, from the first address that gives it, and no other file than the one it should be."""

import errno
import hashlib
import http.client
import os
import time
import zipfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from inlay.bytes.writing import flush_folder
from inlay.errors import ArgumentError, DownloadError
from inlay.jobs.progress import Progress, progress
from inlay.jobs.stop import kept_in, on_stop
from inlay.paths import check_writable
from inlay.sources.cache import LOCK, NOTE, PART, read_note, write_note
from inlay.sources.lock import only_one
from inlay.sources.source import Download
from inlay.sources.transfer import RefusedError, attempt, check_room, reason_of

TRIES = 4  # attempts in a row that bring nothing new, before the next address is asked
PAUSE = 0.5  # seconds before the second attempt, doubled before each other one
FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG, errno.EROFS)
OFF = ("", "0", "false", "no", "off")

Say = Callable[[str], None]


def is_offline() -> bool:
    """Whether `INLAY_OFFLINE` in the environment forbids to ask any server."""
    return os.environ.get("INLAY_OFFLINE", "").strip().lower() not in OFF


def is_remote(url: str) -> bool:
    """Whether a server is asked at this address."""
    return urlsplit(url).scheme != "file"


def download(
    wanted: Download, place: Path, *, name: str, bar: bool | None, say: Say
) -> dict[str, Any]:
    """Have a file at a place: at once, if it is there, else from its addresses in turn.

    Of several processes that ask for it at once, one downloads and the others wait.

    Args:
        wanted: The file.
        place: Where it is to be; its folder is made.
        name: What it was asked for by, to be noted.
        bar: Whether to show a progress bar; None: on a terminal.
        say: Called with a sentence on what takes time.

    Returns:
        What is noted of it: `sha256`, `size`, `url`, `time`, `published`, `name`; and `first`,
        if there was no SHA-256 to compare with.

    Raises:
        DownloadError: No address gave it; with the reason of each.
    """
    if place.is_file() and (note := _whole(place)) is not None:
        _check_published(wanted, place, note)
        return note
    urls = [url for url in wanted.urls if not (is_offline() and is_remote(url))]
    if not urls:
        raise DownloadError(
            name,
            expected=f"{place.name} in the cache, as INLAY_OFFLINE is set",
            got=f"nothing at {place}",
            hint="fetch it where there is a network, or unset INLAY_OFFLINE",
        )
    _make(place.parent)
    lock = place.with_name(place.name + LOCK)
    with only_one(lock, lambda: say(f"Another process is downloading {place.name}; waiting.")):
        if place.is_file() and (note := _whole(place)) is not None:
            return note  # the other one has done it
        part = place.with_name(place.name + PART)
        with on_stop(lambda: kept_in(part)):
            return _from_one_of(urls, wanted, place, part, name, bar)


def digest_of(path: Path) -> str:
    """The SHA-256 of a file, read once."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_digest(where: str, note: dict[str, Any], found: str) -> None:
    """Refuse a file that is no longer the one that was noted.

    Raises:
        DownloadError: Its SHA-256 is another one.
    """
    if found != note.get("sha256"):
        raise DownloadError(
            where,
            expected=f"SHA-256 {note.get('sha256')}, as noted on {note.get('time')}",
            got=f"{found}",
            hint=f"inlay cache remove {note.get('name')}, and fetch it again",
        )


def _make(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        check_writable("the cache", folder)
    except (OSError, ArgumentError) as error:
        raise DownloadError(
            "the cache",
            expected="a folder that can be written to",
            got=error.got if isinstance(error, ArgumentError) else f"{folder}: {error.strerror}",
            hint="INLAY_CACHE in the environment, with a folder of your own",
        ) from error


def _whole(place: Path) -> dict[str, Any] | None:
    """The note of a file that is there, unless it was cut since."""
    note = read_note(place)
    if note is None or note.get("size") != place.stat().st_size:
        return None
    return note


def _check_published(wanted: Download, place: Path, note: dict[str, Any]) -> None:
    """A file that was fetched before its SHA-256 was known, or as something of one's own."""
    if wanted.sha256 and note.get("sha256") != wanted.sha256:
        raise DownloadError(
            str(place),
            expected=f"SHA-256 {wanted.sha256}",
            got=str(note.get("sha256")),
            hint=f"inlay cache remove {note.get('name')}, and fetch it again",
        )


def _from_one_of(
    urls: list[str], wanted: Download, place: Path, part: Path, name: str, bar: bool | None
) -> dict[str, Any]:
    known, first = wanted.sha256, ""
    old = read_note(place)
    if not known and old is not None and isinstance(old.get("sha256"), str):
        known, first = old["sha256"], str(old.get("time", ""))
    if wanted.size is not None and not part.exists():
        check_room(place.parent, wanted.size)
    failures = []
    for url in urls:
        try:
            found = _checked_from(url, wanted, part, known, first, bar)
        except (RefusedError, OSError, http.client.HTTPException) as error:
            if isinstance(error, DownloadError) or _is_full(error):
                raise _of_disk(error, part) from error
            failures.append(f"{urlsplit(url).hostname or url}: {reason_of(error)}")
            continue
        note = {
            "name": name,
            "url": url,
            "sha256": found,
            "size": part.stat().st_size,
            "time": first or datetime.now(UTC).isoformat(timespec="seconds"),
            "published": bool(wanted.sha256),
        }
        write_note(place, note)
        part.replace(place)
        part.with_name(part.name + NOTE).unlink(missing_ok=True)
        flush_folder(place.parent)
        return note if known else note | {"first": True}
    raise DownloadError(
        name,
        expected=f"{place.name} from {_listed(urls)}",
        got="; ".join(failures),
        hint=_hint(failures, name),
    )


def _checked_from(
    url: str, wanted: Download, part: Path, known: str, first: str, bar: bool | None
) -> str:
    """Have all bytes in the part; their SHA-256."""
    older = part.exists()  # of an earlier call, or of another address: they may be wrong
    _persist(url, wanted, part, known, bar)
    try:
        return _checked(part, wanted.name, known, first)
    except RefusedError:
        if not older:
            raise
    _persist(url, wanted, part, known, bar)
    return _checked(part, wanted.name, known, first)


def _persist(url: str, wanted: Download, part: Path, known: str, bar: bool | None) -> None:
    """Attempt after attempt, as long as they bring something new."""
    most, idle = -1, 0
    while True:
        try:
            with _reporting(wanted.name, bar) as report:
                attempt(url, wanted.name, part, trusted=bool(known), report=report)
        except (OSError, http.client.HTTPException) as error:
            if isinstance(error, DownloadError) or _is_full(error):
                raise
            have = part.stat().st_size if part.exists() else 0
            idle = 0 if have > most >= 0 else idle + 1
            most = max(most, have)
            if idle >= TRIES or not is_remote(url):
                raise
            time.sleep(PAUSE * 2 ** max(idle - 1, 0))
        else:
            return


@contextmanager
def _reporting(name: str, enabled: bool | None) -> Iterator[Callable[[int, int | None], None]]:
    """What `attempt` reports to: a progress bar, made when it is known how much is to come."""
    with ExitStack() as stack:
        shown: Progress | None = None
        at = 0

        def report(got: int, total: int | None) -> None:
            nonlocal shown, at
            if shown is None:
                left = None if total is None else total - got
                shown = stack.enter_context(progress(left, unit="B", desc=name, enabled=enabled))
            else:
                shown.update(got - at)
            at = got

        yield report


def _checked(part: Path, name: str, known: str, first: str) -> str:
    """The SHA-256 of what came, which is put away unless it is the right one."""
    found = digest_of(part)
    wrong = ""
    if known and found != known:
        when = f"of the download on {first}" if first else "that is published"
        wrong = f"it gives another file: SHA-256 {found}, not the one {when}, {known}"
    elif Path(name).suffix.lower() == ".zip" and not zipfile.is_zipfile(part):
        wrong = "it gives a zip archive that is not whole"
    if wrong:
        part.unlink()
        part.with_name(part.name + NOTE).unlink(missing_ok=True)
        raise RefusedError(wrong)
    return found


def _is_full(error: Exception) -> bool:
    return isinstance(error, OSError) and error.errno in FULL


def _of_disk(error: Exception, part: Path) -> Exception:
    if isinstance(error, DownloadError):
        return error
    return DownloadError(
        str(part.parent),
        expected="a disk with room for the download",
        got=reason_of(error),
        hint=f"the same again once there is room: what came is kept in {part.name}",
    )


def _listed(urls: list[str]) -> str:
    hosts = [urlsplit(url).hostname or "a file" for url in urls]
    return " or ".join(dict.fromkeys(hosts))


def _hint(failures: list[str], name: str) -> str:
    if any("not the one of the download on" in failure for failure in failures):
        return f"inlay cache remove {name} --forget, if the file is meant to have changed"
    if all("another file" in failure or "web page" in failure for failure in failures):
        return "download it with a browser, and give the path of the file"
    return "the same again later, which goes on from what has come; behind a proxy, HTTPS_PROXY"
