"""A table as a PyTorch layer that trains what is added to it: see `inlay.layers.stored`."""

from collections.abc import Callable
from typing import Any, Self

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from inlay.aliases import Array
from inlay.core import Table
from inlay.hosts import torch as host
from inlay.hosts.memory import untouched_zeros
from inlay.layers.reference import Reference
from inlay.layers.rows import Check
from inlay.layers.stored import Form, Stored, checked_rank, start_of_b, stored_of, with_difference
from inlay.layers.torch.lookup import LooksUp
from inlay.layers.torch.reference import SavedByReference


class DeltaEmbedding(SavedByReference, LooksUp):
    """What `to_torch(table, trainable="delta")` makes: frozen numbers, and what is added to them.

    The frozen ones are buffers in the form in which the table is stored, `weight` if that is
    float32, `codes` and `scales` if it is int8, and `bits` if it is bfloat16 or float16. Training
    never writes to them. `layer.to(dtype)` leaves them as they are, and changes what trains and
    the vectors that the layer gives. It is no `nn.Embedding`, for it has no one matrix.

    `DistributedDataParallel` copies buffers in each step unless it has `broadcast_buffers=False`.

    A difference of full rank takes no memory for the rows that have never been trained. Weight
    decay pulls the vectors back to the table's, since what it shrinks is the difference.

    Attributes:
        delta: What is added, float32 `(num_embeddings, embedding_dim)`, zero at the start; None if
            there is a rank.
        a: With a rank, float32 `(num_embeddings, rank)`, zero at the start; otherwise None.
        b: With a rank, float32 `(rank, embedding_dim)`: `a[id] @ b` is added. Otherwise None.
        form: What the frozen numbers are stored as.
        rank: Of the difference, or None.
        sparse: Whether the gradient of `delta`, or of `a`, holds only the rows that were looked up.
        embedding_dim: Numbers in a vector.

    Examples:
        >>> import numpy as np
        >>> from inlay import Table, to_torch
        >>> table = Table(["good", "film"], np.eye(2, dtype="float32")).astype("int8")
        >>> to_torch(table, trainable="delta", rank=1)
        DeltaEmbedding(2, 2, int8, rank=1)
    """

    delta: Tensor | None
    a: Tensor | None
    b: Tensor | None
    _called = "DeltaEmbedding"

    def __init__(
        self, base: Stored, *, pad_id: int | None, rank: int | None = None, sparse: bool = False
    ) -> None:
        super().__init__()
        self.num_embeddings, self.embedding_dim = base.matrix.shape
        self.form: Form = base.form
        self.padding_idx, self.rank, self.sparse = pad_id, rank, sparse
        for name, array in base.named.items():
            self.register_buffer(name, host.as_tensor(array))
        n, dim = base.matrix.shape
        shapes: dict[str, tuple[int, int] | None] = {
            "delta": (n, dim) if rank is None else None,
            "a": None if rank is None else (n, rank),
        }
        for name, shape in shapes.items():
            zeros = None if shape is None else host.as_tensor(untouched_zeros(shape))
            self.register_parameter(name, None if zeros is None else nn.Parameter(zeros))
        drawn = None if rank is None else nn.Parameter(host.as_tensor(start_of_b(rank, dim)))
        self.register_parameter("b", drawn)

    @classmethod
    def of(cls, table: Table, rank: int | None, *, sparse: bool, check: Check) -> Self:
        """Do what `to_torch` says."""
        rank = checked_rank(rank, table.dim)
        base = stored_of(table, aligned=False)
        layer = cls(base, pad_id=table.pad_id, rank=rank, sparse=sparse)
        layer.check, layer._borrowed, layer._tokens = check, True, table.tokens
        return layer

    def drift(self, start: Table | None = None) -> Tensor:
        """How far training has carried the rows: the sum of the squared numbers of the difference.

        Added to a loss, with a weight, it pulls the rows back to where they started. Its gradient
        has all rows, even of a layer that is `sparse`; the weight decay of `LazyAdam` pulls only
        those of the batch.

        Args:
            start: Not needed: the difference is zero at the start.

        Returns:
            A float32 scalar with a gradient. Of a low rank, the difference is not made for it.
        """
        if self.delta is not None:
            return torch.linalg.vector_norm(self.delta).square()
        assert self.a is not None
        assert self.b is not None
        return ((self.a.T @ self.a) * (self.b @ self.b.T)).sum()

    def reset_parameters(self) -> None:
        """Put the rows back to where they started."""
        with torch.no_grad():
            for parameter in (self.delta, self.a):
                if parameter is not None:
                    parameter.zero_()
            if self.b is not None:
                self.b.copy_(host.as_tensor(start_of_b(*self.b.shape)))

    def extra_repr(self) -> str:
        """The sizes, and how the frozen numbers are stored."""
        rank = "" if self.rank is None else f", rank={self.rank}"
        return f"{self.num_embeddings}, {self.embedding_dim}, {self.form}{rank}"

    def _look_up(self, ids: Tensor) -> Tensor:
        padding = self.padding_idx
        if self.delta is not None:
            added = functional.embedding(ids, self.delta, padding, sparse=self.sparse)
        else:
            added = functional.embedding(ids, self.a, padding, sparse=self.sparse) @ self.b
        return self._frozen(ids).to(added.dtype) + added

    def _frozen(self, ids: Tensor) -> Tensor:
        """Rows of the table, float32, by the arithmetic of `inlay.core.storage`."""
        if self.form == "int8":
            scales = functional.embedding(ids, self.scales.unsqueeze(1))
            return functional.embedding(ids, self.codes).float() * scales
        if self.form == "float32":
            return functional.embedding(ids, self.weight)
        bits = functional.embedding(ids, self.bits)
        return bits.view(torch.bfloat16 if self.form == "bfloat16" else torch.float16).float()

    def _matrix(self) -> Array:
        base, difference = (
            self._base().rows,
            {
                name: parameter.detach().float().cpu().numpy()
                for name, parameter in self.named_parameters()
            },
        )
        return with_difference(base, difference)

    def _trains(self) -> list[Tensor]:
        return list(self.parameters())

    def _base(self) -> Stored:
        found = {name: buffer.cpu().numpy() for name, buffer in self._buffers.items()}
        return Stored.of(self.form, found)

    def _apply(self, fn: Callable[[Tensor], Tensor], *args: Any, **kwargs: Any) -> Self:
        kept = dict(self._buffers)
        super()._apply(fn, *args, **kwargs)
        for name, buffer in kept.items():  # on the new device, in the type that they had
            moved = self._buffers[name]
            if moved.dtype != buffer.dtype:
                self._buffers[name] = buffer.to(moved.device)
        return self

    def _is_frozen(self) -> bool:
        return True

    def _held(self) -> dict[str, Tensor]:
        return dict(self._buffers)

    def _has(self, given: dict[str, Any]) -> bool:
        # So that a map stays one, of which torch would make a copy.
        return all(_same(given[name], buffer) for name, buffer in self._buffers.items())

    def _is_same(self, some: slice, rows: Array) -> bool:
        found = {name: buffer[some].cpu().numpy() for name, buffer in self._buffers.items()}
        return np.array_equal(Stored.of(self.form, found).rows[:], rows, equal_nan=True)

    def _live_in(self, where: str, table: Table) -> None:
        stored, file = stored_of(table, aligned=False), Reference.of(table)
        assert file is not None
        file.check_form(where, self.form, stored.form)
        place = self._trains()[0].device
        for name, array in stored.named.items():
            tensor = host.as_tensor(array)
            self._buffers[name] = tensor if place.type == "meta" else tensor.to(place)
        self._borrowed = True

    def _detach(self) -> None:
        if self._borrowed:
            for name, buffer in self._buffers.items():
                self._buffers[name] = buffer.clone()
            self._borrowed = False

    def __prepare_scriptable__(self) -> nn.Embedding:
        # A copy that is frozen as a whole, for PyTorch's own layer has one matrix.
        if self.check == "always":
            raise self._unchecked()
        matrix = host.as_tensor(self._matrix())
        plain = nn.Embedding.from_pretrained(matrix, freeze=True, padding_idx=self.padding_idx)
        return plain.train(self.training)


def _same(given: Any, buffer: Tensor) -> bool:
    """Whether numbers need not be copied; those of another device are, and not compared."""
    at_hand = isinstance(given, Tensor) and given.device.type == buffer.device.type == "cpu"
    return at_hand and given.dtype == buffer.dtype and bool(given.equal(buffer))
