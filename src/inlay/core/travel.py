"""What goes to another process in the place of a mapped table: the name of its file."""

from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from inlay.errors import InlayError


@runtime_checkable
class Origin(Protocol):
    """Where a table is mapped from: pickled in its place, and called by the process that reads."""

    @property
    def path(self) -> Path:
        """The file."""
        ...

    def is_there(self) -> bool:
        """Whether the table can still be had from there."""
        ...

    def limited(self, n: int) -> "Origin":
        """The same for the first `n` rows."""
        ...

    def __call__(self) -> Any:
        """The table once more."""
        ...


def origin_of(table: Any) -> Any:
    """Where a mapped table is from, for who can do without it; anything else as it is."""
    origin = getattr(table, "_origin", None)
    return table if origin is None or not origin.is_there() else origin


def reopened(given: Any) -> Any:
    """What `origin_of` was given; the path alone, if the file is gone or another."""
    if not isinstance(given, Origin):
        return given
    try:
        return given()
    except InlayError:
        return given.path
