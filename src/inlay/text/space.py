"""A disk that is full while a corpus is numbered: how much it would take."""

import contextlib
import errno
import stat
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

import numpy as np

from inlay.aliases import Array
from inlay.errors import NoSpaceError

FULL = (errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC), errno.EFBIG)
A_WORD = 4  # bytes
LEAST = 6  # bytes of text for each word, about, with the space behind it


def write_whole(file: IO[bytes], array: Array) -> None:
    """Write the bytes of an array; a file without a buffer may take some of them at a time."""
    data = np.ascontiguousarray(array).data.cast("B")
    while data:
        data = data[file.write(data) :]


@contextlib.contextmanager
def space_reported(
    file: IO[bytes], folder: Path | None, files: Sequence[Path] | None
) -> Iterator[None]:
    """Say what is needed where there is no room for the numbers of a corpus.

    Args:
        file: Where they are written, without a buffer, which would be written once more.
        folder: The folder that it is in; None: the one for temporary files.
        files: What is read, if it is files.

    Raises:
        NoSpaceError: The disk is full.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in FULL:
            raise
        need = "4 bytes for each word of the text"
        sizes = [path.stat() for path in files or ()]
        if sizes and all(stat.S_ISREG(each.st_mode) for each in sizes):
            about = sum(each.st_size for each in sizes) * A_WORD // LEAST
            need += f", about {max(1, about >> 20):,} MB, and more if it is packed"
        place = Path(tempfile.gettempdir()) if folder is None else folder
        file.truncate(0)
        raise NoSpaceError(
            str(place),
            expected=f"room for the numbered corpus: {need}",
            got=str(error.strerror).lower(),
            hint="folder= on another disk, or TMPDIR" if folder is None else "another folder",
        ) from error
