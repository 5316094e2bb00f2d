"""torchtext's names: `torchtext.vocab` and `torchtext.data`."""

from typing import TYPE_CHECKING

from inlay.compat.refusals import refuses, refuses_modules
from inlay.compat.torchtext.refused import MODULES, OF_TORCHTEXT

if TYPE_CHECKING:
    from inlay.compat.torchtext import data, vocab

__all__ = ["data", "disable_torchtext_deprecation_warning", "vocab"]


def disable_torchtext_deprecation_warning() -> None:
    """Do nothing: no warning is given."""


__getattr__ = refuses(
    __name__,
    OF_TORCHTEXT,
    lazy={
        name: f"inlay.compat.torchtext.{name}"
        for name in ("data", "datasets", "legacy", "transforms", "vocab")
    },
)

refuses_modules(__name__, MODULES)
