"""What another library has and we do not: whoever imports it is told what to write."""

import importlib
import sys
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


class RefusedModules:
    """The last to be asked for a module of a package: it says what to write, as names do.

    Without it, `from package.similarities.annoy import AnnoyIndexer` ends in Python's own error,
    which says nothing.

    Args:
        package: Its name.
        modules: What to write in the place of each module that the other library has, by its
            name within the package; what is said of a package holds for all in it.
    """

    def __init__(self, package: str, modules: Mapping[str, str]) -> None:
        self.package, self.modules = package, modules

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> None:
        """Refuse a module that nobody else has found.

        Raises:
            NotOfferedError: It is of this package.
        """
        inner = name.removeprefix(f"{self.package}.")
        parts = inner.split(".")
        # Python asks also for what `from package import Name` has not found in the package.
        if inner == name or not parts[-1].islower():
            return
        said = [".".join(parts[:n]) for n in range(len(parts), 0, -1)]
        hint = next((self.modules[part] for part in said if part in self.modules), None)
        if hint is not None:
            expected, got = "a module that it offers", repr(inner)
            raise NotOfferedError(self.package, expected=expected, got=got, hint=hint)


def refuses_modules(package: str, modules: Mapping[str, str]) -> None:
    """Have imports of modules that a package does not have say what to write: `RefusedModules`."""
    others = [f for f in sys.meta_path if getattr(f, "package", None) != package]
    sys.meta_path[:] = [*others, RefusedModules(package, modules)]
