"""Files that are written packed."""

import bz2
import contextlib
import gzip
import lzma
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

PACKING = (".gz", ".bz2", ".xz", ".zip")


@contextlib.contextmanager
def packed(path: Path, packing: str, member: str) -> Iterator[IO[bytes]]:
    """A file to write to, compressed if asked; gzip without a time, so equal content is equal.

    Args:
        path: The file.
        packing: One of `PACKING`, or nothing.
        member: What a zip archive calls the content.
    """
    with contextlib.ExitStack() as stack:
        file: Any = stack.enter_context(path.open("wb"))
        if packing == ".gz":
            file = stack.enter_context(gzip.GzipFile("", "wb", 6, file, mtime=0))
        elif packing == ".bz2":
            file = stack.enter_context(bz2.open(file, "wb"))
        elif packing == ".xz":
            file = stack.enter_context(lzma.open(file, "wb"))
        elif packing == ".zip":
            archive = zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED)
            file = stack.enter_context(archive).open(member, "w", force_zip64=True)
            stack.enter_context(file)
        yield file
