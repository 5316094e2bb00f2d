"""Encoders that have learned to predict the words of a text from its vector: paragraph vectors."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inlay.encode.paragraph.encoder import ParagraphEncoder

__all__ = ["ParagraphEncoder"]


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module("inlay.encode.paragraph.encoder"), name)
