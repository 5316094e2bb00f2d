"""How our embedding layers stand in Keras' weights files: where an Embedding's matrix stands.

Keras finds the weights of a layer by the name of its class, and reads one matrix of an Embedding.
So our classes are called `Embedding` too and write there what they look up, as a whole. What else
they have is in a place of its own beside it, which an Embedding never opens.
"""

from collections.abc import Callable
from typing import Any, TypeVar

from inlay.hosts.keras import keras

Kind = TypeVar("Kind", bound=type)
# What layers, losses and optimisers have in common: that Keras files them. It has no public name.
Saveable: Any = keras.losses.Loss.__base__


def filed_as_embedding(name: str) -> Callable[[Kind], Kind]:
    """Register a layer as `inlay>NAME`, and have its weights filed as those of an Embedding."""

    def register(kind: Kind) -> Kind:
        kind.__name__ = keras.layers.Embedding.__name__
        registered: Kind = keras.saving.register_keras_serializable("inlay", name)(kind)
        return registered

    return register


class Beside(Saveable):  # type: ignore[misc]  # optional, so untyped here
    """What a file has beside a layer's matrix: an attribute of the layer, filed under its name.

    Args:
        save: Writes into a store, which takes arrays by names.
        load: Reads of such a store, which is empty if the file has none of it.
    """

    def __init__(self, save: Callable[[Any], None], load: Callable[[Any], None]) -> None:
        self.save_own_variables, self.load_own_variables = save, load

    def _obj_type(self) -> str:
        return "Loss"  # of what Keras knows, the kind with the fewest attributes of its own
