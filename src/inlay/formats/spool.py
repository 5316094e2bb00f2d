"""Rows on their way from one file to another, on the disk instead of in memory."""

from pathlib import Path
from typing import IO, Any

import numpy as np

from inlay.aliases import Array
from inlay.core.storage import StoredRows

AT_ONCE = 8192  # rows


class Spool(StoredRows):
    """Rows in a temporary file that has no name, or loses it at the end.

    Each access maps what it takes for a moment, so that pages which have been read are not
    counted as memory of this process.

    Args:
        folder: Where the file is made: the one of the result, which has the same size.
        shape: How many rows there are, to be written in any order, and the numbers in each.
        dtype: Of the numbers.
    """

    def __init__(self, folder: Path, shape: tuple[int, int], dtype: Any = np.float32) -> None:
        import tempfile
        import weakref

        self._file: IO[bytes] = tempfile.TemporaryFile(  # noqa: SIM115  # lives as long as this
            prefix=".", suffix=".part", dir=folder
        )
        weakref.finalize(self, self._file.close)
        self.dtype = np.dtype(dtype)
        self.name = str(self.dtype)
        self._sized(*shape)
        self._file.truncate(self.nbytes)

    def append(self, rows: Array) -> None:
        """Write `(n, dim)` behind the others."""
        start = self.shape[0]
        self._sized(start + len(rows), self.shape[1])
        self[start : start + len(rows)] = rows

    def keep(self, rows: Array) -> None:
        """Drop all rows but these, which rise, moving them up in place."""
        for start in range(0, rows.size, AT_ONCE):
            block = self[rows[start : start + AT_ONCE]]
            self[start : start + len(block)] = block
        self._sized(rows.size, self.shape[1])

    def __setitem__(self, some: slice, rows: Array) -> None:
        self._file.seek(some.start * self.shape[1] * self.dtype.itemsize)
        plain = np.ascontiguousarray(rows, self.dtype)
        self._file.write(memoryview(plain.reshape(-1).view(np.uint8)))  # type: ignore[arg-type]

    def __getitem__(self, index: Any) -> Array:
        if not self.shape[0]:
            none: Array = np.empty(self.shape, self.dtype)[index]
            return none
        self._file.flush()
        whole = np.memmap(self._file, self.dtype, "r", shape=self.shape)
        some: Array = np.array(whole[index])
        return some

    def __reduce__(self) -> Any:  # in another process there is no such file
        return np.asarray, (self[...],)

    def _sized(self, n: int, dim: int) -> None:
        self.shape = (n, dim)
        self.nbytes = n * dim * self.dtype.itemsize
