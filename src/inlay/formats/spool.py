"""Rows on their way from one file to another, on the disk instead of in memory."""

from pathlib import Path
from typing import IO, Any

import numpy as np

from inlay.aliases import Array
from inlay.core.storage import StoredRows

AT_ONCE = 8192  # rows


class Spool(StoredRows):
    """float32 rows in a temporary file that has no name, or loses it at the end.

    Each access maps what it takes for a moment, so that pages which have been read are not
    counted as memory of this process.

    Args:
        folder: Where the file is made: the one of the result, which has the same size.
        dim: Numbers in a row.
    """

    name = "float32"

    def __init__(self, folder: Path, dim: int) -> None:
        import tempfile
        import weakref

        self._file: IO[bytes] = tempfile.TemporaryFile(  # noqa: SIM115  # lives as long as this
            prefix=".", suffix=".part", dir=folder
        )
        weakref.finalize(self, self._file.close)
        self.shape, self.nbytes = (0, dim), 0

    def append(self, rows: Array) -> None:
        """Write float32 `(n, dim)` behind the others."""
        self._file.write(memoryview(np.ascontiguousarray(rows).reshape(-1).view(np.uint8)))  # type: ignore[arg-type]
        self._sized(self.shape[0] + len(rows))

    def keep(self, rows: Array) -> None:
        """Drop all rows but these, which rise, moving them up in place."""
        for start in range(0, rows.size, AT_ONCE):
            block = self[rows[start : start + AT_ONCE]]
            self._file.seek(start * 4 * self.shape[1])
            self._file.write(block.tobytes())
        self._sized(rows.size)

    def __getitem__(self, index: Any) -> Array:
        if not self.shape[0]:
            none: Array = np.empty(self.shape, np.float32)[index]
            return none
        self._file.flush()
        whole = np.memmap(self._file, np.float32, "r", shape=self.shape)
        some: Array = np.array(whole[index])
        return some

    def __reduce__(self) -> Any:  # in another process there is no such file
        return np.asarray, (self[...],)

    def _sized(self, n: int) -> None:
        self.shape = (n, self.shape[1])
        self.nbytes = 4 * n * self.shape[1]
