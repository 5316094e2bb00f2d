"""Rows that survive a kill: a file of them beside its target, and a journal of its blocks.

Rows are appended to `.NAME.work` in blocks. When a block is on the disk, a line in
`.NAME.work.journal` says so: a digest of what it was made from, its size and a checksum. Whoever
comes next believes the journal as far as the rows agree with it, and goes on from there. When all
is done, `.NAME.work` gets its header and becomes the target in one step.
"""

import contextlib
import errno
import json
import os
import zlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple

from inlay.aliases import Array
from inlay.bytes.writing import flush_folder, mode_of, set_mode
from inlay.errors import ArgumentError
from inlay.jobs.same import differences, other_job
from inlay.jobs.stop import kept_in, on_stop

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

PIECE = 1 << 20  # bytes read at a time
LOCKS = fcntl is not None


class Job(NamedTuple):
    """What is written.

    Attributes:
        target: The file.
        about: What rows depend on besides that which they are made from: JSON.
        start: Bytes to leave free for the header.
        what: What rows are made from, for errors: "texts".
        overwrite: Throw away what does not fit, from the first block that does not.
    """

    target: Path
    about: dict[str, Any]
    start: int
    what: str
    overwrite: bool = False


class Block(NamedTuple):
    """A line of the journal.

    Attributes:
        key: Digest of what it was made from.
        size: Bytes of its rows.
        check: CRC-32 of these.
        counts: Rows of each of its arrays.
    """

    key: str
    size: int
    check: int
    counts: list[int]


@contextlib.contextmanager
def open_journal(job: Job) -> "Iterator[Journal]":
    """Begin the work on a target, or go on with it; only one process at a time can.

    Raises:
        ArgumentError: There is work of another job, or another process is at it.
    """
    rows_path, journal_path = work_paths(job.target)
    work: Journal | None = None

    def left() -> str:
        return kept_in(rows_path) if work and work.done else "Stopped; nothing is done yet."

    try:
        with on_stop(left), _locked(journal_path, job.target) as journal:
            try:
                with _opened(rows_path) as rows:
                    mode = mode_of(job.target, mode_of(rows_path, 0o600))
                    set_mode(rows_path, mode | 0o600)  # no more readable than what it replaces
                    work = Journal(job, rows, journal)
                    yield work
            finally:
                if work is not None and not work.done:  # nothing to go on from, or finished
                    rows_path.unlink(missing_ok=True)
                    if LOCKS:  # while no other can begin
                        journal_path.unlink()
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EFBIG) and error.filename is None:
            error.filename = str(job.target)
        raise
    if not LOCKS and not work.done:  # there an open file cannot be removed
        journal_path.unlink(missing_ok=True)


def work_paths(target: Path) -> tuple[Path, Path]:
    """The names of the rows and of the journal beside a target."""
    name = f".{target.name}.work"
    return target.with_name(name), target.with_name(f"{name}.journal")


class Journal:
    """Blocks that are done, in order, and the place of the next.

    Attributes:
        done: The blocks that are on the disk, without their counts.
    """

    def __init__(self, job: Job, rows: IO[bytes], journal: IO[bytes]) -> None:
        self._job, self._rows, self._journal = job, rows, journal
        self._at = 0
        self.done: list[Block] = []
        self._resume()

    def is_done(self, key: str) -> bool:
        """Whether the next block is there; if so, it is passed over.

        Raises:
            ArgumentError: A block is there, but made from something else.
        """
        if self._at == len(self.done):
            return False
        if self.done[self._at].key != key:
            self._refuse(f"{self._job.what} that differ from block {self._at + 1} on")
            self._keep(self._at)
            return False
        self._at += 1
        return True

    def append(self, key: str, rows: Iterable[Array]) -> None:
        """Write a block and then say so; both are on the disk when this returns."""
        size = check = 0
        counts = []
        for array in rows:
            data = array.tobytes()
            self._rows.write(data)
            size, check = size + len(data), zlib.crc32(data, check)
            counts.append(len(array))
        _flush(self._rows)
        block = Block(key, size, check, counts)
        self._journal.write(json.dumps(block).encode() + b"\n")
        _flush(self._journal)
        self.done.append(block._replace(counts=[]))
        self._at += 1

    def blocks(self) -> Iterator[Block]:
        """The blocks with their counts, from the disk: all up to a line that a kill cut off."""
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

    def finish(self, tail: Iterable[bytes], header: Callable[[], bytes]) -> None:
        """Turn the rows into the target.

        Args:
            tail: What stands behind the rows; it may look at `blocks` as it goes.
            header: Gives what stands before them, `start` bytes; called last.

        Raises:
            ArgumentError: There are blocks beyond those that came.
        """
        if self._at < len(self.done):
            blocks = f"{self._at} blocks of {len(self.done)}"
            self._refuse(f"fewer {self._job.what}, {blocks}")
            self._keep(self._at)
        self._rows.writelines(tail)
        self._rows.seek(0)
        self._rows.write(header())
        _flush(self._rows)
        self._rows.close()
        rows, target = work_paths(self._job.target)[0], self._job.target
        set_mode(rows, mode_of(target, mode_of(rows, 0o600)))
        rows.replace(target)
        flush_folder(target.parent)
        self.done.clear()

    def _resume(self) -> None:
        """Go behind the last block that is whole and fits."""
        first = json.dumps(self._job.about).encode() + b"\n"
        self._journal.seek(0)
        found = self._journal.readline()
        self.done = [block._replace(counts=[]) for block in self.blocks()]
        if found != first:
            if self.done:
                self._refuse(differences(_read(found), self._job.about) or "an older journal")
            self.done = []
            self._journal.truncate(0)
            self._journal.seek(0)
            self._journal.write(first)
            _flush(self._journal)
        self._keep(self._whole())

    def _whole(self) -> int:
        """How many blocks have their bytes, by reading all of them."""
        self._rows.seek(self._job.start)
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
            self._rows: self._job.start + sum(block.size for block in self.done),
        }
        for file, end in ends.items():
            file.truncate(end)
            file.seek(end)

    def _refuse(self, got: str) -> None:
        """Raise, unless what does not fit may be thrown away."""
        if not self._job.overwrite:
            hint = "the same again, another name, or overwrite=True to begin again"
            raise other_job(work_paths(self._job.target)[0], got, hint=hint)


def _read(line: bytes) -> dict[str, Any]:
    try:
        about = json.loads(line)
    except ValueError:
        return {}
    return about if isinstance(about, dict) else {}


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
