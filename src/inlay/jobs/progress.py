"""One progress bar for everything: on a terminal it shows, elsewhere it is silent."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

from inlay.checks import flag_or_none


class Progress(Protocol):
    """What a long job reports to."""

    def update(self, n: int) -> None:
        """Say that `n` more units are done."""

    def note(self, **values: object) -> None:
        """Show values behind the bar, such as the learning rate."""


class _Silent:
    def update(self, n: int) -> None:
        pass

    def note(self, **values: object) -> None:
        pass


class _Bar:
    def __init__(self, total: int | None, unit: str, desc: str) -> None:
        from tqdm import tqdm

        self.bar = tqdm(
            total=total, unit=unit, desc=desc, unit_scale=True, file=sys.stderr, dynamic_ncols=True
        )

    def update(self, n: int) -> None:
        self.bar.update(n)

    def note(self, **values: object) -> None:
        self.bar.set_postfix(values, refresh=False)


@contextmanager
def progress(
    total: int | None, *, unit: str, desc: str, enabled: bool | None = None
) -> Iterator[Progress]:
    """Report on a job of `total` units (None: unknown) with its speed and the time left.

    Args:
        total: How many units there are.
        unit: The name of one, such as `" words"`.
        desc: What is going on, before the bar.
        enabled: Whether to show a bar. None: only when standard error is a terminal.

    Raises:
        ArgumentTypeError: `enabled`, which functions call `progress`, is neither.
    """
    enabled = flag_or_none("progress", enabled)
    if enabled is None:
        enabled = sys.stderr is not None and sys.stderr.isatty()
    if not enabled:
        yield _Silent()
        return
    bar = _Bar(total, unit, desc)
    try:
        yield bar
    finally:
        bar.bar.close()
