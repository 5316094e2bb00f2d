"""A mapped table on its way to another process: the name of its file instead of its bytes."""

from pathlib import Path
from typing import NamedTuple, Self

import numpy as np

from inlay.aliases import Array
from inlay.bytes.content import open_content
from inlay.core import Table
from inlay.errors import FormatError, MissingFileError
from inlay.formats.protocol import Format, ReadOptions

MOST = 1 << 24  # bytes of a header that are looked at


class MappedFile(NamedTuple):
    """Where a table is mapped from, and how another process knows that it maps the same.

    Pickled in the place of the table: calling it opens the file again.

    Attributes:
        path: The file, absolute.
        size: Its bytes.
        digest: Of the file's header, which holds the digests of all that follows: looking at it
            takes no longer for five gigabytes than for five kilobytes.
        format: What reads it.
        limit: How many of its rows the table has; None: all.
    """

    path: Path
    size: int
    digest: str
    format: Format
    limit: int | None = None

    @classmethod
    def of(cls, path: Path, data: Array, format: Format) -> Self:
        """What is mapped: uint8 `(bytes,)` that begin with a header as safetensors has it."""
        import hashlib

        length = 8 + min(int.from_bytes(data[:8].tobytes(), "little"), MOST)
        digest = hashlib.sha256(memoryview(data[:length])).hexdigest()  # type: ignore[arg-type]
        return cls(path.absolute(), data.size, digest, format)

    def __call__(self) -> Table:
        """Map the file again.

        Raises:
            MissingFileError: It is not there.
            FormatError: Another file is there now.
        """
        hint = "inlay.load(path, mmap=False), for a table that takes its numbers along"
        try:
            is_same = self._is_same()
        except (OSError, ValueError) as error:
            expected = "the file that this table was mapped from, in this process too"
            got = getattr(error, "strerror", None) or "an empty file"
            raise MissingFileError(str(self.path), expected=expected, got=got, hint=hint) from None
        if not is_same:
            raise FormatError(
                str(self.path),
                expected="the file that this table was mapped from",
                got="another one, written since",
                hint=f"load it again; or {hint}",
            )
        return self.format.read(open_content(self.path), ReadOptions(limit=self.limit))

    def limited(self, n: int) -> Self:
        """The same for the first `n` rows."""
        return self._replace(limit=n)

    def is_there(self) -> bool:
        """Whether the file still is what it was: else the table takes its numbers along."""
        try:
            return self._is_same()
        except (OSError, ValueError):
            return False

    def _is_same(self) -> bool:
        found = type(self).of(self.path, np.memmap(self.path, np.uint8, "r"), self.format)
        return (found.size, found.digest) == (self.size, self.digest)
