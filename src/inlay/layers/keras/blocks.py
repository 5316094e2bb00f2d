"""Pooling and convolution that leave padding out, in Keras on any backend."""

from typing import Any

from inlay.checks import choice, flag, whole_or_none
from inlay.errors import ArgumentError
from inlay.hosts import keras as host
from inlay.hosts.keras import keras, ops
from inlay.layers.masks import check_shapes, no_mask

HINT = (
    "call it on the output of a layer that has a mask or passes one on, as inlay.to_keras makes "
    "and keras.layers.LSTM does; or with mask=ids != pad_id; or, if no text is ever padded, "
)
LOWEST = -1e30  # below every score, and a number, so that a text without words has no NaN


class _Masked(keras.layers.Layer):  # type: ignore[misc]  # optional, so untyped here
    """A layer over `(texts, tokens, dim)` that does not work without a mask by accident.

    A mask that was lost on the way cannot be told from none: so none is an error, already where a
    model is put together.
    """

    mask_required: bool
    _otherwise = "make it with mask_required=False"

    def _require(self, mask_required: Any) -> None:
        self.mask_required = flag("mask_required", mask_required)
        self.supports_masking = True

    def _checked(self, inputs: Any, mask: Any) -> Any:
        """The mask; None where nothing is padded."""
        where = f"{type(self).__name__} {self.name!r}"
        try:
            if mask is None and self.mask_required:
                raise no_mask(where, HINT + self._otherwise)
            given = inputs.shape[:2] if mask is None else mask.shape
            check_shapes(where, inputs.shape, given)
        except ArgumentError as error:
            raise host.plain(error) from None
        return mask

    def _seen(self, inputs: Any, mask: Any) -> Any:
        """The mask as bool `(texts, tokens)`."""
        if self._checked(inputs, mask) is None:
            return ops.ones_like(inputs[..., 0], dtype="bool")
        return ops.cast(mask, "bool")

    def compute_output_spec(self, inputs: Any, mask: Any = None) -> Any:
        """What comes out of a model that is being put together; raise if no mask comes in."""
        self._checked(inputs, mask)
        return keras.KerasTensor(self.compute_output_shape(inputs.shape), self.compute_dtype)

    def get_config(self) -> dict[str, Any]:
        """The layer without its numbers."""
        config: dict[str, Any] = super().get_config()
        return config | {"mask_required": self.mask_required}


@keras.saving.register_keras_serializable("inlay", "RequireMask")
class RequireMask(_Masked):
    """Passes vectors and their mask on, and refuses vectors that have lost it.

    For layers that read padding as words if no mask comes, and say nothing, such as
    `keras.layers.LSTM`: put it in front of them.

    Args:
        **kwargs: Of `keras.layers.Layer`, such as `name`.

    Raises:
        ArgumentError: From a call, if no mask comes, or one of another shape.

    Examples:
        >>> import numpy as np
        >>> vectors, mask = np.ones((1, 3, 4), "float32"), np.array([[True, True, False]])
        >>> found = keras.layers.LSTM(2)(RequireMask()(vectors, mask=mask))
        >>> tuple(found.shape)
        (1, 2)
    """

    _otherwise = "leave it out"

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._require(True)

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """Give vectors `(texts, tokens, dim)` back."""
        self._checked(inputs, mask)
        return inputs

    def compute_output_shape(self, inputs_shape: Any) -> Any:
        """The same."""
        return inputs_shape

    def get_config(self) -> dict[str, Any]:
        """Its name and dtype."""
        config: dict[str, Any] = super().get_config()
        del config["mask_required"]
        return config


