"""Encoding that survives a kill: a file of rows beside its target, and a journal of them.

Rows are appended to `.NAME.work` in blocks. When a block is on the disk, a line in
`.NAME.work.journal` says so: the digest of its texts, its size and a checksum. Whoever comes
next believes the journal as far as the rows agree with it, and goes on from there. When all is
done, `.NAME.work` gets its header and becomes the target in one step.
"""

import contextlib
import errno
import json
import os
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, NamedTuple

import numpy as np

from inlay.aliases import Array
from inlay.bytes.writing import flush_folder
from inlay.encode.feature_file import Settings, differences, digest_of_all, file_header, header_size
from inlay.errors import ArgumentError

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

PIECE = 1 << 20  # bytes read at a time
LOCKS = fcntl is not None


class Block(NamedTuple):
    """A line of the journal.

    Attributes:
        texts: Digest of the texts.
        size: Bytes of their rows.
        check: CRC-32 of these.
        counts: Rows of each text; of all texts together, if they are pooled.
    """

    texts: str
    size: int
    check: int
    counts: list[int]


@contextlib.contextmanager
def open_work(target: Path, settings: Settings, *, overwrite: bool) -> "Iterator[Work]":
    """Begin the work on `target`, or go on with it; only one process at a time can.

    Args:
        target: What will be written.
        settings: What rows depend on besides the texts.
        overwrite: Throw away what does not fit, from the first block that does not.

    Raises:
        ArgumentError: There is work of other settings, or another process is at it.
    """
    rows_path, journal_path = work_paths(target)
    work = None
    try:
        with _locked(journal_path, target) as journal:
            try:
                with _opened(rows_path) as rows:
                    work = Work(target, settings, rows, journal, overwrite=overwrite)
                    yield work
            finally:
                if work is not None and not work.done:  # nothing to go on from, or finished
                    rows_path.unlink(missing_ok=True)
                    if LOCKS:  # while no other can begin
                        journal_path.unlink()
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EFBIG) and error.filename is None:
            error.filename = str(target)
        raise
    if not LOCKS and not work.done:  # there an open file cannot be removed
        journal_path.unlink(missing_ok=True)


def work_paths(target: Path) -> tuple[Path, Path]:
    """The names of the rows and of the journal beside a target."""
    name = f".{target.name}.work"
    return target.with_name(name), target.with_name(f"{name}.journal")


