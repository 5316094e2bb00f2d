"""Universal Sentence Encoder as a PyTorch module."""

from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn

from inlay.encode.use.formula import Operations, inside, vectors
from inlay.encode.use.weights import LOW, SCALE, TABLE, Shape, Weights
from inlay.errors import ArgumentTypeError
from inlay.hosts import torch as host

HINT = "torch.from_numpy(encoder.piece_ids(texts))"
DO = Operations(
    join=lambda tensors: torch.cat(tensors, -1),
    pad=lambda x, before, after: nn.functional.pad(x, (0, 0, before, after)),
    matmul=torch.matmul,
    mean=lambda x: x.mean(-1, keepdim=True),
    total=torch.sum,
    counted=lambda x: x.cumsum(1),
    at_least=lambda x, least: x.clamp(min=least),
    sqrt=torch.sqrt,
    tanh=torch.tanh,
)


class UseModule(nn.Module):  # type: ignore[misc]  # optional, so untyped here
    """A Universal Sentence Encoder: ids of pieces in, vectors out; made by `from_weights`.

    The embeddings of pieces stay bytes, in a buffer, unless they are to learn; all other arrays
    are parameters, under their published names. It is compiled, exported and traced.

    Args:
        shape: Its sizes.
        eps: What layer norms add to a variance.
    """

    def __init__(self, shape: Shape, eps: float) -> None:
        super().__init__()
        self.shape, self.eps = shape, eps

    @classmethod
    def from_weights(cls, weights: Weights, *, trainable: bool, with_table: bool) -> Self:
        """Make the module. Allocates the weights once more.

        Args:
            weights: Its numbers, which are copied.
            trainable: Whether the network learns.
            with_table: Whether the embeddings learn too; they are float32 then.
        """
        module = cls(weights.shape, weights.eps)
        rows = weights.rows(np.arange(len(weights.table))) if with_table else weights.table
        table = torch.from_numpy(np.array(rows))
        if with_table:
            module.register_parameter(TABLE, nn.Parameter(table))
        else:
            module.register_buffer(TABLE, table)
        kinds = {} if with_table else {LOW: weights.low, SCALE: weights.scale}
        for name, array in kinds.items():
            module.register_buffer(name, None if array is None else torch.from_numpy(array.copy()))
        for name, array in weights.network.items():
            copied = torch.from_numpy(array.copy())
            module.register_parameter(name, nn.Parameter(copied, requires_grad=trainable))
        return module

    @property
    def dim(self) -> int:
        """Numbers in a vector."""
        return self.shape.dim

    def to_weights(self) -> Weights:
        """The numbers as they are now: `Use(module.to_weights(), encoder.pieces)` encodes by them.

        Embeddings that learned are float32, and four times as large as bytes.
        """
        arrays = {name: tensor.numpy(force=True) for name, tensor in self.state_dict().items()}
        wide = {
            name: array if array.dtype == np.uint8 else array.astype(np.float32)
            for name, array in arrays.items()
        }
        return Weights.take(wide | {"eps": np.array(self.eps)}, "the module")

    def forward(self, ids: Tensor) -> Tensor:
        """Run texts.

        Args:
            ids: `(batch, pieces)` of `piece_ids`: the marks of a text and what is between them;
                0 on either side is padding.

        Returns:
            `(batch, dim)`, of length 1; zeros for a row of padding alone.

        Raises:
            ArgumentTypeError: No tensor, or of another number of dimensions.
            IdError: An id that is out of range or no whole number.
        """
        host.check_tensor("ids", ids, hint=HINT)
        if ids.ndim != 2:
            got = f"shape {tuple(ids.shape)}"
            raise ArgumentTypeError("ids", expected="ids (batch, pieces)", got=got, hint=HINT)
        host.check_dtype("ids", ids)
        if host.is_at_hand(ids) and not host.is_taken_down():
            host.check_range("ids", ids, self.shape.pieces, hint=HINT)
        ids = ids.long()
        pieces, kind = self._rows(ids), self._parameters["d0"]
        here = inside(DO, ids)[..., None].to(kind.dtype)
        result: Tensor = vectors(
            DO, self.get_parameter, self.shape, self.eps, pieces.to(kind.dtype), here
        )
        return result

    def _rows(self, ids: Tensor) -> Tensor:
        rows: Tensor = nn.functional.embedding(ids, self.table)
        scale: Any = self._buffers.get(SCALE)
        if scale is None:
            return rows
        kind = ids % len(scale)
        return rows * scale[kind][..., None] + self._buffers[LOW][kind][..., None]

    def extra_repr(self) -> str:
        """Its sizes."""
        return f"{self.shape.pieces} pieces, vectors of {self.dim}"
