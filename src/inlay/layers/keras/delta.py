"""A table as a Keras layer that trains what is added to it: see `inlay.layers.stored`."""

import contextlib
from collections.abc import Iterator
from typing import Any, NoReturn, Self

import numpy as np

from inlay.aliases import Array
from inlay.checks import choice, described
from inlay.core import Table
from inlay.errors import ArgumentError, UnsupportedError
from inlay.hosts import keras as host
from inlay.hosts.keras import keras, ops
from inlay.hosts.memory import aligned_copy, untouched_zeros
from inlay.layers.keras.embedding import TableEmbedding, _handing_over, _not_loaded, check_switch
from inlay.layers.keras.optimizers import backend
from inlay.layers.keras.padding import spare
from inlay.layers.keras.training import Size
from inlay.layers.reference import KEY, Reference
from inlay.layers.stored import (
    FORMS,
    Form,
    Stored,
    checked_rank,
    start_of_b,
    stored_of,
    with_difference,
)


@keras.saving.register_keras_serializable("inlay", "DeltaEmbedding")
class DeltaEmbedding(TableEmbedding):
    """What `to_keras(table, trainable="delta")` makes: a frozen table, and what is added to it.

    Its weights are `delta`, float32 `(input_dim, output_dim)`, which trains and starts at zero; and
    the table, which never trains, in the form in which it is stored, in its own memory if that
    is writable and (TensorFlow, JAX) starts at a multiple of 64 bytes. Of int8 these are `codes`,
    and `scales`, float32 `(input_dim,)`; otherwise it is `embeddings`. With a rank, `a`
    `(input_dim, rank)`, zeros at the start, and `b` `(rank, output_dim)` train in place of `delta`,
    which is then `a @ b`.

    A call makes float32 of the rows that it looks up, adds their difference, and only then makes
    the policy's compute dtype of the sum: the policy changes neither the table nor the difference.

    Args:
        input_dim: Rows of the table.
        output_dim: Numbers in a row.
        form: What the table is stored as: "float32", "float16", "bfloat16" or "int8".
        rank: Of the difference. None: as many as `output_dim`.
        **kwargs: Of `TableEmbedding`. The regulariser is of what trains, not of the table, and so
            is the constraint, which no rank allows.

    Raises:
        ArgumentError: Another form, a rank beyond `output_dim`, or a rank and a constraint.
            From `enable_lora`, always.
        UnsupportedError: From `quantize`, always.
    """

    one_table = False

    def __init__(
        self,
        input_dim: int,
        output_dim: int,
        *,
        form: Form = "float32",
        rank: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(input_dim, output_dim, **kwargs)
        self.form, self.rank = choice("form", form, FORMS), checked_rank(rank, output_dim)
        if self.rank is not None and self.embeddings_constraint is not None:
            raise ArgumentError(
                "embeddings_constraint",
                expected="None for a difference of low rank, whose factors it would bound",
                got=described(self.embeddings_constraint),
                hint="rank=None",
            )

    @classmethod
    def of(cls, table: Table, rank: int | None, **kwargs: Any) -> Self:
        """Do what `to_keras` says."""
        stored = stored_of(table, aligned=host.needs_alignment())
        kwargs |= {"form": stored.form, "rank": rank, "pad_id": table.pad_id}
        layer = cls(len(table), table.dim, **kwargs)
        layer._check_not_quantised()
        layer._tokens = table.tokens
        layer._take(stored, {})
        layer._borrowed = True
        return layer

    def _make(self, input_shape: Any) -> None:
        n, dim, rule = self.input_dim, self.output_dim, self.embeddings_regularizer
        rules = {"regularizer": rule, "constraint": self.embeddings_constraint}
        self.b = self.scales = None
        if self.rank is None:
            self.delta = self._weight("delta", (n, dim), _zeros, trainable=True, **rules)
        else:
            self.a = self._weight("a", (n, self.rank), _zeros, trainable=True, **rules)
            start = _handing_over(ops.convert_to_tensor(start_of_b(self.rank, dim)))
            shape = (self.rank, dim)
            self.b = self._weight("b", shape, start, trainable=True, regularizer=rule)
        if self.form == "int8":
            self.base = self._weight("codes", (n, dim), "zeros", dtype="int8")
            self.scales = self._weight("scales", (n,), _not_loaded)
        else:
            self.base = self._weight("embeddings", (n, dim), _not_loaded, dtype=self.form)
        self.built = True
        spare(self.trained, self.pad_id)
        if self.pull:
            self.trained.regularizer = Size(self, self.trained.regularizer)

    def _weight(
        self,
        name: str,
        shape: tuple[int, ...],
        initial: Any,
        *,
        dtype: str = "float32",
        trainable: bool = False,
        **rules: Any,
    ) -> Any:
        given: Any = getattr(self, "_given", _nothing)(name)
        # Of its own type in every call: a mixed policy would cast all rows to look up some.
        kind = {"dtype": dtype, "trainable": trainable, "autocast": False}
        return self.add_weight(
            name=name, shape=shape, initializer=given or initial, **kind, **rules
        )

    @property
    def trained(self) -> Any:
        """The variable whose rows train: `delta` or `a`."""
        return self.delta if self.rank is None else self.a

    def call(self, inputs: Any) -> Any:
        """Look up ids in the table, and add what has been trained, except at padding."""
        ids = inputs
        if ids.dtype != "int32" and ids.dtype != "int64":
            ids = ops.cast(ids, "int32")
        by_rows = self.by_rows and self.trainable
        added = backend().lookup(self.trained, ids) if by_rows else ops.take(self.trained, ids, 0)
        if self.b is not None:
            added = ops.matmul(added, self.b)
        found = ops.cast(ops.take(self.base, ids, 0), "float32")
        if self.scales is not None:
            found = found * ops.take(ops.expand_dims(self.scales, -1), ids, 0)
        found = found + added
        if self.pad_id is not None and self.trainable:
            padding = ops.expand_dims(ops.equal(ids, self.pad_id), -1)
            found = ops.where(padding, ops.zeros_like(found), found)
        return ops.cast(found, self.compute_dtype)

    @property
    def embeddings(self) -> Any:
        """All vectors as they are now, float32 `(input_dim, output_dim)`, which are allocated."""
        base = ops.cast(self.base, "float32")
        if self.scales is not None:
            base = base * ops.expand_dims(self.scales, -1)
        return base + (self.trained if self.b is None else ops.matmul(self.trained, self.b))

    def save_own_variables(self, store: Any) -> None:
        """Write the weights into a file, by their names: by reference, those of the difference."""
        refers = self._is_by_reference()
        if refers:
            self._save_reference(store)
        for variable in self._difference() if refers else self._variables():
            store[variable.name] = variable

    def load_own_variables(self, store: Any) -> None:
        """Read the weights of a saved file into memory of the layer's own, or map the file."""
        added = {variable.name: variable for variable in self._difference()}
        wanted = {variable.name: variable for variable in self._variables()}
        found = set(store.keys())
        if found == {*added, KEY}:
            if (table := self._named_in(store)) is not None:
                self._live_in(table)
            wanted = added
        elif found != wanted.keys():
            raise ArgumentError(
                f"layer {self.name!r}",
                expected=f"the weights {', '.join(sorted(wanted))}, for a table stored as "
                f"{self.form} and rank={self.rank}",
                got=", ".join(sorted(found)) or "none",
                hint="the same trainable= and rank=, and a table stored as that of the saved model",
            )
        else:
            self._own()
        for name, variable in wanted.items():
            variable.assign(store[name])

    def enable_lora(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused: a difference of low rank is what the layer itself has.

        Raises:
            ArgumentError: Always.
        """
        raise ArgumentError(
            f"layer {self.name!r}",
            expected="one that trains as a whole, for LoRA",
            got=f'one with trainable="delta" and rank={self.rank}',
            hint='inlay.to_keras(table, trainable="delta", rank=8)',
        )

    def quantize(self, *args: Any, **kwargs: Any) -> NoReturn:
        """Refused: the table is stored as it was given.

        Raises:
            UnsupportedError: Always.
        """
        raise UnsupportedError(
            f"layer {self.name!r}",
            expected="one of Keras itself, to quantise",
            got=f'one with trainable="delta", whose table is stored as {self.form}',
            hint='inlay.to_keras(table.astype("int8"), trainable="delta")',
        )

    @property
    def trainable(self) -> bool:
        """Whether the difference trains; the table never does."""
        return bool(keras.layers.Embedding.trainable.fget(self))

    @trainable.setter
    def trainable(self, value: Any) -> None:
        check_switch(value)
        keras.layers.Embedding.trainable.fset(self, value)

    def get_config(self) -> dict[str, Any]:
        """The layer without its numbers; JSON of a few hundred bytes."""
        return super().get_config() | {"form": self.form, "rank": self.rank}

    def _difference(self) -> list[Any]:
        return [variable for variable in (self.trained, self.b) if variable is not None]

    def _frozen(self) -> list[Any]:
        return [variable for variable in (self.base, self.scales) if variable is not None]

    def _variables(self) -> list[Any]:
        return self._difference() + self._frozen()

    def _is_matrix_frozen(self) -> bool:
        return True

    def _own(self) -> None:
        self._leave_file()
        if self._borrowed:
            for variable in self._frozen():
                host.detach(variable)
            self._borrowed = False

    def _is_same(self, some: slice, rows: Array) -> bool:
        return np.array_equal(self._stored(some).rows[:], rows, equal_nan=True)

    def _stored_as(self, table: Table) -> Stored:
        """What the layer can live in of the table of a file, which is stored as its own is."""
        stored, file = stored_of(table, aligned=host.needs_alignment()), Reference.of(table)
        assert file is not None
        file.check_form(self._where(), self.form, stored.form)
        return stored

    def _live_in(self, table: Table) -> None:
        """Take the numbers of a file, as its map."""
        tensors = _tensors(self._stored_as(table))
        self._leave_file()
        for variable in self._frozen():
            host.adopt(variable, tensors[variable.name])
        self._borrowed, self._tokens = True, table.tokens
        self.in_file(Reference.of(table), by_reference=True)

    def _matrix(self) -> Array:
        trained = {variable.name: host.as_array(variable) for variable in self._difference()}
        return with_difference(self._stored().rows, trained)

    def _stored(self, some: slice | None = None) -> Stored:
        """Rows of the table as numpy's arrays, which may be its own memory."""
        parts = [ops.convert_to_tensor(variable) for variable in self._frozen()]
        base, *scales = (host.as_array(part if some is None else part[some]) for part in parts)
        if self.form == "int8":
            return Stored("int8", base, *scales)
        return Stored(self.form, base if self.form == "float32" else base.view(np.int16))

    def _take(self, stored: Stored, trained: dict[str, Array]) -> None:
        """Build the layer around a table's arrays, and what has been trained, if anything."""
        with self._given_as(stored, trained):
            self.build()

    @contextlib.contextmanager
    def _given_as(self, stored: Stored, trained: dict[str, Array]) -> Iterator[None]:
        tensors = {name: host.as_tensor(array, "float32") for name, array in trained.items()}
        tensors |= _tensors(stored)
        given: Any = {name: _handing_over(tensor) for name, tensor in tensors.items()}
        self._given = given.get
        yield
        del self._given

    @contextlib.contextmanager
    def _around_file(self, table: Table) -> Iterator[None]:
        with self._given_as(self._stored_as(table), {}):
            yield
        self._borrowed = True

    def _fill_like(self, other: Self) -> None:
        trained = {part.name: _copied(host.as_array(part)) for part in other._difference()}
        if (table := self._opened_like(other)) is not None:
            self._take(self._stored_as(table), trained)
            self._borrowed = True
            return
        form, matrix, scales = other._stored()
        self._take(
            Stored(form, _copied(matrix), None if scales is None else _copied(scales)), trained
        )


def _tensors(stored: Stored) -> dict[str, Any]:
    """A table's arrays by the names of their variables."""
    form, matrix, scales = stored
    if scales is not None:
        found = {"codes": host.as_tensor(matrix, "int8")}
        return found | {"scales": host.as_tensor(scales, "float32")}
    if form == "bfloat16":
        return {"embeddings": host.as_bfloat16(matrix)}
    return {"embeddings": host.as_tensor(matrix.view(form), form)}


def _copied(array: Array) -> Array:
    return aligned_copy(array, str(array.dtype))


def _nothing(name: str) -> None:
    return None


def _zeros(shape: tuple[int, ...], dtype: str | None = None) -> Any:
    return host.as_tensor(untouched_zeros(shape), "float32")
