"""The formats that we know, in the order in which a file is looked at."""

from inlay.formats.checkpoints import (
    CheckpointFormat,
    OnnxArrays,
    SafetensorsArrays,
    ShardsArrays,
    TensorFlowArrays,
    TorchArrays,
)
from inlay.formats.csv import Csv
from inlay.formats.fasttext import FastText
from inlay.formats.finalfusion import Finalfusion
from inlay.formats.gensim import Gensim
from inlay.formats.glove import Glove
from inlay.formats.keras import Hdf5Arrays, KerasArrays
from inlay.formats.magnitude import Magnitude
from inlay.formats.model2vec import Model2Vec
from inlay.formats.native import Native
from inlay.formats.numpy_files import Npy, Npz
from inlay.formats.parquet import Parquet
from inlay.formats.protocol import Format
from inlay.formats.r import R
from inlay.formats.spacy import Spacy
from inlay.formats.word2vec import FastTextVec, Word2VecText
from inlay.formats.word2vec_binary import Word2VecBinary
from inlay.formats.word2vec_json import Word2VecJson

__all__ = [
    "FORMATS",
    "CheckpointFormat",
    "Csv",
    "FastText",
    "FastTextVec",
    "Finalfusion",
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
    "SafetensorsArrays",
    "ShardsArrays",
    "Spacy",
    "TensorFlowArrays",
    "TorchArrays",
    "Word2VecBinary",
    "Word2VecJson",
    "Word2VecText",
]

FORMATS: tuple[Format, ...] = (
    Native(),
    Npz(),
    Npy(),
    SafetensorsArrays(),
    ShardsArrays(),
    Hdf5Arrays(),
    KerasArrays(),
    TensorFlowArrays(),
    TorchArrays(),
    OnnxArrays(),
    FastText(),
    Finalfusion(),
    Gensim(),
    Model2Vec(),
    Spacy(),
    R(),
    Magnitude(),
    Word2VecBinary(),
    Word2VecText(),
    Word2VecJson(),
    Parquet(),
    Csv(),
    FastTextVec(),
    Glove(),
)
