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
# What others call a trainer that is here.
ELSEWHERE = {
    **dict.fromkeys(("Word2Vec", "skipgram", "cbow"), WORDS),
    **dict.fromkeys(("FastText", "train_unsupervised"), "inlay.train.fasttext(corpus)"),
    "train_supervised": "inlay.TextClassifier(model='fasttext').fit(texts, labels)",
    **dict.fromkeys(("Elmo", "ELMo"), "inlay.train.bilm(corpus, folder)"),
    **dict.fromkeys(("GloVe", "Glove"), "inlay.train.glove(corpus)"),
    **dict.fromkeys(("Doc2Vec", "paragraph2vec", "dbow"), "inlay.train.doc2vec(corpus)"),
}


class _Trainers(ModuleType):
    """This module: a call of it, or another's name, which many would guess, says what to write."""

    def __getattr__(self, name: str) -> Any:
        if name not in ELSEWHERE:
            message = f"module {__name__!r} has no attribute {name!r}"
            raise AttributeError(message, name=name, obj=self)
        expected = " or ".join(sorted(name for name in __all__ if name.islower()))
        raise UnknownNameError(__name__, expected=expected, got=repr(name), hint=ELSEWHERE[name])

    def __call__(self, *args: object, **settings: object) -> NoReturn:
        raise ArgumentTypeError(
            "inlay.train",
            expected="the name of a trainer",
            got="a call of the module",
            hint="inlay.train.word2vec(corpus) or inlay.train.bilm(corpus, folder)",
        )


sys.modules[__name__].__class__ = _Trainers
