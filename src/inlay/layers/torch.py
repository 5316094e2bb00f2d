"""A table as a PyTorch layer."""

from typing import Any, Self

import torch
from torch import Tensor, nn

from inlay.core import Table
from inlay.errors import ArgumentError
from inlay.hosts import torch as host
from inlay.hosts.ids import wrong_dtype
from inlay.hosts.memory import aligned_copy, can_share

SETTINGS = ("padding_idx", "max_norm", "norm_type", "scale_grad_by_freq", "sparse")


class TableEmbedding(nn.Embedding):  # type: ignore[misc]  # torch is optional, so untyped here
    """What `to_torch` makes: an `nn.Embedding` that shares a table's memory while it is frozen.

    Attributes:
        check_ids: Whether each call looks at its ids first.
    """

    check_ids = False
    _borrowed = False  # whether `weight` may be the table's own memory, which we never write to

    @classmethod
    def from_table(cls, table: Table, *, freeze: bool, sparse: bool, check_ids: bool) -> Self:
        """Do what `to_torch` says."""
        array = table.storage
        shared = freeze and can_share(array, "float32", aligned=False)
        rows = array if shared else aligned_copy(array, "float32")
        layer: Self = cls.from_pretrained(
            host.as_tensor(rows), freeze=freeze, padding_idx=table.pad_id, sparse=sparse
        )
        layer.check_ids, layer._borrowed = check_ids, shared
        return layer

    def forward(self, input: Tensor) -> Tensor:
        """Look up ids, int32 or int64 `(...)`: float32 `(..., embedding_dim)`."""
        host.check_tensor("nn.Embedding", input)
        if self._borrowed and (self.weight.requires_grad or self.max_norm is not None):
            self._own()  # training writes into the weights, and so does max_norm in each look-up
        if self.check_ids:
            if host.is_taken_down():
                raise self._unchecked()
            _check(input, self.num_embeddings)
        return super().forward(input)

    def __prepare_scriptable__(self) -> nn.Embedding:
        # What `torch.jit.script` takes: PyTorch's own, around this layer's parameter.
        if self.check_ids:
            raise self._unchecked()
        self._own()
        given = {name: getattr(self, name) for name in SETTINGS}
        plain = nn.Embedding.from_pretrained(self.weight.detach(), **given)
        plain.weight = self.weight
        return plain.train(self.training)

    def _unchecked(self) -> ArgumentError:
        return host.no_graph("one that looks at its ids", "layer.check_ids = False")

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


@host.eager
def _check(ids: Tensor, num_embeddings: int) -> None:
    if ids.dtype not in (torch.int32, torch.int64):
        raise wrong_dtype("nn.Embedding", "int32 or int64", ids.dtype, "ids.long()")
    host.check_range("nn.Embedding, ids", ids, num_embeddings)
