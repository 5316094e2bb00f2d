"""Memory that was freed goes back to the system."""

import sys


def give_back() -> None:
    """Give back what the C library keeps of freed memory, in case it is asked for again.

    After work in many arrays this is a hundred megabytes or more, which large arrays, as a model's
    are, never use: they are mapped. Takes milliseconds. Does nothing where the library is not
    glibc, as on macOS and Windows.
    """
    if sys.platform != "linux":
        return
    import ctypes

    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is not None:
        trim(0)
