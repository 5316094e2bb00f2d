"""numba's `njit`, which keeps what it has compiled on the disk, where there is a place for it."""

import functools
import hashlib
import re
from pathlib import Path

import numba
from numba.core.registry import cpu_target

_BELOW = re.compile(rb"^from inlay\.kernels(?:\.(\w+) import| import (\w+)\s*$)", re.MULTILINE)


def njit(**settings):
    """As `numba.njit`, except where what is compiled cannot be kept, or kept safely.

    numba takes compiled code from its cache as long as the file of the function is the same. A
    kernel in which others are inlined would then be the old one after an upgrade that changes
    those; so what is kept is stamped by all files that went into it. In a read-only installation
    without a home, each process compiles anew.

    Args:
        settings: As for `numba.njit`.
    """

    def compiled(function):
        try:
            made = numba.njit(**settings)(function)
            if settings.get("cache"):
                kept = made._cache._cache_file  # numba has no public name for it
                below = _digest(Path(function.__code__.co_filename))
                kept._source_stamp = (kept._source_stamp, below)
        # nothing can be written beside the source or in the home; or the source is in an archive;
        # or this numba has no such name, or does not compile at all
        except (RuntimeError, OSError, AttributeError):
            made = numba.njit(**{**settings, "cache": False})(function)
        return made

    return compiled


@functools.cache
def _digest(path):
    """Of a file of kernels and of all that it imports from files of kernels."""
    source = path.read_bytes()
    names = {(one or other).decode() for one, other in _BELOW.findall(source)}
    below = [_digest(Path(__file__).with_name(f"{name}.py")) for name in sorted(names)]
    return hashlib.sha256(b"".join([source, *below])).digest()


def processor_has(feature):
    """Whether code is compiled for a processor that has what LLVM calls `feature`.

    That is this processor, unless `NUMBA_CPU_NAME` or `NUMBA_CPU_FEATURES` names another.
    """
    features = cpu_target.target_context.codegen().magic_tuple()[2]
    return f"+{feature}" in features.split(",")
