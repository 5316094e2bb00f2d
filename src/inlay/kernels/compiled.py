"""numba's `njit`, which keeps what it has compiled on the disk, where there is a place for it."""

import numba
from numba.core.registry import cpu_target


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


def processor_has(feature):
    """Whether code is compiled for a processor that has what LLVM calls `feature`.

    That is this processor, unless `NUMBA_CPU_NAME` or `NUMBA_CPU_FEATURES` names another.
    """
    features = cpu_target.target_context.codegen().magic_tuple()[2]
    return f"+{feature}" in features.split(",")
