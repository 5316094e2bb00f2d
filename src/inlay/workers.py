"""How many threads to use."""

import os

from inlay.errors import ArgumentError


def available_workers(workers: int | None = None) -> int:
    """The number of threads to use; None: the processors that this process may run on.

    Raises:
        ArgumentError: Less than one.
    """
    if workers is None:
        if hasattr(os, "sched_getaffinity"):
            return len(os.sched_getaffinity(0))
        return os.cpu_count() or 1
    if workers < 1:
        raise ArgumentError("workers", expected="at least 1, or None for all", got=str(workers))
    return workers
