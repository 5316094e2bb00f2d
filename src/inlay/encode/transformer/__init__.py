"""Transformers: folders of `transformers` and of sentence-transformers."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inlay.encode.transformer.encoder import Transformer

__all__ = ["Transformer"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module("inlay.encode.transformer.encoder"), name)
