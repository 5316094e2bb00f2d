"""A table as a Keras layer of which some rows train: see `inlay.layers.rows`."""

from typing import Any, NoReturn, Self

import numpy as np

from inlay.aliases import Array
from inlay.core import Table
from inlay.errors import ArgumentError, FormatError, UnsupportedError
from inlay.hosts import keras as host
from inlay.hosts.keras import keras, ops, plain
from inlay.hosts.memory import aligned_copy
from inlay.layers.keras.embedding import TableEmbedding, _handing_over, _not_loaded, check_switch
from inlay.layers.keras.files import filed_as_embedding
from inlay.layers.keras.training import Drift
from inlay.layers.reference import KEY
from inlay.layers.rows import rows_at, slots_of


@filed_as_embedding("RowsEmbedding")
class RowsEmbedding(TableEmbedding):
    """What `to_keras(table, trainable="rows")` makes: a frozen matrix, and some rows beside it.

    Its weights are `rows`, `(n_rows, output_dim)`, which trains; the whole matrix, which has these
    rows as they were at the start; `slots`, int32 `(input_dim,)`: for each id its row of `rows`, or
    -1; and `row_ids`, int32 `(n_rows,)`, the other way round. A file has one matrix, as that of a
    `keras.layers.Embedding` does, with the rows in it as they are; and beside it `row_ids`, and the
    rows as they were at the start.

    Args:
        input_dim: Rows of the matrix.
        output_dim: Numbers in a row.
        n_rows: How many of them train.
        **kwargs: Of `TableEmbedding`; regulariser and constraint are of the rows that train.
    """

    one_table = has_many = False

    def __init__(self, input_dim: int, output_dim: int, *, n_rows: int, **kwargs: Any) -> None:
        super().__init__(input_dim, output_dim, **kwargs)
        self.n_rows = n_rows

    @classmethod
    def of(cls, table: Table, ids: Array, **kwargs: Any) -> Self:
        """Do what `to_keras` says; `ids` are the rows that train, ascending."""
        layer = cls(len(table), table.dim, n_rows=ids.size, pad_id=table.pad_id, **kwargs)
        layer._check_not_quantised()
        layer._tokens = table.tokens
        array, share = layer._memory_of(table)
        layer._fill_rows(array, rows_at(table, ids), ids, share)
        return layer

    def _make(self, input_shape: Any) -> None:
        n, dim = self.input_dim, self.output_dim
        rows, slots, ids = getattr(self, "_given_rows", (_not_loaded, "zeros", "zeros"))
        self.rows = self.add_weight(
            name="rows",
            shape=(self.n_rows, dim),
            initializer=rows,
            regularizer=self.embeddings_regularizer,
            constraint=self.embeddings_constraint,
            trainable=True,
        )
        matrix = self.embeddings_initializer
        self._embeddings = self.add_weight(
            name="embeddings", shape=(n, dim), initializer=matrix, trainable=False
        )
        self.slots = self.add_weight(
            name="slots", shape=(n,), initializer=slots, dtype="int32", trainable=False
        )
        self.row_ids = self.add_weight(
            name="row_ids", shape=(self.n_rows,), initializer=ids, dtype="int32", trainable=False
        )
        self.built = True
        if self.pull:
            self.rows.regularizer = Drift(self, self.embeddings_regularizer)

    def start(self) -> Any:
        """The rows that train as they were at the start, from the frozen matrix."""
        return ops.take(self._embeddings, self.row_ids, axis=0)

    def call(self, inputs: Any) -> Any:
        """Look up ids: in `rows` those that train, in the matrix all others."""
        if inputs.dtype != "int32" and inputs.dtype != "int64":
            inputs = ops.cast(inputs, "int32")
        fixed = ops.take(self._embeddings, inputs, axis=0)
        # As a matrix: what else Keras takes of on PyTorch is in no ONNX.
        slots = ops.take(ops.expand_dims(self.slots, -1), inputs, axis=0)
        trained = ops.take(self.rows, ops.maximum(ops.squeeze(slots, -1), 0), axis=0)
        mine = ops.greater_equal(slots, 0)
        return ops.cast(ops.where(mine, trained, fixed), self.compute_dtype)

    def save_own_variables(self, store: Any) -> None:
        """Write into a file what the layer looks up, as an Embedding does, or the reference."""
        if self.built and self._is_by_reference():
            self._save_reference(store)
        elif self.built:
            matrix = np.array(host.as_array(self._embeddings))
            matrix[host.as_array(self.row_ids)] = host.as_array(self.rows)
            store["0"] = matrix

    def load_own_variables(self, store: Any) -> None:
        """Read the weights of a saved file into memory of the layer's own, or map the file.

        Of a `keras.layers.Embedding`, the rows of this layer train from where they were read.
        """
        if not self.built:
            return
        if KEY in store.keys():  # noqa: SIM118  # Keras' stores are no dicts
            self._load_reference(store)
            self.rows.assign(self.start())
            return
        if len(store.keys()) != 1:
            raise plain(
                FormatError(
                    f"layer {self.name!r}",
                    expected="the weights of an Embedding, one matrix",
                    got=f"{len(store.keys())} arrays",
                )
            )
        self._own()
        self._embeddings.assign(store["0"])
        self._clear_padding()
        self.rows.assign(self.start())

    def _save_beside(self, store: Any) -> None:
        if not self.built:
            return
        store["row_ids"] = self.row_ids
        if self._is_by_reference():
            store["rows"] = self.rows
        else:
            store["start"] = self.start()

    def _load_beside(self, store: Any) -> None:
        if "row_ids" not in store.keys():  # noqa: SIM118
            return
        ids = store["row_ids"]
        if ids.shape != (self.n_rows,):
            expected = f"{self.n_rows} rows that train"
            got = f"a file with {ids.size}"
            raise plain(FormatError(f"layer {self.name!r}", expected=expected, got=got))
        self.row_ids.assign(ids)
        self.slots.assign(slots_of(ids, self.input_dim))
        if "rows" in store.keys():  # noqa: SIM118
            self.rows.assign(store["rows"])
            return
        self.rows.assign(self.start())
        matrix = ops.scatter_update(self._embeddings, ids[:, None], store["start"])
        self._embeddings.assign(matrix)

    def _is_matrix_frozen(self) -> bool:
        return True

    def enable_lora(self, *args: Any, **kwargs: Any) -> None:
        """Refused: the frozen matrix would be added to, and not the rows that train.

        Raises:
            ArgumentError: Always.
        """
        raise ArgumentError(
            f"layer {self.name!r}",
            expected="one that trains as a whole, for LoRA",
            got='one with trainable="rows"',
            hint='inlay.to_keras(table, trainable="delta", rank=8)',
        )

    def quantize(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused: the rows that train are no whole numbers.

        Raises:
            UnsupportedError: Always.
        """
        raise UnsupportedError(
            f"layer {self.name!r}",
            expected="a layer with one matrix, to quantise",
            got='one with trainable="rows"',
            hint="inlay.to_keras(layer.merged(vocab)), which holds the same vectors",
        )

    @property
    def trainable(self) -> bool:
        """Whether the rows train; the matrix never does."""
        return bool(keras.layers.Embedding.trainable.fget(self))

    @trainable.setter
    def trainable(self, value: Any) -> None:
        check_switch(value)
        keras.layers.Embedding.trainable.fset(self, value)

    def get_config(self) -> dict[str, Any]:
        """The layer without its numbers; JSON of a few hundred bytes."""
        return super().get_config() | {"n_rows": self.n_rows}

    def _fill_rows(self, matrix: Array, rows: Array, ids: Array, share: bool = False) -> None:
        slots, dtype = slots_of(ids, self.input_dim), self.variable_dtype
        tensor = host.as_tensor(aligned_copy(rows, dtype), dtype)
        given = tensor, ops.convert_to_tensor(slots), ops.convert_to_tensor(ids.astype("int32"))
        self._given_rows = tuple(map(_handing_over, given))
        self._fill(matrix, share)
        del self._given_rows

    def _fill_like(self, other: Self) -> None:
        matrix, rows, ids = map(host.as_array, (other.embeddings, other.rows, other.row_ids))
        table, share = self._opened_like(other), False
        if table is not None:
            matrix, share = self._memory_of(table)
        self._fill_rows(matrix, rows, ids, share)

    def _matrix(self) -> Array:
        matrix = super()._matrix()
        matrix[host.as_array(self.row_ids)] = host.as_array(self.rows)
        return matrix
