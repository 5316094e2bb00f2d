"""A table as a PyTorch layer."""

from typing import Any, Self

import numpy as np
from torch import Tensor, nn

from inlay.aliases import Array
from inlay.core import Table
from inlay.hosts import torch as host
from inlay.hosts.memory import aligned_copy, can_share
from inlay.layers.rows import Check
from inlay.layers.torch_lookup import LooksUp

SETTINGS = ("padding_idx", "max_norm", "norm_type", "scale_grad_by_freq", "sparse")


class TableEmbedding(LooksUp, nn.Embedding):  # type: ignore[misc]  # torch is optional
    """What `to_torch` makes: an `nn.Embedding` that shares a table's memory while it is frozen.

    Attributes:
        check: When a call looks at its ids: "debug", "always" or "off".
    """

    _borrowed = False  # whether `weight` may be the table's own memory, which we never write to

    @classmethod
    def from_table(cls, table: Table, *, trainable: bool, check: Check, **settings: Any) -> Self:
        """Do what `to_torch` says."""
        array = table.storage
        shared = not trainable and can_share(array, "float32", aligned=False)
        rows = array if shared else aligned_copy(array, "float32")
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
        array = start.storage
        fits = can_share(array, "float32", aligned=False)
        origin = host.as_tensor(array if fits else aligned_copy(array, "float32"))
        return (self.weight - origin.to(self.weight)).square().sum()

    def _look_up(self, ids: Tensor) -> Tensor:
        self._own_if_written()
        return nn.Embedding.forward(self, ids)

    def _matrix(self) -> Array:
        return np.array(self.weight.detach().float().cpu().numpy())

    def _trains(self) -> list[Tensor]:
        return [self.weight]

    def _own_if_written(self) -> None:
        """Training writes into the weights, and so does `max_norm` in each look-up."""
        if self._borrowed and (self.weight.requires_grad or self.max_norm is not None):
            self._own()

    def __prepare_scriptable__(self) -> nn.Embedding:
        # What `torch.jit.script` takes: PyTorch's own, around this layer's parameter.
        if self.check == "always":
            raise self._unchecked()
        self._own()
        given = {name: getattr(self, name) for name in SETTINGS}
        plain = nn.Embedding.from_pretrained(self.weight.detach(), **given)
        plain.weight = self.weight
        return plain.train(self.training)

    def reset_parameters(self) -> None:
        """Fill the layer, never the table, with random numbers."""
        self._own()
        super().reset_parameters()

    def _load_from_state_dict(self, *args: Any, **kwargs: Any) -> None:
        self._own()  # torch copies into the memory that is there
        super()._load_from_state_dict(*args, **kwargs)

    def _own(self) -> None:
        if self._borrowed:
            host.detach(self.weight)  # still the object that an optimiser may hold
            self._borrowed = False
