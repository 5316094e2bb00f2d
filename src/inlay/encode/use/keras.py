"""Universal Sentence Encoder as a Keras layer, on any backend. Importing this registers it."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

import numpy as np

from inlay.aliases import Array
from inlay.checks import every_text
from inlay.encode.use.files import MODEL
from inlay.encode.use.formula import Operations, inside, vectors
from inlay.encode.use.pieces import Pieces
from inlay.encode.use.weights import LOW, SCALE, TABLE, Shape, Weights
from inlay.errors import ArgumentError, ArgumentTypeError, IdError, InlayError, NotFittedError
from inlay.hosts.keras import as_array, check_dtype, check_if_at_hand, is_text, keras, ops, plain
from inlay.hosts.keras_numbers import Numbers

HINT = "encoder.piece_ids(texts), which are int32 (batch, pieces)"
DO = Operations(
    join=lambda tensors: ops.concatenate(tensors, axis=-1),
    pad=lambda x, before, after: ops.pad(x, ((0, 0), (before, after), (0, 0))),
    matmul=ops.matmul,
    mean=lambda x: ops.mean(x, axis=-1, keepdims=True),
    total=lambda x, axis: ops.sum(x, axis=axis),
    counted=lambda x: ops.cumsum(ops.cast(x, "int32"), axis=1),
    at_least=ops.maximum,
    sqrt=ops.sqrt,
    tanh=ops.tanh,
)


@keras.saving.register_keras_serializable("inlay", "UseLayer")
class UseLayer(keras.layers.Layer):  # type: ignore[misc]  # optional, so untyped here
    """A Universal Sentence Encoder: texts or ids of their pieces in, vectors `(batch, dim)` out.

    Made by `from_weights`; the constructor makes one whose numbers are NaN until loaded.

    It reads int `(batch, pieces)` of `encoder.piece_ids`: the marks of a text and what is between
    them. 0 on either side is padding, and a row of padding alone has a vector of zeros. Called with
    texts themselves, it splits them in Python. In a model it can do so on TensorFlow alone, with
    `keras.Input((), dtype="string")`: such a model trains, predicts and is saved, and cannot be
    exported. JAX and PyTorch have no strings.

    The embeddings of pieces stay bytes, a variable that never trains, unless they are to learn; all
    other arrays are variables under their published names. A saved model holds the pieces as a
    file beside the weights.

    Ids out of range are an error in eager calls.

    Args:
        shape: The sizes of the network, by the names of `Shape`.
        eps: What layer norms add to a variance.
        kinds: How many scales the bytes of embeddings have; None: they are floats.
        with_table: Whether the embeddings train with the network.
        max_length: Pieces to read of a text; None: all.
        **kwargs: `name`, `dtype` and `trainable` of any Keras layer.

    Source: Yang et al. 2019, "Multilingual Universal Sentence Encoder for Semantic Retrieval".
    """

    def __init__(
        self,
        shape: dict[str, Any],
        *,
        eps: float,
        kinds: int | None,
        with_table: bool = False,
        max_length: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.shape = Shape(**shape | {"orders": tuple(shape["orders"])})
        self.eps, self.kinds, self.with_table = eps, kinds, with_table
        self.max_length = max_length
        self.supports_masking = True
        # XLA has no strings, and compiles anew for each length of text.
        self.supports_jit = keras.backend.backend() != "tensorflow"
        self._pieces: Pieces | None = None
        self._by_name: dict[str, Any] = {}

    @classmethod
    def from_weights(
        cls,
        weights: Weights,
        pieces: Pieces | None,
        *,
        with_table: bool = False,
        max_length: int | None = None,
        trainable: bool = True,
        name: str | None = None,
        dtype: Any = None,
    ) -> Self:
        """Make the layer. Allocates the weights once more.

        Args:
            weights: Its numbers, which are copied.
            pieces: How texts become pieces; None: it takes ids alone.
            with_table: Whether the embeddings train too; they are float32 then.
            max_length: Pieces to read of a text; None: all.
            trainable: Keras' own switch: False freezes all of it.
            name: The layer's name.
            dtype: A dtype or a policy, as of any Keras layer.
        """
        low = None if with_table else weights.low
        layer = cls(
            asdict(weights.shape),
            eps=weights.eps,
            kinds=None if low is None else low.size,
            with_table=with_table,
            max_length=max_length,
            trainable=trainable,
            name=name,
            dtype=dtype,
        )
        arrays = weights.arrays()
        if with_table:
            arrays[TABLE] = weights.rows(np.arange(weights.shape.pieces))
        layer._make_variables(arrays)
        layer._pieces = pieces
        return layer

    def to_weights(self) -> Weights:
        """The numbers as they are now: `Use(layer.to_weights(), encoder.pieces)` encodes by them.

        Embeddings that learned are float32, and four times as large as bytes.
        """
        arrays = {
            name: np.array(
                as_array(variable if variable.dtype == "uint8" else ops.cast(variable, "float32"))
            )
            for name, variable in self._by_name.items()
        }
        return Weights.take(arrays | {"eps": np.array(self.eps)}, f"layer {self.name!r}")

    def build(self, input_shape: Any = None) -> None:
        """Make what is not there yet."""
        if not self._by_name:
            self._make_variables({})

    def _make_variables(self, start: dict[str, Array]) -> None:
        """Make the variables, copies of arrays; NaN where there is nothing to start from."""
        shape = self.shape
        kind = "float32" if self.kinds is None else "uint8"
        self._add(TABLE, (shape.pieces, shape.width), start, self.with_table, kind)
        for name in () if self.kinds is None else (LOW, SCALE):
            self._add(name, (self.kinds or 0,), start, False)
        for name, size in shape.arrays():
            self._add(name, size, start, True)
        self.built = True

    def _add(
        self,
        name: str,
        size: tuple[int, ...],
        start: dict[str, Array],
        trains: bool,
        kind: str = "float32",
    ) -> None:
        def numbers(shape: tuple[int, ...], dtype: str | None = None) -> Any:
            value: Any = start.get(name)
            if value is None:
                # NaN, so that a layer that was never loaded cannot pass for one that works; a
                # table of bytes has scales, which are.
                value = np.zeros(shape, kind) if kind == "uint8" else np.full(shape, np.nan)
            # A copy, for torch and JAX may keep the array itself.
            return ops.cast(ops.convert_to_tensor(np.array(value, kind)), dtype)

        whole = {"dtype": "uint8"} if kind == "uint8" else {}
        self._by_name[name] = self.add_weight(
            size, initializer=numbers, trainable=trains, name=name, **whole
        )

    # -- the call ------------------------------------------------------------------------------

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Run texts or ids; see the class."""
        if isinstance(inputs, keras.KerasTensor):
            self._check_symbolic(inputs)
        elif not hasattr(inputs, "dtype"):
            inputs = self._listed(inputs)
        elif isinstance(inputs, np.ndarray) and is_text(inputs):
            inputs = self._ids(inputs.reshape(-1).tolist())
        if not is_text(inputs):
            self._check_ids(inputs)
        return super().__call__(inputs, *args, **kwargs)

    def call(self, inputs: Any) -> Any:
        """Run the network; see the class for inputs and outputs."""
        if is_text(inputs):
            from inlay.encode.use.tensorflow_pieces import ids_of

            inputs = ids_of(inputs, self._loaded(), self.max_length)
        ids = ops.cast(inputs, "int32")
        get = self._tensor
        rows = ops.cast(ops.take(get(TABLE), ids, axis=0), self.compute_dtype)
        if self.kinds is not None:
            kind = ids % self.kinds
            scale, low = (ops.take(get(name), kind, axis=0)[..., None] for name in (SCALE, LOW))
            rows = rows * scale + low
        here = ops.cast(inside(DO, ids)[..., None], self.compute_dtype)
        return vectors(DO, get, self.shape, self.eps, rows, here)

    def _tensor(self, name: str) -> Any:
        return ops.convert_to_tensor(self._by_name[name])

    def _listed(self, inputs: Any) -> Any:
        if isinstance(inputs, str):
            return self._ids([inputs])
        if isinstance(inputs, Sequence) and inputs and isinstance(inputs[0], str):
            return self._ids(list(inputs))
        try:
            return np.asarray(inputs)
        except ValueError:
            raise plain(
                ArgumentTypeError(
                    f"layer {self.name!r}",
                    expected="texts, or as many ids in each",
                    got="lists of several lengths",
                    hint=HINT,
                )
            ) from None

    def _ids(self, texts: list[Any]) -> Array:
        decoded = [t.decode("utf-8", "replace") if isinstance(t, bytes) else t for t in texts]
        try:
            every = list(every_text("texts", decoded))
        except InlayError as error:
            raise plain(error) from None
        return self._loaded().padded(every, self.max_length)

    def _check_ids(self, ids: Any) -> None:
        where = f"layer {self.name!r}"
        check_dtype(where, ids)
        if len(ids.shape) != 2:
            shape = str(tuple(ids.shape))
            expected = "ids (batch, pieces)"
            raise plain(ArgumentError(where, expected=expected, got=shape, hint=HINT))
        check_if_at_hand(where, ids, self.shape.pieces)

    def _check_symbolic(self, inputs: Any) -> None:
        if "float" in str(inputs.dtype):  # a Sequential without an Input calls it with these
            self._ask_for_input()
        if not is_text(inputs):
            return
        where, backend = f"layer {self.name!r}", keras.backend.backend()
        if backend != "tensorflow":
            raise plain(
                ArgumentTypeError(
                    where,
                    expected="ids: a model can take strings on TensorFlow only",
                    got=f"strings, on {backend}",
                    hint=HINT,
                )
            )
        shape = tuple(inputs.shape)
        if not (len(shape) == 1 or shape[1:] == (1,)):
            hint = 'keras.Input((), dtype="string")'
            expected = "strings (batch,)"
            raise plain(ArgumentTypeError(where, expected=expected, got=str(shape), hint=hint))

    def _ask_for_input(self) -> None:
        hint = 'keras.Input((None,), dtype="int32") as the first of the model, for ids of '
        hint += "encoder.piece_ids(texts)"
        if keras.backend.backend() == "tensorflow":
            hint = f'keras.Input((), dtype="string") as the first of the model, for texts; {hint}'
        got = "floats, which Keras takes for the input of a model that does not say its own"
        where, expected = f"layer {self.name!r}", "texts or ids"
        raise plain(IdError(where, expected=expected, got=got, hint=hint))

    def _loaded(self) -> Pieces:
        if self._pieces is None:
            raise plain(
                NotFittedError(
                    f"layer {self.name!r}",
                    expected="pieces, which are not in a layer's config",
                    got="none",
                    hint="keras.models.load_model(path), or ids of encoder.piece_ids(texts)",
                )
            )
        return self._pieces

    # -- shapes, saving ------------------------------------------------------------------------

    def compute_output_spec(self, inputs: Any) -> Any:
        """`(batch, dim)`."""
        shape = (inputs.shape[0], self.shape.dim)
        return keras.KerasTensor(shape, dtype=self.compute_dtype)

    def compute_output_shape(self, input_shape: Any) -> tuple[int | None, int]:
        """`(batch, dim)`."""
        return input_shape[0], self.shape.dim

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> None:
        """None: a vector of a whole text is not masked."""

    def save_assets(self, dir_path: str) -> None:
        """Write the pieces into a saved model."""
        if self._pieces is not None:
            Path(dir_path, MODEL).write_bytes(self._pieces.model)

    def load_assets(self, dir_path: str) -> None:
        """Read the pieces of a saved model."""
        file = Path(dir_path, MODEL)
        if file.is_file():
            self._pieces = Pieces(file.read_bytes(), str(file))

    def get_config(self) -> dict[str, Any]:
        """The layer without its numbers."""
        config: dict[str, Any] = super().get_config()
        own = {name: getattr(self, name) for name in ("eps", "kinds", "with_table", "max_length")}
        return config | own | {"shape": asdict(self.shape), "numbers": Numbers(self)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Build the layer again: with its numbers in this process, NaN until loaded in another."""
        settings = dict(config)
        numbers = settings.pop("numbers", None)
        layer = cls(**settings)
        if isinstance(numbers, Numbers) and numbers.layer.built:
            layer._make_variables({})
            layer.set_weights(numbers.layer.get_weights())
            layer._pieces = numbers.layer._pieces
        return layer
