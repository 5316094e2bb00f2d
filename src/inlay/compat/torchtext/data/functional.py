"""torchtext.data.functional: `to_map_style_dataset`."""

from collections.abc import Iterable
from typing import TypeVar

from inlay.checks import many
from inlay.compat.refusals import refuses
from inlay.compat.torchtext.refused import OF_DATA

__all__ = ["to_map_style_dataset"]

T = TypeVar("T")


def to_map_style_dataset(iter_data: Iterable[T]) -> list[T]:
    """The items of an iterator as a list, which has what a `DataLoader` needs to shuffle."""
    return list(many("iter_data", iter_data, "items"))


__getattr__ = refuses(__name__, OF_DATA)
