"""gensim's names: `gensim.models.KeyedVectors` and `gensim.downloader`."""

from typing import TYPE_CHECKING

from inlay.compat.gensim.refused import MODULES, OF_GENSIM
from inlay.compat.refusals import refuses, refuses_modules

if TYPE_CHECKING:
    from inlay.compat.gensim import downloader, models

__all__ = ["downloader", "models"]

__getattr__ = refuses(
    __name__,
    OF_GENSIM,
    lazy={
        name: f"inlay.compat.gensim.{name}" for name in ("corpora", "downloader", "models", "utils")
    },
)

refuses_modules(__name__, MODULES)
