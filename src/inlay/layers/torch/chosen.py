"""A table as a PyTorch layer of which some rows train: see `inlay.layers.rows`."""

from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from inlay.aliases import Array
from inlay.core import Table
from inlay.hosts import torch as host
from inlay.layers.rows import Check, rows_at, slots_of
from inlay.layers.torch.embedding import SETTINGS, TableEmbedding


class RowsEmbedding(TableEmbedding):
    """What `to_torch(table, trainable="rows")` makes.

    Attributes:
        weight: The frozen rows, those that train among them as they were at the start.
        rows: The rows that train, float32 `(n_rows, embedding_dim)`: the one parameter that learns.
        slots: For each id its row of `rows`, or -1: int32 `(num_embeddings,)`.
    """

    rows: Tensor
    slots: Tensor

    @classmethod
    def of(cls, table: Table, ids: Array, *, check: Check, **settings: Any) -> Self:
        """Do what `to_torch` says; `ids` are the rows that train, ascending."""
        layer = cls.from_table(table, trainable=False, check=check, **settings)
        layer.rows = nn.Parameter(host.as_tensor(rows_at(table, ids)))
        layer.register_buffer("slots", host.as_tensor(slots_of(ids, len(table))))
        return layer

    @property
    def row_ids(self) -> Tensor:
        """The ids whose rows train, int64 `(n_rows,)`, ascending."""
        return (self.slots >= 0).nonzero().squeeze(1)

    def _look_up(self, ids: Tensor) -> Tensor:
        if ids.ndim == 0:  # of which a mask cannot choose
            return self._look_up(ids[None])[0]
        # Detached, so that nothing trains it even where all parameters are told to.
        found = functional.embedding(ids, self.weight.detach())
        # Not `slots[ids]`, which ONNX takes of int64 alone.
        slots = functional.embedding(ids, self.slots.unsqueeze(1)).squeeze(-1)
        mine = slots >= 0
        given = (self.max_norm, self.norm_type, self.scale_grad_by_freq, self.sparse)
        if given[0] is None and not any(given[2:]) and _has_one_graph():
            trained = functional.embedding(slots.clamp(min=0), self.rows)
            return torch.where(mine.unsqueeze(-1), trained, found)
        # Quicker, but of a size that no graph can know. What is given asks how often a row was
        # looked up, so that none may be looked up in vain.
        trained = functional.embedding(slots[mine], self.rows, None, *given)
        return found.index_put_((mine,), trained)

    def drift(self, start: Table | None = None) -> Tensor:
        """How far training has carried the rows: the sum of their squared distances to the start.

        Added to a loss, with a weight, it pulls the rows back to where they started.

        Args:
            start: Not needed: the frozen matrix holds the start.

        Returns:
            A float32 scalar with a gradient. Allocates as much as the rows that train.
        """
        return (self.rows - self.weight.detach()[self.row_ids]).square().sum()

    def reset_parameters(self) -> None:
        """Put the rows that train back to where they started."""
        if "rows" in self._parameters:
            with torch.no_grad():
                self.rows.copy_(self.weight[self.row_ids])

    def _matrix(self) -> Array:
        matrix = super()._matrix()
        matrix[self.row_ids.cpu().numpy()] = self.rows.detach().float().cpu().numpy()
        return matrix

    def _trains(self) -> list[Tensor]:
        return [self.rows]

    def _is_frozen(self) -> bool:
        return True

    def _own_if_written(self) -> None:
        """The frozen matrix is never written to, whatever is set."""

    def __prepare_scriptable__(self) -> nn.Embedding:
        # A copy that is frozen as a whole, for PyTorch's own layer has one matrix.
        if self.check == "always":
            raise self._unchecked()
        given = {name: getattr(self, name) for name in SETTINGS} | {"max_norm": None}
        matrix = host.as_tensor(self._matrix())
        return nn.Embedding.from_pretrained(matrix, freeze=True, **given).train(self.training)


def _has_one_graph() -> bool:
    return host.is_compiling() or host.is_taken_down()
