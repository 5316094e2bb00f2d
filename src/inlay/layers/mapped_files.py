"""Matrices in files that are changed in their place, and put back as they were before a kill.

A row that is changed for the first time since the last checkpoint is first written, as it was, to
the end of a journal. A checkpoint puts the matrices on the disk and names a new, empty journal.
Whoever opens the files puts back what stands in the journal that the last checkpoint named.
"""

import contextlib
import mmap
import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from inlay.aliases import Array
from inlay.errors import FormatError

PAGE = mmap.PAGESIZE


class MappedFiles:
    """Float32 matrices of one shape, each a file that is mapped.

    Args:
        folder: Where they are.
        names: Of the files.
        shape: Of each matrix.
        journal: The name of the journal of the last checkpoint.
        resident: How many bytes of the files may count as this process's memory, about.

    Raises:
        FormatError: A file is missing, or of another size.
    """

    def __init__(
        self,
        folder: Path,
        names: Sequence[str],
        shape: tuple[int, int],
        journal: str,
        resident: int,
    ) -> None:
        self.folder, self.resident = folder, resident
        self._maps = [_mapped(folder / name, 4 * shape[0] * shape[1]) for name in names]
        self.arrays = [np.frombuffer(found, np.float32).reshape(shape) for found in self._maps]
        self._record = np.dtype([("row", "<i8"), ("old", "<f4", (len(names), shape[1]))])
        self._noted = np.zeros(shape[0], np.bool_)  # whether a row is in the journal
        self._pages = len(names) * (PAGE + 4 * shape[1])  # bytes that a row may bring into memory
        self._touched = self._before = 0
        self._roll_back(journal)
        self.begin(journal)
        self.release()

    def about_to_change(self, rows: Array) -> None:
        """Note rows as they are, once between two checkpoints.

        Args:
            rows: int64 `(k,)`, each once.
        """
        new = rows[~self._noted[rows]]
        if not new.size:
            return
        records = np.empty(new.size, self._record)
        records["row"] = new
        for i, array in enumerate(self.arrays):
            records["old"][:, i] = array[new]
        with (self.folder / self._journal).open("ab") as file:
            file.truncate(file.tell() // records.itemsize * records.itemsize)  # see `_roll_back`
            file.write(records.tobytes())
        self._noted[new] = True

    def touched(self, rows: int) -> None:
        """Give pages back to the system once they are more than `resident` bytes.

        They stay in its cache, and what was changed in them is not lost.
        """
        self._touched += rows * self._pages
        now = _of_files()
        # The system maps neighbours of a page as well, so what it says is better than a guess.
        taken = self._touched
        if now is not None:
            self._before = min(self._before, now)  # another file may have been let go
            taken = now - self._before
        if taken > self.resident:
            self.release()

    def release(self) -> None:
        """Have no page of the files count as this process's memory."""
        if hasattr(mmap, "MADV_DONTNEED"):  # not on Windows, which takes pages back by itself
            for found in self._maps:
                found.madvise(mmap.MADV_DONTNEED)
        self._touched, self._before = 0, _of_files() or 0

    def flush(self) -> None:
        """Put the matrices on the disk."""
        for found in self._maps:
            found.flush()

    def begin(self, journal: str) -> None:
        """Go on with an empty journal, after a checkpoint that names it."""
        self._journal = journal
        self._noted[:] = False
        for old in self.folder.glob("journal-*"):
            old.unlink()

    def _roll_back(self, journal: str) -> None:
        path = self.folder / journal
        if not path.exists():
            return
        size = self._record.itemsize
        with path.open("rb") as file:
            while len(block := file.read(size * 4096)) >= size:
                # What stands behind the last whole record was never followed by a change.
                records = np.frombuffer(block[: len(block) // size * size], self._record)
                for i, array in enumerate(self.arrays):
                    array[records["row"]] = records["old"][:, i]
        self.flush()


def make(path: Path, size: int) -> None:
    """A file of zeros, which takes room on the disk only as it is written to."""
    with path.open("wb") as file:
        file.truncate(size)


def _of_files() -> int | None:
    """How many bytes of files count as this process's memory: Linux only."""
    try:
        with open("/proc/self/statm", "rb") as file:
            return int(file.read().split()[2]) * PAGE
    except (OSError, IndexError, ValueError):
        return None


def _mapped(path: Path, size: int) -> mmap.mmap:
    with contextlib.suppress(FileNotFoundError), path.open("r+b") as file:
        found = os.fstat(file.fileno()).st_size
        if found == size:
            mapped = mmap.mmap(file.fileno(), size)
            if hasattr(mmap, "MADV_RANDOM"):  # whoever wants a row does not want its neighbours
                mapped.madvise(mmap.MADV_RANDOM)
            return mapped
        raise FormatError(str(path), expected=f"{size:,} bytes", got=f"{found:,}")
    raise FormatError(str(path), expected="a matrix that is trained", got="nothing there")
