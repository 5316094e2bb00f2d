"""One vector for each text in Keras, on any backend: the sum, mean or maximum of its words'."""

from typing import Any, Self

from inlay.checks import described
from inlay.errors import ArgumentError, ArgumentTypeError
from inlay.hosts.keras import check_width, keras, ops, plain
from inlay.layers.bags import check_mode, check_row_weights


@keras.saving.register_keras_serializable("inlay", "EmbeddingBag")
class EmbeddingBag(keras.layers.Layer):  # type: ignore[misc]  # optional, so untyped here
    """Pools the vectors of each text, without a tensor of all of them.

    It has no vectors of its own: it reads the table of an embedding layer, which other parts of a
    model may use too, and which may be frozen. Padding is left out, the layer's `pad_id`, or 0
    with `mask_zero`, so the maximum is never that of zeros, and the mean is over words. A text
    without words is all zeros.

    On TensorFlow a maximum has a tensor of the vectors of all words, without padding, and the model
    is not compiled by XLA. On JAX so has each of the three in a model given to `train_rows`.

    Args:
        embedding: A built `keras.layers.Embedding`, as `inlay.to_keras` makes.
        mode: `"mean"`, `"sum"` or `"max"`.
        row_weights: What each row of the table counts, `(input_dim,)`: inverse document
            frequencies, or `a / (a + p)` of a word's probability p (SIF). A mean is then divided
            by the sum of the weights. They are saved with the model's weights, and do not train.
        **kwargs: Of `keras.layers.Layer`, such as `name`.

    Raises:
        ArgumentError: Another mode, weights for a maximum, or of another shape; a layer of which
            some rows train.
        ArgumentTypeError: No embedding layer.

    Examples:
        >>> import numpy as np
        >>> from inlay import Table, to_keras
        >>> table = Table(["<pad>", "a", "film"], np.float32([[0, 0], [1, 5], [3, 1]]), pad_id=0)
        >>> keras.ops.convert_to_numpy(EmbeddingBag(to_keras(table))(np.array([[1, 2], [2, 0]])))
        array([[2., 3.],
               [3., 1.]], dtype=float32)
    """

    def __init__(
        self, embedding: Any, mode: str = "mean", *, row_weights: Any = None, **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        if not isinstance(embedding, keras.layers.Embedding):
            expected = "a keras.layers.Embedding, as inlay.to_keras makes"
            raise ArgumentTypeError("embedding", expected=expected, got=described(embedding))
        if not getattr(embedding, "one_table", True):
            raise ArgumentError(
                "embedding",
                expected="a layer that looks its vectors up in one table",
                got='one with trainable="rows" or "delta"',
                hint="MeanPooling()(layer(ids)), of inlay.layers.keras.blocks",
            )
        self.embedding, self.row_weights = embedding, None
        self.mode = check_mode(mode, weighted=row_weights is not None)
        if row_weights is not None:
            array = None
            if row_weights is not True:  # of a config, which weights that are loaded follow
                array = check_row_weights(row_weights, embedding.input_dim)
            self.row_weights = self.add_weight(
                shape=(embedding.input_dim,),
                initializer="ones",
                trainable=False,
                name="row_weights",
            )
            if array is not None:
                self.row_weights.assign(array)
        if keras.backend.backend() == "tensorflow":
            self.supports_jit = False

    def build(self, ids_shape: Any, weights_shape: Any = None) -> None:
        """Build the embedding layer, if it is not yet built."""
        if not self.embedding.built:
            self.embedding.build(ids_shape)

    def call(self, ids: Any, weights: Any = None) -> Any:
        """Pool texts.

        Args:
            ids: `(texts, tokens)`.
            weights: What each place counts, like `ids`.

        Returns:
            `(texts, output_dim)`, in the policy's compute dtype.
        """
        try:
            check_mode(self.mode, weighted=weights is not None)
        except ArgumentError as error:
            raise plain(error) from None
        if len(ids.shape) != 2:
            expected = "ids of shape (texts, tokens)"
            got = f"{len(ids.shape)} dimensions"
            raise plain(ArgumentError("ids", expected=expected, got=got))
        check_width(f"layer {self.name!r}", ids, self.embedding.input_dim)
        if getattr(self.embedding, "check", "off") != "off":
            ids = self.embedding._checked(ids)
        if ids.dtype != "int32" and ids.dtype != "int64":
            ids = ops.cast(ids, "int32")
        if self.row_weights is not None:
            of_rows = ops.take(self.row_weights, ids)
            weights = of_rows if weights is None else of_rows * ops.cast(weights, of_rows.dtype)
        return ops.cast(self._pooled(ids, weights), self.compute_dtype)

    def _pooled(self, ids: Any, weights: Any) -> Any:
        layer = self.embedding
        pad_id = getattr(layer, "pad_id", None)
        if pad_id is None and layer.mask_zero:
            pad_id = 0
        by_rows = getattr(layer, "by_rows", False)
        settings = {"mode": self.mode, "pad_id": pad_id, "weights": weights}
        match keras.backend.backend():
            case "tensorflow":
                from inlay.layers.tensorflow.bags import pooled

                return pooled(layer.embeddings.value, ids, **settings)
            case "torch":
                from inlay.layers.torch.bags import pooled as by_torch

                sparse = by_rows and layer.trainable
                return by_torch(layer.embeddings.value, ids, None, sparse=sparse, **settings)
            case "jax" if not by_rows:
                from inlay.layers.jax.bags import embedding_bag

                return embedding_bag(layer.embeddings.value, ids, **settings)
        return _reduced(layer(ids), ids, **settings)

    def compute_output_shape(self, ids_shape: Any, weights_shape: Any = None) -> tuple[Any, int]:
        """One vector for each text."""
        return ids_shape[0], self.embedding.output_dim

    def compute_mask(self, *args: Any, **kwargs: Any) -> None:
        """None: there is nothing left to mask."""

    def get_config(self) -> dict[str, Any]:
        """The layer without its numbers."""
        config: dict[str, Any] = super().get_config()
        return config | {
            "embedding": keras.saving.serialize_keras_object(self.embedding),
            "mode": self.mode,
            "row_weights": None if self.row_weights is None else True,
        }

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Build the layer again, around the embedding layer of the config."""
        embedding = keras.saving.deserialize_keras_object(config["embedding"])
        return cls(**{**config, "embedding": embedding})


def _reduced(vectors: Any, ids: Any, *, mode: str, pad_id: int | None, weights: Any) -> Any:
    """Pool vectors that have all been looked up."""
    kept = ops.ones_like(ids, dtype="bool") if pad_id is None else ops.not_equal(ids, pad_id)
    if mode == "max":
        best = ops.max(ops.where(kept[..., None], vectors, -float("inf")), 1)
        return ops.where(ops.any(kept, 1, keepdims=True), best, ops.zeros_like(best))
    count = ops.cast(kept, vectors.dtype)
    if weights is not None:
        count = count * ops.cast(weights, vectors.dtype)
    total = ops.sum(vectors * count[..., None], 1)
    by = ops.sum(count, 1, keepdims=True)
    return total if mode == "sum" else total / ops.where(by == 0, ops.ones_like(by), by)
