"""inlay sets any text embedding into any model.

Everything public is named here and imported when first used: `import inlay` itself loads
nothing, not even numpy.
"""

import importlib
from typing import TYPE_CHECKING, Any

from inlay.version import __version__ as __version__

_HOME = {
    "HashingVocabulary": "inlay.core",
    "InlayError": "inlay.errors",
    "Table": "inlay.core",
    "TextClassifier": "inlay.classify",
    "Vocabulary": "inlay.core",
    "compare": "inlay.evaluate",
    "load": "inlay.formats",
    "load_encoder": "inlay.encode",
    "read_labelled": "inlay.text",
    "save": "inlay.formats",
    "to_keras": "inlay.layers",
    "to_torch": "inlay.layers",
    "train": "inlay",
    "words": "inlay.tokenizers",
}

__all__ = [
    "HashingVocabulary",
    "InlayError",
    "Table",
    "TextClassifier",
    "Vocabulary",
    "compare",
    "load",
    "load_encoder",
    "read_labelled",
    "save",
    "to_keras",
    "to_torch",
    "train",
    "words",
]

if TYPE_CHECKING:
    from inlay import train
    from inlay.classify import TextClassifier
    from inlay.core import HashingVocabulary, Table, Vocabulary
    from inlay.encode import load_encoder
    from inlay.errors import InlayError
    from inlay.evaluate import compare
    from inlay.formats import load, save
    from inlay.layers import to_keras, to_torch
    from inlay.text import read_labelled
    from inlay.tokenizers import words


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module 'inlay' has no attribute {name!r}")
    if _HOME[name] == "inlay":
        return importlib.import_module(f"inlay.{name}")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
