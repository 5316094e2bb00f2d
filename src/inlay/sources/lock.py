"""One process at a time: the others wait.

The lock is the operating system's, on an open file, so that it ends with its process, however
that ends: nothing is left that would have to be recognised as stale.
"""

import errno
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

EVERY = 0.1  # seconds between two looks
# What file systems say that have no locks, as some of networks.
NONE_HERE = (errno.ENOLCK, errno.ENOSYS, errno.EOPNOTSUPP, errno.EINVAL)


@contextmanager
def only_one(path: Path, waiting: Callable[[], None]) -> Iterator[None]:
    """A block that one process or thread at a time is in.

    Args:
        path: The file of the lock, which is made, and stays.
        waiting: Called once, if another one is in it.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o666)
    try:
        told = False
        while not _taken(handle):
            if not told:
                waiting()
                told = True
            time.sleep(EVERY)
        yield
    finally:
        with suppress(OSError):
            _release(handle)
        os.close(handle)


if sys.platform == "win32":
    import msvcrt

    def _taken(handle: int) -> bool:
        try:
            os.lseek(handle, 0, os.SEEK_SET)
            msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        except OSError as error:
            if error.errno in (errno.EACCES, errno.EDEADLOCK):
                return False
            raise
        return True

    def _release(handle: int) -> None:
        os.lseek(handle, 0, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _taken(handle: int) -> bool:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            if error.errno in (errno.EAGAIN, errno.EACCES):
                return False
            if error.errno in NONE_HERE:
                return True
            raise
        return True

    def _release(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_UN)