class Work:
    """Blocks that are done, in order, and the place of the next.

    Attributes:
        done: The blocks that are on the disk, without their counts.
    """

    def __init__(
        self,
        target: Path,
        settings: Settings,
        rows: IO[bytes],
        journal: IO[bytes],
        *,
        overwrite: bool,
    ) -> None:
        self._target, self._settings = target, settings
        self._rows, self._journal = rows, journal
        self._overwrite = overwrite
        self._start = header_size(settings)
        self._at = 0
        self.done: list[Block] = []
        self._resume()

    def is_done(self, texts: str) -> bool:
        """Whether the next block is there; if so, it is passed over.

        Raises:
            ArgumentError: A block is there, but of other texts.
        """
        if self._at == len(self.done):
            return False
        if self.done[self._at].texts != texts:
            self._refuse(f"texts that differ from block {self._at + 1} on")
            self._keep(self._at)
            return False
        self._at += 1
        return True

    def append(self, texts: str, rows: Iterable[Array]) -> None:
        """Write a block and then say so; both are on the disk when this returns."""
        size = check = 0
        counts = []
        for array in rows:
            data = array.tobytes()
            self._rows.write(data)
            size, check = size + len(data), zlib.crc32(data, check)
            counts.append(len(array))
        _flush(self._rows)
        block = Block(texts, size, check, counts)
        self._journal.write(json.dumps(block).encode() + b"\n")
        _flush(self._journal)
        self.done.append(block._replace(counts=[]))
        self._at += 1

    def finish(self) -> None:
        """Turn the rows into the target.

        Raises:
            ArgumentError: There are blocks beyond the texts that came.
        """
        if self._at < len(self.done):
            self._refuse(f"fewer texts, {self._at} blocks of {len(self.done)}")
            self._keep(self._at)
        n, rows = self._write_offsets()
        texts = digest_of_all(block.texts for block in self.done)
        self._rows.seek(0)
        self._rows.write(file_header(self._settings, rows, n, texts))
        _flush(self._rows)
        self._rows.close()
        work_paths(self._target)[0].replace(self._target)
        flush_folder(self._target.parent)
        self.done.clear()

    def _write_offsets(self) -> tuple[int, int]:
        """Behind the rows, where each text begins, unless pooled; the numbers of both."""
        ragged = self._settings["pool"] is None
        if ragged:
            self._rows.write(bytes(8))
        n = rows = 0
        for block in self._entries():
            if ragged:
                self._rows.write((rows + np.cumsum(block.counts)).astype("<i8").tobytes())
            n, rows = n + len(block.counts), rows + sum(block.counts)
        return n, rows

    def _resume(self) -> None:
        """Go behind the last block that is whole and fits."""
        first = json.dumps(self._settings).encode() + b"\n"
        self._journal.seek(0)
        found = self._journal.readline()
        self.done = [block._replace(counts=[]) for block in self._entries()]
        if found != first:
            if self.done:
                self._refuse(f"work with {differences(_read(found), self._settings)}")
            self.done = []
            self._journal.truncate(0)
            self._journal.seek(0)
            self._journal.write(first)
            _flush(self._journal)
        self._keep(self._whole())

    def _entries(self) -> Iterator[Block]:
        """The lines of the journal, up to one that a kill cut off."""
        self._journal.seek(0)
        self._journal.readline()
        for line in self._journal:
            try:
                block = Block(*json.loads(line))
            except (ValueError, TypeError):
                return
            if not line.endswith(b"\n"):
                return
            yield block

    def _whole(self) -> int:
        """How many blocks have their bytes, by reading all of them."""
        self._rows.seek(self._start)
        for i, block in enumerate(self.done):
            left, check = block.size, 0
            while left and (piece := self._rows.read(min(left, PIECE))):
                left, check = left - len(piece), zlib.crc32(piece, check)
            if left or check != block.check:
                return i
        return len(self.done)

    def _keep(self, n: int) -> None:
        """Cut off all but the first blocks; what is written next stands behind them."""
        del self.done[n:]
        self._journal.seek(0)
        for _ in range(n + 1):
            self._journal.readline()
        ends = {
            self._journal: self._journal.tell(),
            self._rows: self._start + sum(block.size for block in self.done),
        }
        for file, end in ends.items():
            file.truncate(end)
            file.seek(end)

    def _refuse(self, got: str) -> None:
        """Raise, unless what does not fit may be thrown away."""
        if not self._overwrite:
            raise ArgumentError(
                str(self._target),
                expected="what the unfinished work beside it was begun with",
                got=got,
                hint="the same again, another name, or the overwrite option to begin again",
            )


def _read(line: bytes) -> Settings:
    try:
        settings = json.loads(line)
    except ValueError:
        return {}
    return settings if isinstance(settings, dict) else {}


def _opened(path: Path) -> IO[bytes]:
    path.touch()
    return path.open("r+b")


def _flush(file: IO[bytes]) -> None:
    file.flush()
    os.fsync(file.fileno())


def _locked(path: Path, target: Path) -> IO[bytes]:
    """Open a file and keep other processes out until it is closed; not on Windows.

    Raises:
        ArgumentError: Another process has it.
    """
    while True:
        file = _opened(path)
        if not LOCKS:
            return file
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(file.fileno()), path.stat()):
                return file
        except FileNotFoundError:
            pass  # another process has just ended its work and removed it
        except BlockingIOError as error:
            file.close()
            raise ArgumentError(
                str(target), expected="one process that writes it", got="another one at it"
            ) from error
        file.close()
