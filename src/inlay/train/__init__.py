"""Training embeddings on a corpus of one's own."""

import sys
from types import ModuleType
from typing import NoReturn

from inlay.errors import ArgumentTypeError
from inlay.train.elmo.bilm import bilm
from inlay.train.word2vec import word2vec

__all__ = ["bilm", "word2vec"]


class _Trainers(ModuleType):
    """This module: a call of it, which many would guess, says what to write."""

    def __call__(self, *args: object, **settings: object) -> NoReturn:
        raise ArgumentTypeError(
            "inlay.train",
            expected="the name of a trainer",
            got="a call of the module",
            hint="inlay.train.word2vec(corpus) or inlay.train.bilm(corpus, folder)",
        )


sys.modules[__name__].__class__ = _Trainers
