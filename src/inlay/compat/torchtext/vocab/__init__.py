"""torchtext.vocab: `GloVe`, `FastText`, `CharNGram`, `Vectors`; `Vocab` and what makes one."""

from typing import TYPE_CHECKING, Any

from inlay.compat.refusals import refuses
from inlay.compat.torchtext.vocab.char_ngram import COMPOSES, CharNGram
from inlay.compat.torchtext.vocab.making import build_vocab_from_iterator, vocab
from inlay.compat.torchtext.vocab.vectors import FastText, GloVe, Vectors, pretrained_aliases

if TYPE_CHECKING:
    from inlay.compat.torchtext.vocab.torch_vocab import Vocab

__all__ = [
    "CharNGram",
    "FastText",
    "GloVe",
    "Vectors",
    "Vocab",
    "build_vocab_from_iterator",
    "pretrained_aliases",
    "vocab",
]

_refused = refuses(__name__, {"SubwordVocab": COMPOSES})


def __getattr__(name: str) -> Any:
    if name == "Vocab":  # which is a module of PyTorch's
        from inlay.compat.torchtext.vocab.making import vocab_class

        return vocab_class()
    return _refused(name)
