"""torchtext.vocab: `GloVe`, `FastText`, `Vectors`; `Vocab` and the two functions that make one."""

from typing import TYPE_CHECKING, Any

from inlay.compat.refusals import refuses
from inlay.compat.torchtext.vocab.making import build_vocab_from_iterator, vocab
from inlay.compat.torchtext.vocab.vectors import FastText, GloVe, Vectors, pretrained_aliases

if TYPE_CHECKING:
    from inlay.compat.torchtext.vocab.torch_vocab import Vocab

__all__ = [
    "FastText",
    "GloVe",
    "Vectors",
    "Vocab",
    "build_vocab_from_iterator",
    "pretrained_aliases",
    "vocab",
]

COMPOSES = "inlay.load('cc.en.300.bin'), fastText's model, which composes the vector of any word"

_refused = refuses(__name__, {"CharNGram": COMPOSES, "SubwordVocab": COMPOSES})


def __getattr__(name: str) -> Any:
    if name == "Vocab":  # which is a module of PyTorch's
        from inlay.compat.torchtext.vocab.making import vocab_class

        return vocab_class()
    return _refused(name)
