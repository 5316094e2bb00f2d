"""A table as a Keras layer that trains what is added to it: see `inlay.layers.stored`."""

from typing import Any, Self

from inlay.core import Table
from inlay.hosts.keras import keras


class DeltaEmbedding(keras.layers.Layer):  # type: ignore[misc]  # Keras is optional, so untyped here
    """What `to_keras(table, trainable="delta")` makes."""

    @classmethod
    def of(cls, table: Table, rank: int | None, **settings: Any) -> Self:
        """Do what `to_keras` says."""
        raise NotImplementedError
