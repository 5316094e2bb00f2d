"""inlay sets any text embedding into any model.

Everything public is named here and imported when first used: `import inlay` itself loads
nothing, not even numpy.
"""

import importlib
import sys
from typing import TYPE_CHECKING, Any

from inlay.version import __version__ as __version__

_HOME = {
    "InlayError": "inlay.errors",
    "Table": "inlay.core",
    "TextClassifier": "inlay.classify",
    "Vectorizer": "inlay.encode.vectorizer",
    "Vocabulary": "inlay.core",
    "compare": "inlay.evaluate",
    "distil": "inlay.encode.distil",
    "load": "inlay.formats",
    "load_encoder": "inlay.encode",
    "read_labelled": "inlay.text",
    "save": "inlay.formats",
    "to_jax": "inlay.layers",
    "to_keras": "inlay.layers",
    "to_tensorflow": "inlay.layers",
    "to_torch": "inlay.layers",
}

__all__ = [
    "InlayError",
    "Table",
    "TextClassifier",
    "Vectorizer",
    "Vocabulary",
    "compare",
    "distil",
    "load",
    "load_encoder",
    "read_labelled",
    "save",
    "to_jax",
    "to_keras",
    "to_tensorflow",
    "to_torch",
]

if TYPE_CHECKING:
    from inlay import sources as sources
    from inlay import train as train
    from inlay.classify import TextClassifier
    from inlay.core import Table, Vocabulary
    from inlay.encode import load_encoder
    from inlay.encode.distil import distil
    from inlay.encode.vectorizer import Vectorizer
    from inlay.errors import InlayError
    from inlay.evaluate.compare import compare
    from inlay.formats import load, save
    from inlay.layers import to_jax, to_keras, to_tensorflow, to_torch
    from inlay.text import read_labelled


# Rooms of which a page or a message speaks: `inlay.tokenizers.get_tokenizer(name)`.
_ROOMS = (
    "classify",
    "core",
    "encode",
    "errors",
    "evaluate",
    "formats",
    "layers",
    "sources",
    "text",
    "tokenizers",
    "train",
)

# What others have at their front door, and what to write here.
_ELSEWHERE = {
    "HashingVocabulary": "inlay.core.HashingVocabulary(vocab_size)",
    "SentenceTransformer": "inlay.load_encoder(name_or_folder)",
    "StaticModel": "inlay.load_encoder(folder)",
    "ELMo": "inlay.load_encoder(path)",
    "Elmo": "inlay.load_encoder(path)",
    "Embedding": "inlay.to_torch(table) or inlay.to_keras(table)",
    "FastText": "inlay.load(path)",
    "fasttext": "inlay.train.fasttext(corpus), or inlay.TextClassifier(model='fasttext')",
    "GloVe": "inlay.load(path)",
    "KeyedVectors": "inlay.load(path)",
    "ElmoEmbedder": "inlay.load_encoder(path)",
    "TextToIds": "inlay.core.TextToIds(vocab, max_length=...)",
    "TextVectorization": "inlay.core.TextToIds(vocab, max_length=...)",
    "Tokenizer": "inlay.Vocabulary.from_texts(texts), or inlay.tokenizers.get_tokenizer(name)",
    "Vocab": "inlay.Vocabulary.from_texts(texts)",
    "Word2Vec": "inlay.train.word2vec(corpus)",
    "bilm": "inlay.train.bilm(corpus, folder)",
    "build_vocab_from_iterator": "inlay.Vocabulary.from_texts(texts)",
    "catalogue": "inlay.sources.catalogue()",
    "download": "inlay.sources.fetch(name), or inlay.load(name)",
    "distill": "inlay.distil(encoder, vocab)",
    "downloader": "inlay.sources.fetch(name), or inlay.load(name)",
    "fetch": "inlay.sources.fetch(name)",
    "from_pretrained": "inlay.load(path), or inlay.load_encoder(path)",
    "load_glove": "inlay.load(path)",
    "load_model": "inlay.load(path), or inlay.TextClassifier.load(path)",
    "load_vectors": "inlay.load(path)",
    "load_word2vec_format": "inlay.load(path)",
    "read_csv": "inlay.read_labelled(path)",
    "train_supervised": "inlay.TextClassifier(model='fasttext').fit(texts, labels)",
    "train_unsupervised": "inlay.train.fasttext(corpus)",
    "tokenize": "inlay.tokenizers.words(text), or inlay.tokenizers.get_tokenizer(name)",
    "words": "inlay.tokenizers.words(text), or get_tokenizer(name)",
    "word2vec": "inlay.train.word2vec(corpus)",
}


