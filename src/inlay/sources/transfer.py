"""Bytes from an address into a file, and on from where the last attempt was cut off.

On Python's own `urllib`, which knows proxies by the environment, redirects, and the certificates
of the system. Of the libraries for downloads pooch begins anew after a cut, fsspec and httpx leave
resuming to their caller, and each brings packages that inlay has no other use for.
"""

import http.client
import re
import shutil
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import asdict, dataclass
from email.message import Message
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from inlay.bytes.content import is_html, is_zip
from inlay.errors import DownloadError
from inlay.sources.cache import read_note, write_note
from inlay.version import __version__

BLOCK = 1 << 18
RESERVE = 1 << 28  # bytes that stay free where nobody says how much will come
SILENCE = 30.0  # seconds without a byte after which an attempt ends
WINDOW, LEAST = 60.0, 60 << 10  # and the bytes that have to come in so many seconds
HEAD = 512  # bytes by which a web page and an archive are told
BEYOND = 416  # HTTP: nothing behind this byte
PASSING = (
    408,
    BEYOND,
    425,
    429,
)  # HTTP errors that may be gone at the next attempt, as all from 500
# Suffixes whose files begin in one way.
BEGINNINGS: dict[str, tuple[bytes, ...]] = {
    ".gz": (b"\x1f\x8b",),
    ".tgz": (b"\x1f\x8b",),
    ".bz2": (b"BZh",),
    ".xz": (b"\xfd7zXZ\x00",),
    ".hdf5": (b"\x89HDF",),
    ".ftz": (b"\xba\x16\x4f\x2f",),
    ".json": (b"{", b"["),
}


class RefusedError(Exception):
    """An address that gives something else than the file: to ask again is of no use."""


class CutError(OSError):
    """The bytes stopped coming before all were there, or came too slowly."""


@dataclass(frozen=True)
class State:
    """What an attempt knows of the bytes that it has, for the next one.

    Attributes:
        url: Where they came from.
        validator: What the server calls this version of the file, or "".
        total: How many there are in all, if it said so.
    """

    url: str = ""
    validator: str = ""
    total: int | None = None

    @classmethod
    def of(cls, part: Path) -> "State":
        """What is noted of a part; nothing, if that cannot be read."""
        note = read_note(part) or {}
        total = note.get("total")
        texts = [note.get(name) for name in ("url", "validator")]
        url, validator = (text if isinstance(text, str) else "" for text in texts)
        return cls(url, validator, total if isinstance(total, int) else None)


