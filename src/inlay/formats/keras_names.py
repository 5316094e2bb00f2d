"""Keras' variables by the names that the user gave to the layers, and by the places that Keras has.

Keras files the variables by the kind of the layer, and numbers equal kinds: the layer that is
called `words` may be at `layers/embedding_1`. Its own name is a note beside its variables, and in
a `.keras` file it is also in the settings, which are all that older versions wrote. Here the
variables are called by the names of all layers that they are in: `words/vars/0`, and
`encoder/words/vars/0` within a layer or model `encoder`.

Source: `keras/src/saving/saving_lib.py`
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import accumulate
from typing import Any

from inlay.containers.hdf5 import Hdf5
from inlay.containers.protocol import Container, LazyArray
from inlay.errors import UnknownArrayError
from inlay.formats.arrays import ENDS, OF_KERAS, SLOTS, Known, named
from inlay.formats.assembled import assembled

VARIABLES = "vars"  # the group that a layer's own variables are in
NONE = re.compile(r"(?!)")


class Layers(Container):
    """The arrays of a file by the names of layers, as far as it has any.

    Args:
        file: As Keras has them.
        settings: The names that the settings of the model have for places.
    """

    def __init__(self, file: Hdf5, settings: Mapping[str, str]) -> None:
        places, arrays = dict(settings), assembled(file)
        if any(f"/{VARIABLES}/" in key for key in arrays):
            notes = file.texts("name")
            places |= {key.removesuffix(f"/{VARIABLES}"): own for key, own in notes.items()}
        # What an optimiser is called, or what is called like one, says nothing about a layer.
        own = {
            place: name
            for place, name in places.items()
            if name and place != VARIABLES and not SLOTS.search(place) and not SLOTS.search(name)
        }
        called = {key: _called(key, own) for key in arrays}
        times = Counter(called.values())
        self._names = {key: new if times[new] == 1 else key for key, new in called.items()}
        entries = {new: arrays[key] for key, new in self._names.items()}
        super().__init__(arrays.where, entries, arrays.metadata)

    def meant(self, name: str | None) -> tuple[str | None, Known]:
        """The array that a name means, and, without one, how an embedding is called in the file."""
        if name is None:
            layers = [new for key, new in self._names.items() if OF_KERAS.search(ENDS.sub("", key))]
            known = "|".join(f"^{re.escape(ENDS.sub('', new))}$" for new in layers)
            return None, re.compile(known) if layers else NONE
        plain, last = name.removesuffix("/embeddings"), name.rpartition("/")[2]
        stored: dict[str, LazyArray] = {key: self[new] for key, new in self._names.items()}
        for arrays in (self, stored):
            # As it is, with the variable's name (Keras 2), without it (3), and as Keras 1 has it.
            for tried in (name, f"{name}/embeddings", plain, f"{name}/{last}_W"):
                try:
                    found = named(self.where, arrays, tried)
                except UnknownArrayError:
                    continue
                return found if arrays is self else self._names[found], None
        return name, None


def layers_of(settings: Any, inside: str = "") -> Iterator[tuple[str, str]]:
    """Where the layers of a model's settings have their variables, and their names."""
    config = settings.get("config") if isinstance(settings, dict) else None
    layers = config.get("layers") if isinstance(config, dict) else None
    numbers: dict[str, int] = {}
    for layer in layers if isinstance(layers, list) else ():
        kind = layer.get("class_name") if isinstance(layer, dict) else None
        if not isinstance(kind, str):
            continue
        stem = _snake(kind)
        number = numbers[stem] = numbers.get(stem, -1) + 1
        place = f"{inside}layers/{stem}_{number}" if number else f"{inside}layers/{stem}"
        yield from layers_of(layer, f"{place}/")
        config = layer.get("config")
        name = config.get("name") if isinstance(config, dict) else None
        if isinstance(name, str):
            yield place, name


def _called(key: str, own: Mapping[str, str]) -> str:
    """A variable by the names of the layers that it is in, from the outermost to its own."""
    steps = key.split("/")
    inside = [place for place in accumulate(steps, "{}/{}".format) if place in own]
    if not inside:
        return key
    return "/".join(own[place] for place in inside) + key[len(inside[-1]) :]


def _snake(name: str) -> str:
    """How Keras names a variable's place after a class."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()
