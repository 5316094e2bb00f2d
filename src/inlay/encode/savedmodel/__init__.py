"""SavedModels of TensorFlow and modules of TF Hub: strings or ids in, vectors out."""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inlay.encode.savedmodel.encoder import SavedModelEncoder

__all__ = ["SavedModelEncoder"]


def __getattr__(name: str) -> Any:
    if name != "SavedModelEncoder":  # imported when it is used, for `ENCODERS` knows its kind alone
        raise AttributeError(f"module 'inlay.encode.savedmodel' has no attribute {name!r}")
    return importlib.import_module("inlay.encode.savedmodel.encoder").SavedModelEncoder