class SafeRedirects(urllib.request.HTTPRedirectHandler):
    """Follows redirects, but never from https to anything else."""

    def redirect_request(
        self, req: Any, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> Any:
        """The request to make instead."""
        old, new = urlsplit(req.full_url).scheme, urlsplit(newurl).scheme
        if new not in ("https", "http") or (old == "https" and new != "https"):
            raise RefusedError(f"it leads from {old} to {new}, which is not as safe")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def attempt(
    url: str, name: str, part: Path, *, trusted: bool, report: Callable[[int, int | None], None]
) -> None:
    """Get the rest of a file, or all of it.

    Args:
        url: Where it is.
        name: What it is called, for its suffix.
        part: The file for the bytes, which may hold the first of them.
        trusted: Whether they will be compared with a known SHA-256, so that the first ones may
            come from elsewhere.
        report: Called with the bytes that are there, and how many there will be if that is known.

    Raises:
        RefusedError: The address does not give this file.
        DownloadError: The disk has no room for it.
        OSError: What may be better at the next attempt.
        http.client.HTTPException: Likewise.
    """
    state, have = State.of(part), part.stat().st_size if part.exists() else 0
    same = state.url == url
    if have and not (trusted or (same and state.validator)):
        have = 0
    if have and have == state.total and (same or trusted):
        return  # it was stopped between the last byte and the new name
    answer = _open(url, have, state.validator if same else "", part)
    if answer is None:
        return
    with answer:
        try:
            start, total = _extent(answer, have)
        except CutError:
            part.unlink(missing_ok=True)  # its server does not know Range as it should
            raise
        version = _validator(answer.headers)
        if start and same and state.validator and version not in ("", state.validator):
            part.unlink()  # its server does not know If-Range
            raise CutError("it is another version than the bytes that came before")
        check_room(part.parent, None if total is None else total - start)
        _note(part, State(url, version, total))
        with part.open("r+b" if start else "wb") as file:
            file.seek(start)
            file.truncate()
            got = _copy(answer, file, name, start, total, report)
    if total is not None and got < total:
        raise CutError(f"it ended after {got:,} of {total:,} bytes")


def check_room(folder: Path, needed: int | None) -> None:
    """Fail now if the disk has not so much room: not at its last byte.

    Raises:
        DownloadError: It has not.
    """
    free = shutil.disk_usage(folder).free
    if needed is not None and free < needed:
        raise DownloadError(
            str(folder),
            expected=f"{needed:,} bytes of free disk",
            got=f"{free:,}",
            hint="INLAY_CACHE in the environment, with a folder on a larger disk",
        )


def opener() -> urllib.request.OpenerDirector:
    """What opens addresses: with the proxies of the environment, and safe redirects alone."""
    return urllib.request.build_opener(SafeRedirects)


def reason_of(error: Exception) -> str:
    """Why an attempt failed, in a few words."""
    if isinstance(error, urllib.error.HTTPError):
        return f"HTTP {error.code} {' '.join(str(error.reason).split())}"
    if isinstance(error, urllib.error.URLError) and isinstance(error.reason, Exception):
        return reason_of(error.reason)
    if isinstance(error, ssl.SSLError):
        return f"no safe connection ({error.reason or error})"
    if isinstance(error, TimeoutError):
        return f"no answer for {SILENCE:.0f} seconds"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return str(error) or type(error).__name__


def _open(url: str, have: int, validator: str, part: Path) -> Any:
    """The answer; None, if there is nothing behind the bytes that are there."""
    headers = {"User-Agent": f"inlay/{__version__}", "Accept-Encoding": "identity"}
    if have:
        headers["Range"] = f"bytes={have}-"
        if validator:
            headers["If-Range"] = validator
    try:
        return opener().open(urllib.request.Request(url, headers=headers), timeout=SILENCE)
    except urllib.error.HTTPError as error:
        error.close()
        if error.code == BEYOND and have:
            if error.headers.get("Content-Range", "").strip() == f"bytes */{have}":
                return None
            part.unlink()  # it is shorter than what came before, which is of something else
        if error.code < 500 and error.code not in PASSING:
            raise RefusedError(reason_of(error)) from error
        raise
    except urllib.error.URLError as error:
        if isinstance(error.reason, ssl.SSLCertVerificationError):
            raise RefusedError(reason_of(error)) from error
        raise
    except (http.client.InvalidURL, ValueError) as error:  # of a redirect, too
        raise RefusedError(str(error)) from error


def _extent(answer: Any, have: int) -> tuple[int, int | None]:
    """From which byte on the answer goes, 0 where the server knows no ranges; how many in all."""
    length = answer.headers.get("Content-Length", "")
    if getattr(answer, "status", None) != 206:
        return 0, int(length) if re.fullmatch(r"[0-9]{1,18}", length) else None
    said = answer.headers.get("Content-Range", "")
    found = re.match(r"bytes (\d{1,18})-\d{1,18}/(\d{1,18}|\*)", said)
    if found is None or int(found[1]) != have:
        raise CutError("it answers with other bytes than it was asked for")
    return have, None if found[2] == "*" else int(found[2])


def _validator(headers: Message) -> str:
    """What may stand in If-Range: a strong ETag, or else the time of the last change."""
    tag = str(headers.get("ETag", ""))
    return tag if tag.startswith('"') else str(headers.get("Last-Modified", "")) if not tag else ""


def _note(part: Path, state: State) -> None:
    if State.of(part) != state:
        write_note(part, asdict(state))


def _copy(
    answer: Any,
    file: IO[bytes],
    name: str,
    got: int,
    total: int | None,
    report: Callable[[int, int | None], None],
) -> int:
    """Write what comes, and look at its beginning; returns how much is there then."""
    report(got, total)
    head, since, before = b"", time.monotonic(), got
    while chunk := answer.read1(BLOCK):
        if got < HEAD and len(head) == got:
            head += chunk[: HEAD - got]
            if len(head) >= min(HEAD, total or HEAD):
                check_head(head, name)
        file.write(chunk)
        got += len(chunk)
        if total is None and got % RESERVE < len(chunk):
            file.flush()  # what is not on the disk yet would seem to be free
            check_room(Path(file.name).parent, RESERVE)
        report(got, total)
        now = time.monotonic()
        if now - since >= WINDOW:
            if got - before < LEAST:
                raise CutError(f"it came too slowly: {got - before:,} bytes in {WINDOW:.0f} s")
            since, before = now, got
    if head and len(head) == got:
        check_head(head, name)  # all of it is shorter, and nobody said how long it is
    return got


def check_head(head: bytes, name: str) -> None:
    """Refuse what does not begin as a file of this name does: a web page above all.

    Raises:
        RefusedError: It does not.
    """
    suffix = Path(name).suffix.lower()
    known = BEGINNINGS.get(suffix)
    fits = is_zip(head) if suffix == ".zip" else known is None or head.lstrip().startswith(known)
    if is_html(head):
        raise RefusedError("it gives a web page instead of the file")
    if not fits:
        raise RefusedError(f"it gives no {suffix} file: {head[:16]!r}")
