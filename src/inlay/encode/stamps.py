"""Whether files are still those that were read: their sizes and times, and noted digests."""

from pathlib import Path
from typing import Any

from inlay.errors import ArgumentError, FormatError

Stamp = tuple[int, int]


def stamp_of(file: Path) -> Stamp:
    """The bytes of a file, and the time at which it was written."""
    stat = file.stat()
    return stat.st_size, stat.st_mtime_ns


def check_noted(where: str, noted: Any, own: str) -> None:
    """Compare the digest that was noted when an encoder was saved with that of what was read.

    Args:
        where: The encoder's folder, for the message.
        noted: What was noted; None: nothing, for others wrote it.
        own: The digest of what was read.

    Raises:
        ArgumentError: Nothing was noted.
        FormatError: It is another.
    """
    if noted is None:
        raise ArgumentError("verify", expected="a folder that inlay wrote", got=where)
    if noted != own:
        raise FormatError(
            where,
            expected=f"the encoder of SHA-256 {noted!s:.12}..., as it was saved",
            got=f"another, of {own:.12}...",
            hint="save it again",
        )
