"""Optional packages: imported when needed, missed in a sentence that says what to install."""

import importlib
from types import ModuleType

from inlay.errors import MissingPackageError


def require(module: str, *, extra: str, need: str) -> ModuleType:
    """Import an optional package, or say how to get it.

    Args:
        module: Name to import, such as `"torch"`.
        extra: The extra of inlay that brings it.
        need: What it is needed for, as a phrase: `"reading a .h5 file"`.

    Raises:
        MissingPackageError: The package is not installed. A package that is installed but
            fails to import raises its own error.

    Example:
        >>> require("json", extra="none", need="this example").dumps([1])
        '[1]'
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if error.name != module.partition(".")[0]:
            raise
        raise MissingPackageError(
            need,
            expected=f"the package {error.name!r}",
            got="no such package here",
            hint=f'pip install "inlay[{extra}]"',
        ) from error
