"""Consecutive stretches of a file's bytes, of a few megabytes each."""

import mmap
import os
from typing import IO

import numpy as np

from inlay.aliases import Array
from inlay.bytes.damage import damage_reported
from inlay.bytes.limits import TEXT


class Windows:
    """Consecutive stretches of bytes.

    `next(used)` says how many bytes of the last window are done with and gives the next one,
    which begins with the first byte not used, and whether the content ends with it. A reader
    that could use nothing gets a window twice as large, up to the limit of a text.
    """

    def __init__(self, size: int, name: str) -> None:
        self._size, self._name = size, name

    def next(self, used: int) -> tuple[Array, bool]:
        raise NotImplementedError

    def _double(self) -> None:
        if self._size >= TEXT.bytes():
            raise TEXT.exceeded(self._name)
        self._size *= 2


class MapWindows(Windows):
    """Windows into the map of a plain file: no copies; pages that were used are let go."""

    def __init__(self, file: IO[bytes], size: int, name: str) -> None:
        super().__init__(size, name)
        self._at, self._seen = 0, 0
        if os.fstat(file.fileno()).st_size:
            self._map = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
            self._bytes = np.frombuffer(self._map, np.uint8)
        else:
            self._bytes = np.empty(0, np.uint8)

    def next(self, used: int) -> tuple[Array, bool]:
        if used == 0 and self._seen:
            self._double()
        done = self._at // mmap.PAGESIZE * mmap.PAGESIZE
        self._at += used
        pages = self._at // mmap.PAGESIZE * mmap.PAGESIZE - done
        if pages and hasattr(mmap, "MADV_DONTNEED"):
            self._map.madvise(mmap.MADV_DONTNEED, done, pages)
        window = self._bytes[self._at : self._at + self._size]
        self._seen = window.size
        return window, self._at + window.size == self._bytes.size


class StreamWindows(Windows):
    """Windows over one buffer that a stream is read into."""

    def __init__(self, file: IO[bytes], size: int, name: str) -> None:
        super().__init__(size, name)
        self._file = file
        self._buffer, self._filled = np.empty(size, np.uint8), 0

    def next(self, used: int) -> tuple[Array, bool]:
        left = self._filled - used
        old = self._buffer
        if used == 0 and self._filled:
            self._double()
            self._buffer = np.empty(self._size, np.uint8)
        self._buffer[:left] = old[used : self._filled]
        self._filled = left
        room = memoryview(self._buffer)  # type: ignore[arg-type]
        with damage_reported(self._name):
            while self._filled < self._buffer.size:
                n = self._file.readinto(room[self._filled :])  # type: ignore[attr-defined]
                if not n:
                    return self._buffer[: self._filled], True
                self._filled += n
        return self._buffer, False
