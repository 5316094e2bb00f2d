"""A table as a PyTorch layer."""

from typing import Any, Self

import numpy as np
from torch import Tensor, nn

from inlay.aliases import Array
from inlay.core import Table
from inlay.hosts import torch as host
from inlay.layers.rows import Check
from inlay.layers.torch.lookup import LooksUp
from inlay.layers.torch.reference import SavedByReference, memory_of

SETTINGS = ("padding_idx", "max_norm", "norm_type", "scale_grad_by_freq", "sparse")


class TableEmbedding(SavedByReference, LooksUp, nn.Embedding):  # type: ignore[misc]  # optional
    """What `to_torch` makes: an `nn.Embedding` that shares a table's memory while it is frozen.

    Attributes:
        check: When a call looks at its ids: "debug", "always" or "off".
    """

    @classmethod
    def from_table(cls, table: Table, *, trainable: bool, check: Check, **settings: Any) -> Self:
        """Do what `to_torch` says."""
        rows, shared = memory_of(table, own=trainable)
        layer: Self = cls.from_pretrained(
            host.as_tensor(rows), freeze=not trainable, padding_idx=table.pad_id, **settings
        )
        layer.check, layer._borrowed, layer._tokens = check, shared, table.tokens
        return layer

    def drift(self, start: Table) -> Tensor:
        """How far training has carried the rows: the sum of their squared distances to a table's.

        Added to a loss, with a weight, it pulls the rows back to where they started.

        Args:
            start: The table that the layer was made of. A mapped one is read and not copied.

        Returns:
            A float32 scalar with a gradient. Allocates the difference, one matrix, for a moment.
        """
        origin = host.as_tensor(memory_of(start)[0])
        return (self.weight - origin.to(self.weight)).square().sum()

    def _look_up(self, ids: Tensor) -> Tensor:
        # As nn.Embedding.forward does, but `weight`, which is slow to find, is found once.
        weight = self.weight
        if self._borrowed and (weight.requires_grad or self.max_norm is not None):
            self._own()
            weight = self.weight
        return nn.functional.embedding(
            ids,
            weight,
            self.padding_idx,
            self.max_norm,
            self.norm_type,
            self.scale_grad_by_freq,
            self.sparse,
        )

    def _matrix(self) -> Array:
        return np.array(self.weight.detach().float().cpu().numpy())

    def _trains(self) -> list[Tensor]:
        return [self.weight]

    def _is_frozen(self) -> bool:
        return not self.weight.requires_grad and self.max_norm is None

    def _own_if_written(self) -> None:
        """Training writes into the weights, and so does `max_norm` in each look-up."""
        if self._borrowed and not self._is_frozen():
            self._own()

    def __prepare_scriptable__(self) -> nn.Embedding:
        # What `torch.jit.script` takes: PyTorch's own, around this layer's parameter.
        if self.check == "always":
            raise self._unchecked()
        self._detach()
        given = {name: getattr(self, name) for name in SETTINGS}
        plain = nn.Embedding.from_pretrained(self.weight.detach(), **given)
        plain.weight = self.weight
        return plain.train(self.training)

    def reset_parameters(self) -> None:
        """Fill the layer, never the table, with random numbers."""
        self._own()
        super().reset_parameters()
