"""numba's `njit`, which keeps what it has compiled on the disk, where there is a place for it."""

import numba


def njit(**settings):
    """As `numba.njit`; in a read-only installation without a home, each process compiles anew.

    Args:
        settings: As for `numba.njit`.
    """

    def compiled(function):
        try:
            return numba.njit(**settings)(function)
        except RuntimeError:  # neither beside the source nor in the home can anything be written
            return numba.njit(**{**settings, "cache": False})(function)

    return compiled
