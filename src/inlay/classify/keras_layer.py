"""The layer of an encoder under a classifier's network, in Keras 3."""

from typing import Any

import numpy as np

from inlay.aliases import Array
from inlay.errors import FormatError
from inlay.hosts.keras import as_array, keras


def with_layer(body: Any, layer: Any, row: Array, *, by_token: bool) -> Any:
    """The model from what a layer takes to scores.

    Args:
        body: What stands above: of `inlay.classify.keras.build`.
        layer: The layer.
        row: What it takes of any one text.
        by_token: Whether the model is given a mask too, for the body.
    """
    whole = row.dtype == object
    shape = () if whole else (None, *row.shape[1:])
    given = keras.Input(shape, dtype="string" if whole else row.dtype.name, name="texts")
    if not by_token:
        return keras.Model(given, body(layer(given)))
    mask = keras.Input((None,), dtype="bool", name="mask")
    return keras.Model([given, mask], body([layer(given), mask]))


def numbers_of(layer: Any, prefix: str) -> dict[str, Array]:
    """A layer's weights by name, in their order; copies."""
    return {
        f"{prefix}{i:03d} {variable.path}": np.array(as_array(variable))
        for i, variable in enumerate(layer.weights)
        if variable.dtype.startswith(("float", "bfloat"))
    }


def fill_layer(layer: Any, numbers: dict[str, Array], prefix: str) -> None:
    """Give a layer what `numbers_of` gave, in another process or on another backend perhaps.

    Raises:
        FormatError: They are those of another layer.
    """
    by_place = {name[len(prefix) :].split(" ")[0]: array for name, array in numbers.items()}
    expected = {
        f"{i:03d}": variable
        for i, variable in enumerate(layer.weights)
        if variable.dtype.startswith(("float", "bfloat"))
    }
    wanted = {place: tuple(variable.shape) for place, variable in expected.items()}
    found = {place: array.shape for place, array in by_place.items()}
    if wanted != found:
        raise FormatError(
            "the encoder's numbers",
            expected=f"arrays of shapes {list(wanted.values())[:5]}...",
            got=f"{list(found.values())[:5]}...",
        )
    for place, variable in expected.items():
        variable.assign(by_place[place])
