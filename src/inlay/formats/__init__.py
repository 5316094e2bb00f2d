"""Every file of vectors, in and out: one file here for each format, in one explicit tuple.

What is public is named here, and imported when it is first used: a native file needs its own
format alone.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from inlay.bytes.content import Content
    from inlay.formats.arrays import FoundArray
    from inlay.formats.conversion import convert
    from inlay.formats.known import (
        FORMATS,
        CheckpointFormat,
        Csv,
        FastText,
        FastTextVec,
        Finalfusion,
        Gensim,
        Glove,
        Hdf5Arrays,
        KerasArrays,
        Magnitude,
        Model2Vec,
        Native,
        Npy,
        Npz,
        OnnxArrays,
        Parquet,
        R,
        SafetensorsArrays,
        ShardsArrays,
        Spacy,
        TensorFlowArrays,
        TorchArrays,
        Word2VecBinary,
        Word2VecJson,
        Word2VecText,
    )
    from inlay.formats.protocol import Format, ReadOptions
    from inlay.formats.reading import find_table, format_of, list_arrays, load
    from inlay.formats.writing import save

__all__ = [
    "FORMATS",
    "CheckpointFormat",
    "Content",
    "Csv",
    "FastText",
    "FastTextVec",
    "Finalfusion",
    "Format",
    "FoundArray",
    "Gensim",
    "Glove",
    "Hdf5Arrays",
    "KerasArrays",
    "Magnitude",
    "Model2Vec",
    "Native",
    "Npy",
    "Npz",
    "OnnxArrays",
    "Parquet",
    "R",
    "ReadOptions",
    "SafetensorsArrays",
    "ShardsArrays",
    "Spacy",
    "TensorFlowArrays",
    "TorchArrays",
    "Word2VecBinary",
    "Word2VecJson",
    "Word2VecText",
    "convert",
    "find_table",
    "format_of",
    "list_arrays",
    "load",
    "save",
]

_HOME = {
    "Content": "inlay.bytes.content",
    "Format": "inlay.formats.protocol",
    "FoundArray": "inlay.formats.arrays",
    "ReadOptions": "inlay.formats.protocol",
    "convert": "inlay.formats.conversion",
    "find_table": "inlay.formats.reading",
    "format_of": "inlay.formats.reading",
    "list_arrays": "inlay.formats.reading",
    "load": "inlay.formats.reading",
    "save": "inlay.formats.writing",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOME.get(name, "inlay.formats.known")), name)
    globals()[name] = value
    return value
