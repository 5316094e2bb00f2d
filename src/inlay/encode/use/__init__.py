"""Universal Sentence Encoder: Yang et al. 2019, "Multilingual Universal Sentence Encoder"."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inlay.encode.use.encoder import Use
    from inlay.encode.use.pieces import Pieces
    from inlay.encode.use.weights import Weights

__all__ = ["Pieces", "Use", "Weights"]
_HOME = {"Pieces": "pieces", "Use": "encoder", "Weights": "weights"}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOME[name]}"), name)
