"""A table as a PyTorch layer."""

from typing import Any, Self

import torch
from torch import Tensor, nn

from inlay.core import Table
from inlay.hosts import torch as host
from inlay.hosts.ids import wrong_dtype
from inlay.hosts.memory import aligned_copy, can_share


class TableEmbedding(nn.Embedding):  # type: ignore[misc]  # torch is optional, so untyped here
    """What `to_torch` makes: an `nn.Embedding` that shares a table's memory while it is frozen.

    Attributes:
        check_ids: Whether each call looks at its ids first.
    """

    check_ids = False
    _borrowed = False  # whether `weight` may be the table's own memory, which we never write to

    @classmethod
    def from_table(cls, table: Table, *, freeze: bool, check_ids: bool) -> Self:
        """Do what `to_torch` says."""
        array = table.storage
        shared = freeze and can_share(array, "float32", aligned=False)
        rows = array if shared else aligned_copy(array, "float32")
        layer: Self = cls.from_pretrained(
            host.as_tensor(rows), freeze=freeze, padding_idx=table.pad_id
        )
        layer.check_ids, layer._borrowed = check_ids, shared
        return layer

    def forward(self, input: Tensor) -> Tensor:
        """Look up ids, int32 or int64 `(...)`: float32 `(..., embedding_dim)`."""
        if self._borrowed and (self.weight.requires_grad or self.max_norm is not None):
            self._own()  # training writes into the weights, and so does max_norm in each look-up
        if self.check_ids:
            _check(input, self.num_embeddings)
        return super().forward(input)

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


@torch.compiler.disable  # type: ignore[untyped-decorator]
def _check(ids: Tensor, num_embeddings: int) -> None:
    if ids.dtype not in (torch.int32, torch.int64):
        raise wrong_dtype("nn.Embedding", "int32 or int64", ids.dtype, "ids.long()")
    host.check_range("nn.Embedding, ids", ids, num_embeddings)