def __getattr__(name: str) -> Any:
    if name.startswith("_"):
        raise AttributeError(f"module 'inlay' has no attribute {name!r}")
    if name not in _HOME and name not in _ROOMS:
        errors = importlib.import_module("inlay.errors")
        expected, hint = f"one of {', '.join(__all__)}", _ELSEWHERE.get(name)
        if hint is None:
            near = importlib.import_module("difflib").get_close_matches(name, __all__, 1)
            hint = "".join(f"inlay.{found}" for found in near)
        raise errors.UnknownNameError("inlay", expected=expected, got=repr(name), hint=hint)
    if name in _ROOMS:
        return importlib.import_module(f"inlay.{name}")
    value = getattr(importlib.import_module(_HOME[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, *_ROOMS})


# -- a Keras or a PyTorch of the user's own import --------------------------------------------
# Keras makes only what it has been told of, and so does PyTorch of a file with `weights_only`. So
# both are told of stand-ins, which import nothing, whether they are imported before inlay or after.
# A Keras that comes after is led to a backend that is here.

_KERAS = {
    "AttentionPooling": "inlay.layers.keras.blocks.AttentionPooling",
    "DeltaEmbedding": "inlay.layers.keras.delta.DeltaEmbedding",
    "ElmoLayer": "inlay.encode.elmo.keras.ElmoLayer",
    "ElmoTokenMask": "inlay.encode.elmo.keras_input.TokenMask",
    "EmbeddingBag": "inlay.layers.keras.bags.EmbeddingBag",
    "LazyAdagrad": "inlay.layers.keras.optimizers.LazyAdagrad",
    "LazyAdam": "inlay.layers.keras.optimizers.LazyAdam",
    "LazyAdamW": "inlay.layers.keras.optimizers.LazyAdamW",
    "MappedEmbedding": "inlay.layers.keras.mapped.MappedEmbedding",
    "MaskedConv1D": "inlay.layers.keras.blocks.MaskedConv1D",
    "MaxPooling": "inlay.layers.keras.blocks.MaxPooling",
    "MeanPooling": "inlay.layers.keras.blocks.MeanPooling",
    "RequireMask": "inlay.layers.keras.blocks.RequireMask",
    "RowsEmbedding": "inlay.layers.keras.chosen.RowsEmbedding",
    "SavedModelLayer": "inlay.encode.savedmodel.keras.SavedModelLayer",
    "ScalarMix": "inlay.encode.elmo.keras_mix.ScalarMix",
    "StackEmbedding": "inlay.layers.keras.stack.StackEmbedding",
    "TableEmbedding": "inlay.layers.keras.embedding.TableEmbedding",
    "TextLayer": "inlay.layers.keras.text.TextLayer",
    "UseLayer": "inlay.encode.use.keras.UseLayer",
}


class _StandIn:
    """A layer of ours, whose file is imported when a saved model asks for the layer."""

    def __init__(self, place: str) -> None:
        self._place = place

    def from_config(self, config: dict[str, Any]) -> Any:
        module, _, name = self._place.rpartition(".")
        return getattr(importlib.import_module(module), name).from_config(config)


def _torch_stand_in(module: str, name: str) -> type:
    """A class with the name of our layer of PyTorch: its objects become that with their state."""

    def __setstate__(self: Any, state: Any) -> None:  # noqa: N807
        self.__class__ = getattr(importlib.import_module(module), name)
        self.__setstate__(state)

    return type(name, (), {"__module__": module, "__setstate__": __setstate__})


_TORCH = [
    _torch_stand_in("inlay.layers.torch.embedding", "TableEmbedding"),
    _torch_stand_in("inlay.layers.torch.chosen", "RowsEmbedding"),
    _torch_stand_in("inlay.layers.torch.delta", "DeltaEmbedding"),
]


class _Finder:
    """Finds Keras and PyTorch as others do, and tells them of our layers."""

    @classmethod
    def find_spec(cls, name: str, path: Any = None, target: Any = None) -> Any:
        if name not in _TOLD:
            return None
        others: list[Any] = [finder for finder in sys.meta_path if finder is not cls]
        specs = (finder.find_spec(name, path, target) for finder in others)
        spec = next((spec for spec in specs if spec is not None), None)
        loader: Any = getattr(spec, "loader", None)
        if hasattr(loader, "exec_module"):  # a mere folder has none
            load = loader.exec_module

            def exec_module(module: Any) -> None:
                if name == "keras":
                    importlib.import_module("inlay.hosts.backends").lead()
                load(module)
                _TOLD[name](module)

            loader.exec_module = exec_module
        return spec


def _tell_keras(keras: Any) -> None:
    saving: Any = getattr(keras, "saving", None)
    known = saving.get_custom_objects() if hasattr(saving, "get_custom_objects") else {}
    for name, place in _KERAS.items():
        known.setdefault(f"inlay>{name}", _StandIn(place))


def _tell_torch(torch: Any) -> None:
    serialization: Any = getattr(torch, "serialization", None)
    if hasattr(serialization, "add_safe_globals"):  # since PyTorch 2.4
        serialization.add_safe_globals(_TORCH)


_TOLD = {"keras": _tell_keras, "torch": _tell_torch}
sys.meta_path.insert(0, _Finder)
if "keras" in sys.modules:
    _tell_keras(sys.modules["keras"])
if "torch" in sys.modules:
    _tell_torch(sys.modules["torch"])
