"""Several tables as one PyTorch module, which joins what it looks up in each."""

from collections.abc import Sequence
from typing import Any, Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from inlay.aliases import Array
from inlay.core import Table
from inlay.hosts import torch as host
from inlay.layers.rows import Check, merged
from inlay.layers.torch.chosen import RowsEmbedding
from inlay.layers.torch.embedding import TableEmbedding

BLOCK = 8192  # ids of which `merged` looks up the vectors at once


class StackEmbedding(nn.Module):  # type: ignore[misc]  # torch is optional, so untyped here
    """What `to_torch` makes of a stack: ids in, joined vectors out; padding is zero in every mode.

    Attributes:
        parts: The layer of each table, frozen and shared as `to_torch` makes it of one.
        mode: "concatenate", "average", "mix" or "scalar_mix".
        num_embeddings: Tokens.
        embedding_dim: Numbers in a joined vector.
        padding_idx: The id of padding, or None.
        known: Which token is joined from which table, bool `(num_embeddings, n_tables)`; None
            where all are put side by side.
        projections: Of a mix, the matrix and bias of each table: they always train.
        score: Of a mix, what a projected vector is weighed by; of a scalar mix the weight of each
            table before the softmax, `(n_tables,)`, zeros at first. It always trains.
    """

    known: Tensor | None

    def __init__(self, parts: Sequence[TableEmbedding], known: Tensor, mode: str, dim: int) -> None:
        super().__init__()
        self.parts, self.mode, self.embedding_dim = nn.ModuleList(parts), mode, dim
        self.num_embeddings, self.padding_idx = parts[0].num_embeddings, parts[0].padding_idx
        self.register_buffer("known", None if mode == "concatenate" else known)
        if mode.endswith("mix"):
            self.projections = nn.ModuleList(nn.Linear(part.embedding_dim, dim) for part in parts)
        if mode == "scalar_mix":
            self.score = nn.Parameter(torch.zeros(len(parts)))
        elif mode == "mix":
            # Without a bias: the softmax is over tables, and would not see one that all share.
            self.score = nn.Linear(dim, 1, bias=False)

    @classmethod
    def of(
        cls,
        tables: Sequence[Table],
        known: Array,
        *,
        mode: str,
        dim: int,
        trainable: bool,
        ids: Array | None,
        check: Check,
        **settings: Any,
    ) -> Self:
        """Do what `Stack.to_torch` says; `known` is bool `(n_tables, num_embeddings)`.

        `ids` are the rows that train, if these are some.
        """
        given: dict[str, Any] = {"check": "off"} | settings
        if ids is None:
            parts = [TableEmbedding.from_table(t, trainable=trainable, **given) for t in tables]
        else:
            parts = [RowsEmbedding.of(table, ids, **given) for table in tables]
        parts[0].check = check  # it looks at the ids for all
        return cls(parts, torch.tensor(known.T), mode, dim)

    def forward(self, input: Tensor) -> Tensor:
        """Look up ids, int32 or int64 `(...)`: `(..., embedding_dim)`.

        Raises:
            IdError: As the layer of one table does.
        """
        host.check_tensor("StackEmbedding", input)
        found = [part(input) for part in self.parts]
        if self.known is None:
            return torch.cat(found, -1)
        known = self.known[input]
        if self.mode == "average":
            width = self.embedding_dim
            joined = [functional.pad(vectors, (0, width - vectors.shape[-1])) for vectors in found]
            shares = known / known.sum(-1, keepdim=True)
        else:
            pairs = zip(self.projections, found, strict=True)
            joined = [project(vectors) for project, vectors in pairs]
            if self.mode == "mix":
                scores = torch.cat([self.score(vectors) for vectors in joined], -1).float()
            else:
                scores = self.score.float().expand(known.shape)
            shares = scores.masked_fill(~known, -float("inf")).softmax(-1)
        shares = shares.to(joined[0].dtype)
        total = sum(v * shares[..., i : i + 1] for i, v in enumerate(joined))
        if self.mode.endswith("mix") and self.padding_idx is not None:
            # A bias has made others of its zeros.
            total = total.masked_fill((input == self.padding_idx).unsqueeze(-1), 0)
        return total

    def merged(self, tokens: Any) -> Table:
        """The joined vectors as they are now, as one table.

        Args:
            tokens: The vocabulary or the table whose ids the module takes, or their tokens.

        Returns:
            A table with its own float32 matrix, and the special ids of `tokens`.
        """
        first = self.parts[0].weight
        matrix = torch.empty(self.num_embeddings, self.embedding_dim)
        with torch.no_grad():
            for ids in torch.arange(self.num_embeddings, device=first.device).split(BLOCK):
                matrix[ids.cpu()] = self(ids).float().cpu()
        return merged(tokens, matrix.numpy(), self.padding_idx)

    def extra_repr(self) -> str:
        """What `print` says besides the parts."""
        return f"{self.num_embeddings}, {self.embedding_dim}, mode={self.mode!r}"
