"""Encoders that look words up: a vector for each word of a text, pooled into one."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inlay.encode.static.encoder import StaticEncoder

__all__ = ["StaticEncoder"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module("inlay.encode.static.encoder"), name)
