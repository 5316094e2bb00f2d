"""torchtext's names: `torchtext.vocab` and `torchtext.data`."""

from typing import TYPE_CHECKING

from inlay.compat.refusals import refuses
from inlay.compat.torchtext.refused import LEGACY, MODELS, SPLIT

if TYPE_CHECKING:
    from inlay.compat.torchtext import data, vocab

__all__ = ["data", "disable_torchtext_deprecation_warning", "vocab"]


def disable_torchtext_deprecation_warning() -> None:
    """Do nothing: no warning is given."""


__getattr__ = refuses(
    __name__,
    {
        "experimental": LEGACY,
        "functional": "inlay.Vocabulary.from_texts(texts).encode(texts), which pads and cuts",
        "models": MODELS,
        "nn": "torch.nn",
        "prototype": LEGACY,
        "utils": SPLIT,
    },
    lazy={
        name: f"inlay.compat.torchtext.{name}"
        for name in ("data", "datasets", "legacy", "transforms", "vocab")
    },
)
