"""A table as a Keras layer, on any backend. Importing this registers the layer for loading."""

import contextlib
from collections.abc import Iterator, Mapping
from typing import Any, Self

import numpy as np

from inlay.aliases import Array
from inlay.checks import described, whole
from inlay.core import Table
from inlay.errors import ArgumentError, ArgumentTypeError, FormatError
from inlay.hosts import keras as host
from inlay.hosts.keras import keras, ops, plain
from inlay.hosts.keras_numbers import Numbers
from inlay.hosts.memory import aligned_copy
from inlay.layers.keras.files import Beside, filed_as_embedding
from inlay.layers.keras.padding import spare, spared, sparing
from inlay.layers.keras.quantised import Quantised, wrong_policy
from inlay.layers.keras.reference import SavedByReference
from inlay.layers.keras.rows import RowLookup
from inlay.layers.keras.training import Drift, Unfreeze
from inlay.layers.reference import KEY
from inlay.layers.rows import Check, ChecksIds, merged


@filed_as_embedding("TableEmbedding")
class TableEmbedding(
    SavedByReference,
    ChecksIds,
    RowLookup,
    Quantised,
    keras.layers.Embedding,  # type: ignore[misc]
):
    """What `to_keras` makes: a Keras Embedding with a pad row that is zero, whatever its id.

    Args:
        input_dim: Rows.
        output_dim: Numbers in a row.
        pad_id: The row that is padding, or None.
        mask: Whether to mask `pad_id`.
        check: When a call looks at its ids: "debug", "always" or "off".
        pull: How much of the squared distance from the start is added to the loss.
        reference: The file that has the frozen matrix, as a config of the layer says it.
        **kwargs: Of `keras.layers.Embedding`.
    """

    start: Any = None  # the matrix at the start, a variable, where the layer is pulled back to it

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        *,
        pad_id: int | None = None,
        mask: bool = True,
        check: Check = "debug",
        pull: float = 0.0,
        reference: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            input_dim,
            output_dim,
            embeddings_initializer=_not_loaded,
            **kwargs,
        )
        if not keras.backend.is_float_dtype(self.variable_dtype):
            raise wrong_policy(self)
        self.mask, self.check, self.pull = mask, check, pull
        self._pads_with(pad_id)
        self.beside = Beside(self._save_beside, self._load_beside)
        if reference is not None:
            self._refer(reference)

    @classmethod
    def from_table(cls, table: Table, **kwargs: Any) -> Self:
        """Do what `to_keras` says."""
        layer = cls(len(table), table.dim, pad_id=table.pad_id, **kwargs)
        layer._check_not_quantised()
        layer._tokens = table.tokens
        layer._fill(*layer._memory_of(table))
        return layer

    def build(self, input_shape: Any = None) -> None:
        """Make the variables, if they are not there yet."""
        if self._is_built():
            return
        table = None if hasattr(self, "_given") else self._opened()
        if table is None:
            self._make(input_shape)
        else:
            with self._around_file(table):
                self._make(input_shape)

    def _make(self, input_shape: Any) -> None:
        super().build(input_shape)
        spare(self._embeddings, self.pad_id)
        if self.pull:
            self.start = self._frozen_weight("start", self._embeddings.shape)
            self._embeddings.regularizer = Drift(self, self._embeddings.regularizer)

    def add_weight(self, *args: Any, **kwargs: Any) -> Any:
        """As of any layer; under a mixed policy the rows of a batch are cast, not the matrix."""
        return super().add_weight(*args, **{"autocast": False} | kwargs)

    def _become(self, table: Table) -> None:
        """Let go of all variables, and be a layer of other rows once `_fill` has made others."""
        for variable in self._trainable_variables + self._non_trainable_variables:
            self._untrack_variable(variable)
        self._tracker.unlock()
        self._leave_file()
        self.built, self.input_dim, self._tokens = False, len(table), table.tokens
        self._pads_with(table.pad_id)

    def _pads_with(self, pad_id: int | None) -> None:
        self.pad_id, self.mask_zero = pad_id, self.mask and pad_id == 0
        self.supports_masking = self.mask and pad_id is not None

    @property
    def check(self) -> Check:
        """When a call looks at its ids: "debug", "always" or "off". May be set."""
        return super().check

    @check.setter
    def check(self, value: Check) -> None:
        ChecksIds.check.fset(self, value)  # type: ignore[attr-defined]
        if value == "always":
            self.supports_jit = host.checks_survive_jit()

    def _is_built(self) -> bool:
        return bool(self.built)

    def _fill(self, array: Array, share: bool = False, start: Array | None = None) -> None:
        """Build the layer around an array, or around one copy of it."""
        with self._around(array, share, start):
            self.build()

    @contextlib.contextmanager
    def _around(self, array: Array, share: bool, start: Array | None = None) -> Iterator[None]:
        """Have the variables made around an array, or around one copy of it."""
        dtype = self.variable_dtype
        tensor = host.as_tensor(array if share else aligned_copy(array, dtype), dtype)
        # An initialiser that hands the tensor over is the one way that copies nothing.
        self.embeddings_initializer = lambda shape, dtype=None: tensor
        self._given = array if start is None else start
        try:
            yield
        finally:
            del self._given
            self.embeddings_initializer = _not_loaded
        self._borrowed = share

    def _around_file(self, table: Table) -> contextlib.AbstractContextManager[None]:
        """Have the variables made around the table of a file that a config names."""
        return self._around(*self._memory_of(table))

    def _frozen_weight(self, name: str, shape: Any) -> Any:
        """A variable that never trains, around the array `_given`, if there is one."""
        dtype, given = self.variable_dtype, getattr(self, "_given", None)
        initial: Any = _not_loaded
        if given is not None:
            fits = host.can_share(given, dtype)
            tensor = host.as_tensor(given if fits else aligned_copy(given, dtype), dtype)
            initial = _handing_over(tensor)
        return self.add_weight(name=name, shape=shape, initializer=initial, trainable=False)

    def _is_matrix_frozen(self) -> bool:
        return not (self.trainable or self.lora_enabled or self.quantization_mode)

    @property
    def trainable(self) -> bool:
        """Whether the layer trains. Setting True gives it its own copy of shared rows."""
        return bool(super().trainable)

    @trainable.setter
    def trainable(self, value: Any) -> None:
        lora = getattr(self, "lora_enabled", False)
        check_switch(value)
        if value and not lora:
            self._own()
        keras.layers.Embedding.trainable.fset(self, value)
        if lora:  # Keras would let the matrix below it train as well
            self._embeddings.trainable = False

    def enable_lora(
        self,
        rank: int,
        lora_alpha: int | None = None,
        a_initializer: Any = "he_uniform",
        b_initializer: Any = "zeros",
    ) -> None:
        """Freeze the matrix, and add a product of two small ones that train, as Keras does.

        Padding is zero in the product too. A frozen layer goes on sharing the table's memory; its
        product trains once `layer.trainable` is True.

        Args:
            rank: Rows of the one, columns of the other.
            lora_alpha: The product is multiplied by this over `rank`. None: by 1.
            a_initializer: Of `(input_dim, rank)`.
            b_initializer: Of `(rank, output_dim)`.

        Raises:
            ArgumentError: A layer with a constraint, with `pull`, or trained by rows.
        """
        no_lora = {
            "a constraint": self.embeddings_constraint is not None,
            "pull=": bool(self.pull),
            "train_rows": self.by_rows,
        }
        for what in (what for what, is_set in no_lora.items() if is_set):
            raise ArgumentError(
                f"layer {self.name!r}",
                expected="one whose matrix can be frozen below LoRA",
                got=f"one with {what}",
                hint="a layer without it",
            )
        rank = whole("rank", rank)
        if lora_alpha is None:
            lora_alpha = self.lora_alpha  # of a config, which Keras forgets
        a = sparing(a_initializer, self.pad_id)
        super().enable_lora(rank, lora_alpha, a, b_initializer)
        spare(self.lora_embeddings_a, self.pad_id)

    def save_own_variables(self, store: Any) -> None:
        """Write the weights of the layer into a file: by reference, none but the reference."""
        if self.built and self._is_by_reference():
            self._save_reference(store)
        else:
            super().save_own_variables(store)

    def load_own_variables(self, store: Any) -> None:
        """Read the weights of a saved file into memory of the layer's own, or map the file.

        Those of a `keras.layers.Embedding` are taken too. Padding is zero afterwards, whatever the
        file has there. Rows that are pulled back to their start have it from the file, or, of an
        Embedding, start at what was read.
        """
        if self.built and KEY in store.keys():  # noqa: SIM118  # Keras' stores are no dicts
            if (array := self._load_reference(store)) is not None:
                keras.layers.Embedding.load_own_variables(self, {"0": array})
            if self.start is not None:
                host.adopt(self.start, host.as_tensor(self._matrix(), self.variable_dtype))
            return
        self._own()
        arrays = {key: store[key] for key in store.keys()}  # noqa: SIM118  # no mapping
        if self.start is not None:
            arrays["start"] = None  # a variable too, and Keras counts
        super().load_own_variables(arrays)
        if not self.quantization_mode:
            self._clear_padding()
        if self.start is not None:
            host.detach(self.start)
            self.start.assign(self._embeddings)

    def _clear_padding(self) -> None:
        matrix, row = self._embeddings, self.pad_id
        if row is not None and host.as_array(matrix[row]).any():
            matrix.assign(spared(matrix, row))

    def _save_beside(self, store: Any) -> None:
        if self.start is not None and not self._is_by_reference():
            store["start"] = self.start

    def _load_beside(self, store: Any) -> None:
        if "rows" in store.keys():  # noqa: SIM118
            raise plain(
                FormatError(
                    self._where(),
                    expected="weights whose rows are all in the file that they name",
                    got="some that were trained apart from it",
                    hint='a layer made with trainable="rows", or layer.by_reference = False before '
                    "the weights are saved",
                )
            )
        if self.start is not None and "start" in store.keys():  # noqa: SIM118
            self.start.assign(store["start"])

    def merged(self, tokens: Any) -> Table:
        """The layer as it is now, as a table.

        Args:
            tokens: The vocabulary or the table whose ids the layer takes, or their tokens.

        Returns:
            A table with its own float32 matrix, and the special ids of `tokens`.
        """
        return merged(tokens, self._matrix(), self.pad_id)

    def unfreeze_at(self, epoch: int) -> Unfreeze:
        """A callback for `fit` that lets the layer train from an epoch on.

        Args:
            epoch: Its number; the first is 0.
        """
        return Unfreeze(self, epoch)

    def _matrix(self) -> Array:
        if self.quantization_mode:
            ids = ops.arange(self.input_dim, dtype="int32")
            return np.array(host.as_array(self.quantized_call(ids)), np.float32)
        return np.array(host.as_array(self.embeddings), np.float32)

    def __call__(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """Look up ids `(...)`: vectors `(..., output_dim)` in the policy's compute dtype."""
        host.check_no_text(f"layer {self.name!r}", inputs)
        host.check_width(f"layer {self.name!r}", inputs, self.input_dim)
        # Here and not in `call`, for Keras casts numpy ids to 32 bits in between.
        inputs = host.dense(inputs)
        if self.check == "debug" and self.one_table and host.is_of_torch(inputs):
            return self._noticing(inputs, *args, **kwargs)
        if self.check != "off":
            inputs = self._checked(inputs)
        return super().__call__(inputs, *args, **kwargs)

    def _noticing(self, inputs: Any, *args: Any, **kwargs: Any) -> Any:
        """A call of which PyTorch itself notices wrong ids, without saying which they are."""
        try:
            return super().__call__(inputs, *args, **kwargs)
        except (IndexError, RuntimeError):
            self._checked(inputs)
            raise

    def call(self, inputs: Any) -> Any:
        """Look up ids; padding is cut off from its row, so that the row never trains."""
        outputs = super().call(inputs)
        return self._cut(inputs, outputs) if self.trainable else outputs

    def _cut(self, inputs: Any, outputs: Any) -> Any:
        if self.pad_id is None:
            return outputs
        padding = ops.expand_dims(ops.equal(inputs, self.pad_id), -1)
        return ops.where(padding, ops.zeros_like(outputs), outputs)

    def compute_mask(self, inputs: Any, mask: Any = None) -> Any:
        """True where an id is not padding, bool like `inputs`; None without a mask."""
        return ops.not_equal(inputs, self.pad_id) if self.supports_masking else None

    def _checked(self, inputs: Any) -> Any:
        ids: Any = inputs if hasattr(inputs, "dtype") else np.asarray(inputs)
        if hasattr(ids, "flat_values"):  # a ragged tensor of TensorFlow
            return ids.with_flat_values(self._checked(ids.flat_values))
        where = f"layer {self.name!r}, ids"
        if self.check == "debug":
            host.check_if_at_hand(where, ids, self.input_dim, tokens=self._tokens)
            return inputs
        host.check_dtype(f"layer {self.name!r}", ids)
        return host.checked(where, ids, self.input_dim, tokens=self._tokens)

    def get_config(self) -> dict[str, Any]:
        """The layer without its numbers; JSON of a few hundred bytes."""
        config: dict[str, Any] = super().get_config()
        del config["embeddings_initializer"], config["mask_zero"]
        own: dict[str, Any] = {"pad_id": self.pad_id, "mask": self.mask, "check": self.check}
        if self._is_by_reference() and self._file is not None:
            own[KEY] = self._file.as_dict()
        return config | own | {"pull": self.pull} | {"numbers": Numbers(self)}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Build the layer again: with its numbers in this process, NaN until loaded in another."""
        settings = dict(config)
        numbers = settings.pop("numbers", None)
        layer: Self = super().from_config(settings)
        if isinstance(numbers, Numbers) and numbers.layer.built:
            layer._fill_like(numbers.layer)
            layer._tokens = numbers.layer._tokens
        return layer

    def _fill_like(self, other: Self) -> None:
        if other.lora_enabled or other.quantization_mode:
            self.build()
            for mine, its in zip(self.weights, other.weights, strict=True):
                mine.assign(its)
            return
        start = None if other.start is None else host.as_array(other.start)
        if (table := self._opened_like(other)) is None:
            self._fill(host.as_array(other.embeddings), start=start)
        else:
            self._fill(*self._memory_of(table), start)


def check_switch(trainable: Any) -> None:
    """Refuse "rows" and "delta" for a layer that is made: Keras would take them for True."""
    if isinstance(trainable, str):
        hint = f"inlay.to_keras(layer.merged(vocab), trainable={trainable!r}, ...)"
        expected, got = "True or False, for a layer that is made", described(trainable)
        raise ArgumentTypeError("trainable", expected=expected, got=got, hint=hint)


def _handing_over(tensor: Any) -> Any:
    return lambda shape, dtype=None: tensor


def _not_loaded(shape: tuple[int, ...], dtype: str | None = None) -> Any:
    """NaN, so that a model whose weights were never loaded cannot pass for one that works."""
    return ops.full(shape, np.nan, dtype=dtype)