class _Pooling(_Masked):
    def __init__(self, *, mask_required: bool = True, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._require(mask_required)

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """Pool texts.

        Args:
            inputs: Vectors `(texts, tokens, dim)`.
            mask: True for a word, `(texts, tokens)`: needed only if the vectors have none of
                their own.

        Returns:
            `(texts, dim)`, in the policy's compute dtype; zeros for a text without words.
        """
        seen = self._seen(inputs, mask)
        words = ops.where(seen[..., None], inputs, ops.zeros_like(inputs))
        return ops.cast(self._pooled(words, seen), self.compute_dtype)

    def _pooled(self, words: Any, seen: Any) -> Any:
        raise NotImplementedError

    def compute_mask(self, inputs: Any, mask: Any = None) -> None:
        """None: there is nothing left to mask."""

    def compute_output_shape(self, inputs_shape: Any) -> tuple[Any, Any]:
        """One vector for each text."""
        return inputs_shape[0], inputs_shape[2]


@keras.saving.register_keras_serializable("inlay", "MeanPooling")
class MeanPooling(_Pooling):
    """The mean of each text's vectors, padding left out. A text without words is all zeros.

    `keras.layers.GlobalAveragePooling1D` gives NaN for such a text, and if the mask is lost
    on the way, the mean with padding.

    Args:
        mask_required: Whether to refuse vectors that come without a mask. If False, nothing of
            such vectors is padding.
        **kwargs: Of `keras.layers.Layer`, such as `name`.

    Raises:
        ArgumentError: From a call, if no mask comes, or one of another shape.

    Examples:
        >>> import numpy as np
        >>> vectors = np.float32([[[1, 5], [3, 1], [0, 0]]])
        >>> found = MeanPooling()(vectors, mask=np.array([[True, True, False]]))
        >>> keras.ops.convert_to_numpy(found)
        array([[2., 3.]], dtype=float32)
    """

    def _pooled(self, words: Any, seen: Any) -> Any:
        words = _wide(words)
        count = ops.sum(ops.cast(seen, words.dtype), 1, keepdims=True)
        return ops.sum(words, 1) / ops.maximum(count, 1)


@keras.saving.register_keras_serializable("inlay", "MaxPooling")
class MaxPooling(_Pooling):
    """The largest of each number over a text's vectors, padding left out.

    So it is never that of a padding vector, not even where all words have less than zero, which
    `keras.layers.GlobalMaxPooling1D` does not look at. A text without words is all zeros.

    Arguments and errors are those of `MeanPooling`.

    Examples:
        >>> import numpy as np
        >>> vectors = np.float32([[[-1, -5], [-3, -1], [0, 0]]])
        >>> found = MaxPooling()(vectors, mask=np.array([[True, True, False]]))
        >>> keras.ops.convert_to_numpy(found)
        array([[-1., -1.]], dtype=float32)
    """

    def _pooled(self, words: Any, seen: Any) -> Any:
        lowest = ops.where(seen[..., None], words, -float("inf"))
        best = ops.max(lowest, 1, initial=-float("inf"))
        return ops.where(ops.any(seen, 1, keepdims=True), best, ops.zeros_like(best))


@keras.saving.register_keras_serializable("inlay", "AttentionPooling")
class AttentionPooling(_Pooling):
    """A mean of each text's vectors that has learned what each counts, padding left out.

    The weights are the softmax of `tanh(vector @ kernel + bias) @ query` over the words of a text.
    A text without words is all zeros.

    Args:
        units: Numbers in the query; as many as in a vector if not given.
        mask_required: Whether to refuse vectors that come without a mask. If False, nothing of
            such vectors is padding.
        **kwargs: Of `keras.layers.Layer`, such as `name`.

    Raises:
        ArgumentError: From a call, if no mask comes, or one of another shape.

    Examples:
        >>> import numpy as np
        >>> pool = AttentionPooling(8)
        >>> vectors, mask = np.ones((1, 3, 4), "float32"), np.array([[True, True, False]])
        >>> keras.ops.convert_to_numpy(pool(vectors, mask=mask))
        array([[1., 1., 1., 1.]], dtype=float32)
        >>> keras.ops.convert_to_numpy(pool.attention(vectors, mask))
        array([[0.5, 0.5, 0. ]], dtype=float32)

    Source: Yang et al. 2016, Hierarchical attention networks for document classification,
    equations 5 to 7; Bahdanau, Cho and Bengio 2015.
    """

    def __init__(
        self, units: int | None = None, *, mask_required: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(mask_required=mask_required, **kwargs)
        self.units = whole_or_none("units", units)

    def build(self, inputs_shape: Any) -> None:
        """Make the variables."""
        dim = inputs_shape[-1]
        units = self.units or dim
        self.kernel = self.add_weight(shape=(dim, units), name="kernel")
        self.bias = self.add_weight(shape=(units,), initializer="zeros", name="bias")
        self.query = self.add_weight(shape=(units, 1), name="query")

    def attention(self, inputs: Any, mask: Any = None) -> Any:
        """What each place counts.

        Args:
            inputs: Vectors `(texts, tokens, dim)`.
            mask: True for a word, `(texts, tokens)`.

        Returns:
            `(texts, tokens)`: of each text the sum is 1, or 0 if it has no words.
        """
        inputs = ops.convert_to_tensor(inputs)
        return self._weights(inputs, self._seen(inputs, mask))

    def _weights(self, words: Any, seen: Any) -> Any:
        hidden = ops.tanh(ops.add(ops.matmul(words, self.kernel), self.bias))
        scores = _wide(ops.matmul(hidden, self.query)[..., 0])
        weights = ops.softmax(ops.where(seen, scores, LOWEST), -1)
        return ops.where(seen, weights, ops.zeros_like(weights))

    def _pooled(self, words: Any, seen: Any) -> Any:
        return ops.sum(self._weights(words, seen)[..., None] * _wide(words), 1)

    def get_config(self) -> dict[str, Any]:
        """The layer without its numbers."""
        return super().get_config() | {"units": self.units}


@keras.saving.register_keras_serializable("inlay", "MaskedConv1D")
class MaskedConv1D(_Masked, keras.layers.Conv1D):  # type: ignore[misc]
    """A convolution that gives a padded text the numbers that it has alone.

    `keras.layers.Conv1D` loses the mask; and where padding is not zero, as behind another
    convolution with a bias, its numbers leak into the words beside it. Here padding is zero on the
    way in and on the way out, and the mask goes on: with `"valid"` it is True for windows of words
    alone. A text shorter than a window has none of those, and is as one without words.

    Args:
        filters: Numbers in a vector that comes out.
        kernel_size: Words in a window.
        mask_required: Whether to refuse vectors that come without a mask. If False, nothing of
            such vectors is padding.
        **kwargs: Of `keras.layers.Conv1D`: `padding` (`"valid"`, `"same"` or `"causal"`),
            `activation`, and others; but neither strides nor channels in front.

    Raises:
        ArgumentError: A stride, or channels in front; from a call, if no mask comes, or one of
            another shape.

    Examples:
        >>> import numpy as np
        >>> vectors, mask = np.ones((2, 3, 4), "float32"), np.array([[1, 1, 0], [1, 1, 1]]) > 0
        >>> layer = MaskedConv1D(5, 2)
        >>> tuple(layer(vectors, mask=mask).shape)
        (2, 2, 5)
        >>> keras.ops.convert_to_numpy(layer.compute_mask(vectors, mask))
        array([[ True, False],
               [ True,  True]])
    """

    def __init__(
        self, filters: int, kernel_size: int, *, mask_required: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(filters, kernel_size, **kwargs)
        # The windows of a text that is padded in front would depend on how far.
        choice("strides", self.strides, ((1,),))
        choice("data_format", self.data_format, ("channels_last",))
        self._require(mask_required)

    @property
    def _reach(self) -> int:
        """How far a window reaches beyond its first word, if it may hold words alone."""
        reach: int = (self.kernel_size[0] - 1) * self.dilation_rate[0]
        return reach if self.padding == "valid" else 0

    def call(self, inputs: Any, mask: Any = None) -> Any:
        """Convolve texts.

        Args:
            inputs: Vectors `(texts, tokens, dim)`.
            mask: True for a word, `(texts, tokens)`: needed only if the vectors have none of
                their own.

        Returns:
            `(texts, tokens, filters)`, zero where there is padding; with `padding="valid"` fewer
            tokens by the length of a window less 1, but at least one.
        """
        seen = self._seen(inputs, mask)
        words = ops.where(seen[..., None], inputs, ops.zeros_like(inputs))
        if inputs.shape[1] == 0 and not self._reach:  # which not every backend convolves
            return ops.zeros((ops.shape(inputs)[0], 0, self.filters), inputs.dtype)
        if self._reach:  # so that there is a window however short the texts are
            words = ops.pad(words, [[0, 0], [0, self._reach + 1], [0, 0]])
        found = self._shortened(super().call(words))
        return ops.where(self._windows(seen)[..., None], found, ops.zeros_like(found))

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """True for the windows of words, `(texts, tokens)` as the output; None without a mask."""
        return None if mask is None else self._windows(ops.cast(mask, "bool"))

    def _windows(self, seen: Any) -> Any:
        """Whether a place of the output is a word; with "valid", a window of words alone."""
        if not self._reach:
            return seen
        seen = ops.pad(seen, [[0, 0], [0, self._reach + 1]])
        whole = seen[:, : -self._reach]
        for ahead in range(self.dilation_rate[0], self._reach + 1, self.dilation_rate[0]):
            whole = ops.logical_and(whole, seen[:, ahead : ahead - self._reach or None])
        return self._shortened(whole)

    def _shortened(self, places: Any) -> Any:
        """Cut off the windows that hang over the end, but for the first.

        By numbers that are known before the length of the texts is: the mask of a model that is
        put together is computed as these operations.
        """
        if not self._reach:
            return places
        return ops.concatenate([places[:, :1], places[:, 1 : -self._reach - 1]], 1)

    def compute_output_shape(self, inputs_shape: Any) -> tuple[Any, Any, int]:
        """As many places as tokens, or with "valid" as windows."""
        tokens = inputs_shape[1]
        if tokens is not None and self._reach:
            tokens = max(tokens - self._reach, 1)
        return inputs_shape[0], tokens, self.filters


def _wide(tensor: Any) -> Any:
    """A tensor in which many numbers can be summed: float32 for one of 16 bits."""
    dtype = keras.backend.standardize_dtype(tensor.dtype)
    return ops.cast(tensor, "float32") if dtype in ("float16", "bfloat16") else tensor
