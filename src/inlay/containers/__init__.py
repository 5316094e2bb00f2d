"""Containers of named arrays: a path in, a lazy mapping of names to arrays out.

One file here for each kind; `kinds` has them in one tuple. It is imported when a kind is looked
for, so that who reads one kind loads no other.
"""

import importlib
from typing import TYPE_CHECKING, Any

from inlay.containers.protocol import Container, LazyArray

if TYPE_CHECKING:
    from inlay.containers.kinds import CONTAINERS, kind_of_file, open

__all__ = ["CONTAINERS", "Container", "LazyArray", "kind_of_file", "open"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module("inlay.containers.kinds"), name)
