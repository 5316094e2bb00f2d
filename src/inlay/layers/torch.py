"""A table as a PyTorch layer."""

from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn

from inlay.aliases import Array
from inlay.core import Table
from inlay.core.tokens import Tokens
from inlay.errors import ArgumentError
from inlay.hosts import torch as host
from inlay.hosts.ids import wrong_dtype
from inlay.hosts.memory import aligned_copy, can_share
from inlay.layers.rows import Check, merged

SETTINGS = ("padding_idx", "max_norm", "norm_type", "scale_grad_by_freq", "sparse")


class TableEmbedding(nn.Embedding):  # type: ignore[misc]  # torch is optional, so untyped here
    """What `to_torch` makes: an `nn.Embedding` that shares a table's memory while it is frozen.

    Attributes:
        check: When a call looks at its ids: "debug", "always" or "off".
    """

    check: Check = "debug"
    _borrowed = False  # whether `weight` may be the table's own memory, which we never write to
    _tokens: Tokens | None = None  # for messages; a layer that was saved has none

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

    def forward(self, input: Tensor) -> Tensor:
        """Look up ids, int32 or int64 `(...)`: float32 `(..., embedding_dim)`."""
        host.check_tensor("nn.Embedding", input)
        if self.check == "always":
            if host.is_taken_down():
                raise self._unchecked()
            _check(input, self.num_embeddings, self._tokens)
        if self.check != "debug" or host.is_compiling():
            return self._look_up(input)
        try:
            return self._look_up(input)
        except (IndexError, RuntimeError):  # what torch says of wrong ids, without saying which
            _check(input, self.num_embeddings, self._tokens)
            raise

    def merged(self, tokens: Any) -> Table:
        """The layer as it is now, as a table.

        Args:
            tokens: The vocabulary or the table whose ids the layer takes, or their tokens.

        Returns:
            A table with its own float32 matrix, and the special ids of `tokens`.
        """
        return merged(tokens, self._matrix(), self.padding_idx)

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

    def unfreeze(self, optimiser: Any = None, **settings: Any) -> None:
        """Let a frozen layer train from now on, such as after some epochs.

        Args:
            optimiser: One that may have been made without the layer's numbers: it gets them as
                a group of its own.
            **settings: Of that group, such as `lr`.
        """
        parameter = self._trains()
        parameter.requires_grad_(True)
        self._own_if_written()
        if optimiser is not None:
            known = {id(p) for group in optimiser.param_groups for p in group["params"]}
            if id(parameter) not in known:
                optimiser.add_param_group({"params": [parameter], **settings})

    def _look_up(self, ids: Tensor) -> Tensor:
        self._own_if_written()
        return super().forward(ids)

    def _matrix(self) -> Array:
        return np.array(self.weight.detach().float().cpu().numpy())

    def _trains(self) -> Tensor:
        return self.weight

    def _own_if_written(self) -> None:
        """Training writes into the weights, and so does `max_norm` in each look-up."""
        if self._borrowed and (self.weight.requires_grad or self.max_norm is not None):
            self._own()

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in self.__dict__.items() if name != "_tokens"}

    def __prepare_scriptable__(self) -> nn.Embedding:
        # What `torch.jit.script` takes: PyTorch's own, around this layer's parameter.
        if self.check == "always":
            raise self._unchecked()
        self._own()
        given = {name: getattr(self, name) for name in SETTINGS}
        plain = nn.Embedding.from_pretrained(self.weight.detach(), **given)
        plain.weight = self.weight
        return plain.train(self.training)

    def _unchecked(self) -> ArgumentError:
        return host.no_graph("one that always looks at its ids", 'layer.check = "debug"')

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
def _check(ids: Tensor, num_embeddings: int, tokens: Tokens | None) -> None:
    if ids.dtype not in (torch.int32, torch.int64):
        raise wrong_dtype("nn.Embedding", "int32 or int64", ids.dtype, "ids.long()")
    host.check_range("nn.Embedding, ids", ids, num_embeddings, tokens=tokens)
