"""Training embeddings on a corpus of one's own."""

import sys
from types import ModuleType
from typing import Any, NoReturn

from inlay.errors import ArgumentTypeError, UnknownNameError
from inlay.text.phrases import Phrases
from inlay.train import refine
from inlay.train.doc2vec import doc2vec
from inlay.train.elmo.bilm import bilm
from inlay.train.fasttext import fasttext
from inlay.train.glove import glove
from inlay.train.phrases import phrases
from inlay.train.running import Epoch
from inlay.train.word2vec import word2vec

__all__ = [
    "Epoch",
    "Phrases",
    "bilm",
    "doc2vec",
    "fasttext",
    "glove",
    "phrases",
    "refine",
    "word2vec",
]


WORDS = "inlay.train.word2vec(corpus)"
# What others call a trainer that is here, in small letters.
ELSEWHERE = {
    **dict.fromkeys(("word2vec", "w2v", "skipgram", "skip_gram", "sgns", "cbow"), WORDS),
    **dict.fromkeys(("fasttext", "train_unsupervised"), "inlay.train.fasttext(corpus)"),
    **dict.fromkeys(
        ("train_supervised", "supervised"),
        "inlay.TextClassifier(model='fasttext').fit(texts, labels)",
    ),
    **dict.fromkeys(("elmo", "bilm", "language_model"), "inlay.train.bilm(corpus, folder)"),
    "glove": "inlay.train.glove(corpus)",
    **dict.fromkeys(
        ("doc2vec", "paragraph2vec", "paragraph_vectors", "dbow", "dm"),
        "inlay.train.doc2vec(corpus)",
    ),
    "taggeddocument": "inlay.train.doc2vec(texts, tags=tags)",
    **dict.fromkeys(("phraser", "bigrams"), "inlay.train.phrases(corpus)"),
    **dict.fromkeys(("load", "load_model", "keyedvectors"), "inlay.load(path)"),
    **dict.fromkeys(
        ("corpus", "linesentence", "text8corpus", "pathlinesentences"),
        "inlay.text.encode_corpus(path), or the path itself",
    ),
}


class _Trainers(ModuleType):
    """This module: a call of it, or another's name, which many would guess, says what to write."""

    def __getattr__(self, name: str) -> Any:
        if name.lower() not in ELSEWHERE:
            message = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(message, name=name, obj=self)
        expected = " or ".join(sorted(name for name in __all__ if name.islower()))
        raise UnknownNameError(
            __name__, expected=expected, got=repr(name), hint=ELSEWHERE[name.lower()]
        )

    def __call__(self, *args: object, **settings: object) -> NoReturn:
        raise ArgumentTypeError(
            "inlay.train",
            expected="the name of a trainer",
            got="a call of the module",
            hint="inlay.train.word2vec(corpus) or inlay.train.bilm(corpus, folder)",
        )


sys.modules[__name__].__class__ = _Trainers
