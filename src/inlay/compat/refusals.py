"""What another library has and we do not: whoever imports it is told what to write."""

import importlib
from collections.abc import Callable, Mapping
from typing import Any

from inlay.errors import NotOfferedError


def refuses(
    module: str, names: Mapping[str, str], *, lazy: Mapping[str, str] | None = None
) -> Callable[[str], Any]:
    """The `__getattr__` of a module.

    Args:
        module: Its name.
        names: What to write in the place of each name that the other library's module has.
        lazy: The modules of names that are imported when they are first asked for.

    Raises:
        NotOfferedError: From the function that is made. It is an ImportError, because Python
            replaces an AttributeError in `from module import name` by one of its own.
        AttributeError: From that function, for a name that neither library has.
    """

    def __getattr__(name: str) -> Any:  # noqa: N807
        if lazy and name in lazy:
            return importlib.import_module(lazy[name])
        if name not in names:
            raise AttributeError(f"module {module!r} has no attribute {name!r}")
        expected, hint = "a name that it offers", names[name]
        raise NotOfferedError(module, expected=expected, got=repr(name), hint=hint)

    return __getattr__
