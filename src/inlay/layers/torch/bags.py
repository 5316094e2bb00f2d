"""One vector for each text in PyTorch: the sum, mean or maximum of its words' vectors."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from inlay.calls import refuses_unknown
from inlay.checks import described
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.hosts import torch as host
from inlay.hosts.ids import wrong_dtype
from inlay.layers.bags import check_mode, check_row_weights
from inlay.layers.torch.chosen import RowsEmbedding
from inlay.layers.torch.delta import DeltaEmbedding
from inlay.layers.torch.embedding import TableEmbedding

# What `nn.EmbeddingBag` has, and where it stands here.
OF_PYTORCH = {
    "sparse": "sparse= of inlay.to_torch",
    "padding_idx": "leave it out: the layer has it",
    "include_last_offset": "offsets[:-1]",
}


class EmbeddingBag(nn.Module):  # type: ignore[misc]  # torch is optional, so untyped here
    """Pools the vectors of each text, without a tensor of all of them.

    It has no vectors of its own: it reads the weight of an embedding layer, which other parts of
    a model may use too, which may be frozen, and which trains sparsely if the layer is `sparse`.
    Padding is left out, so the maximum is never that of zeros, and the mean is over words. A text
    without words is all zeros.

    `nn.EmbeddingBag` holds a weight of its own, and has weights of places for a sum alone.

    Args:
        embedding: The layer, whose `padding_idx` is left out.
        mode: `"mean"`, `"sum"` or `"max"`.
        row_weights: What each row of the table counts, `(num_embeddings,)`: inverse document
            frequencies, or `a / (a + p)` of a word's probability p (SIF). A mean is then divided
            by the sum of the weights. A buffer, saved with the module.

    Raises:
        ArgumentError: Another mode, weights for a maximum, or of another shape; a layer of which
            some rows train, or a difference, or with a `max_norm`.
        ArgumentTypeError: No embedding layer.
        IdError: From a call, as of the layer, whose `check` is that of offsets too.

    Examples:
        >>> import numpy as np, torch
        >>> from inlay import Table, to_torch
        >>> table = Table(["<pad>", "a", "film"], np.float32([[0, 0], [1, 5], [3, 1]]), pad_id=0)
        >>> EmbeddingBag(to_torch(table))(torch.tensor([[1, 2], [2, 0], [0, 0]]))
        tensor([[2., 3.],
                [3., 1.],
                [0., 0.]])
    """

    row_weights: Tensor | None

    @refuses_unknown(OF_PYTORCH)
    def __init__(
        self, embedding: nn.Embedding, mode: str = "mean", *, row_weights: Any = None
    ) -> None:
        super().__init__()
        in_parts = isinstance(embedding, RowsEmbedding | DeltaEmbedding)
        if not isinstance(embedding, nn.Embedding) and not in_parts:
            expected = "an nn.Embedding, as inlay.to_torch makes"
            raise ArgumentTypeError("embedding", expected=expected, got=described(embedding))
        if in_parts or embedding.max_norm is not None:
            raise ArgumentError(
                "embedding",
                expected="a layer that looks its vectors up in one table, as they are",
                got='one with trainable="rows" or "delta", or with max_norm',
                hint="MeanPooling()(layer(ids), mask_of(layer, ids)), of inlay.layers.torch.blocks",
            )
        self.mode = check_mode(mode, weighted=row_weights is not None)
        self.embedding = embedding
        if row_weights is not None:
            found = check_row_weights(row_weights, embedding.num_embeddings)
            row_weights = torch.tensor(found, dtype=embedding.weight.dtype)
        self.register_buffer("row_weights", row_weights)

    def forward(
        self,
        input: Tensor,
        offsets: Tensor | None = None,
        per_sample_weights: Tensor | None = None,
    ) -> Tensor:
        """Pool texts.

        Args:
            input: Ids, int32 or int64: `(texts, tokens)`, or `(tokens,)` of all texts.
            offsets: Where in `(tokens,)` each text begins, int64 `(texts,)`.
            per_sample_weights: What each place counts, of the shape of `input`.

        Returns:
            `(texts, embedding_dim)`.
        """
        layer, ids = self.embedding, input
        host.check_tensor("EmbeddingBag", ids)
        check_mode(self.mode, weighted=per_sample_weights is not None)
        if (ids.dim(), offsets is None) not in ((2, True), (1, False)):
            raise ArgumentError(
                "input",
                expected="ids (texts, tokens), or (tokens,) and offsets",
                got=f"{ids.dim()} dimensions {'without' if offsets is None else 'and'} offsets",
            )
        ours = isinstance(layer, TableEmbedding)
        if ours:
            layer._own_if_written()
            if layer.check == "always":
                if host.is_taken_down():
                    raise layer._unchecked()
                self._check(ids, offsets)
        _check_weights(ids, per_sample_weights)
        if offsets is not None:
            self._check_order(offsets, ids.shape[0])
        try:
            return self._pooled(ids, offsets, per_sample_weights)
        except (IndexError, RuntimeError, ValueError):  # what torch says, without saying where
            if ours and layer.check == "debug":
                self._check(ids, offsets)
            raise

    def _check_order(self, offsets: Tensor, n_places: int) -> None:
        """Look at offsets in the processor's memory, for PyTorch takes descending ones."""
        host.check_tensor("offsets", offsets, "a tensor", "torch.tensor(offsets)")
        unseen = host.is_compiling() or host.is_taken_down() or offsets.device.type != "cpu"
        if getattr(self.embedding, "check", "debug") != "off" and not unseen:
            _check_offsets(offsets, n_places)

    @host.eager
    def _check(self, ids: Tensor, offsets: Tensor | None) -> None:
        layer = self.embedding
        if ids.dtype not in (torch.int32, torch.int64):
            raise wrong_dtype("EmbeddingBag", "int32 or int64", ids.dtype, "ids.long()")
        host.check_range("EmbeddingBag, ids", ids, layer.num_embeddings, tokens=layer._tokens)
        if offsets is not None:
            _check_offsets(offsets, ids.shape[0])

    def _pooled(self, ids: Tensor, offsets: Tensor | None, weights: Tensor | None) -> Tensor:
        layer = self.embedding
        if self.row_weights is not None:
            of_rows = self.row_weights[ids]
            weights = of_rows if weights is None else weights * of_rows
        return pooled(
            layer.weight,
            ids,
            offsets,
            mode=self.mode,
            pad_id=layer.padding_idx,
            weights=weights,
            sparse=layer.sparse,
        )


