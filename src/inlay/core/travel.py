"""What goes to another process in the place of an object: a file's name, a function's name."""

import pickle
import sys
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from inlay.errors import ArgumentError, InlayError

# They take functions along by value, those without a name too; joblib and Ray use them.
BY_VALUE = ("cloudpickle", "dill")


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


def check_travels(name: str, function: Any) -> None:
    """Refuse to pickle a function that no other process can find.

    Args:
        name: The argument that it was.
        function: A callable, or anything else, which is passed over.

    Raises:
        ArgumentError: It has no name in a module: a lambda, or a function within another. Not
            where it is pickled by what takes functions along, as joblib does.
    """
    if not callable(function) or _is_by_value():
        return
    try:
        pickle.dumps(function)
    except (pickle.PicklingError, AttributeError, TypeError) as error:
        raise ArgumentError(
            name,
            expected="a function that another process can find by its name",
            got=f"{getattr(function, '__qualname__', type(function).__name__)}, which it cannot",
            hint="def a function at the top of a module",
        ) from error


def _is_by_value() -> bool:
    """Whether whoever is pickling takes functions along."""
    frame = sys._getframe()
    while frame.f_back is not None:
        frame = frame.f_back
        if any(part in BY_VALUE for part in frame.f_globals.get("__name__", "").split(".")):
            return True
    return False
