"""A table as a PyTorch layer that trains what is added to it: see `inlay.layers.stored`."""

from typing import Any, Self

from torch import nn

from inlay.core import Table


class DeltaEmbedding(nn.Module):  # type: ignore[misc]  # torch is optional, so untyped here
    """What `to_torch(table, trainable="delta")` makes."""

    @classmethod
    def of(cls, table: Table, rank: int | None, **settings: Any) -> Self:
        """Do what `to_torch` says."""
        raise NotImplementedError