def pooled(
    weight: Tensor,
    ids: Tensor,
    offsets: Tensor | None,
    *,
    mode: str,
    pad_id: int | None,
    weights: Tensor | None,
    sparse: bool,
) -> Tensor:
    """Do what `EmbeddingBag` says, for weights of places and a gradient that may be sparse."""
    settings: dict[str, Any] = {"padding_idx": pad_id}
    if offsets is None and ids.shape[1] == 0:  # which PyTorch does not take
        offsets = torch.zeros(ids.shape[0], dtype=ids.dtype, device=ids.device)
        ids, weights = ids.reshape(0), None if weights is None else weights.reshape(0)
    if mode == "max":  # whose gradient PyTorch makes dense
        return functional.embedding_bag(ids, weight, offsets, mode="max", **settings)
    weights = None if weights is None else weights.to(weight.dtype)
    total = functional.embedding_bag(
        ids, weight, offsets, mode="sum", per_sample_weights=weights, sparse=sparse, **settings
    )
    if mode == "sum":
        return total
    count = torch.ones_like(ids, dtype=weight.dtype) if weights is None else weights
    if pad_id is not None:
        count = count.masked_fill(ids == pad_id, 0)
    if offsets is None:
        by = count.sum(1)
    else:
        # Of which text each place is: so many numbers as places, which a graph can know.
        places = torch.arange(ids.shape[0], dtype=offsets.dtype, device=offsets.device)
        texts = torch.searchsorted(offsets, places, right=True) - 1
        by = count.new_zeros(offsets.shape[0]).index_add(0, texts, count)
    return total / torch.where(by == 0, 1, by)[:, None]


def _check_weights(ids: Tensor, weights: Tensor | None) -> None:
    if weights is not None:
        host.check_tensor("per_sample_weights", weights, "a tensor", "torch.tensor(weights)")
    if weights is not None and weights.shape != ids.shape:
        expected = f"a number for each place, of shape {tuple(ids.shape)} as the ids have"
        got = f"shape {tuple(weights.shape)}"
        raise ArgumentError("per_sample_weights", expected=expected, got=got)


def _check_offsets(offsets: Tensor, n_places: int) -> None:
    """Refuse what would leave places out, or count them for another text."""
    whole = not (offsets.is_floating_point() or offsets.dtype == torch.bool)
    found = offsets.tolist() if offsets.dim() == 1 and whole else []
    if not found or found[0] != 0 or found[-1] > n_places or sorted(found) != found:
        raise ArgumentError(
            "offsets",
            expected=f"where each text begins, ascending, from 0 to at most {n_places}",
            got=str(found) if len(found) < 10 else f"{found[0]}, {found[1]}, ..., {found[-1]}",
            hint="the number of ids in all texts before",
        )
