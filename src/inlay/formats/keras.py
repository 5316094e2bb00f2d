"""Keras' own files of a whole model (`.keras`): a zip with the settings and the weights.

    config.json       the layers, with the names that the user gave them
    model.weights.h5  their variables, as `layers/embedding/vars/0`
    metadata.json     the version of Keras, and when

Keras names the weights by the kind of the layer and numbers equal kinds. Here they go by the
layer's own name, `words/vars/0`, which the settings tell, and Keras' name is understood as well.
Nothing in the settings is built or run.

Source: https://keras.io/api/models/model_saving_apis, `keras/src/saving/saving_lib.py`.
"""

import contextlib
import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

from inlay.bytes.content import WINDOW, Content
from inlay.bytes.damage import damage_reported
from inlay.bytes.limits import UNPACKED
from inlay.containers import Container
from inlay.containers.hdf5 import Hdf5
from inlay.formats.arrays import SLOTS, Known
from inlay.formats.checkpoints import OF_KERAS, CheckpointFormat
from inlay.formats.format_options import options
from inlay.formats.protocol import ReadOptions

START = re.compile(rb"PK\x03\x04.{26}(?:metadata\.json|config\.json|model\.weights\.h5)", re.DOTALL)
SETTINGS, WEIGHTS = "config.json", "model.weights.h5"


@options
class KerasArrays(CheckpointFormat):
    """The weights in a `.keras` file.

    They are unpacked to a temporary file, of which only the array that is asked for is read.

    Args:
        nonfinite: Whether NaN and infinity are errors.
    """

    name: ClassVar[str] = "keras"
    container: ClassVar[type[Container]] = Hdf5

    def sniff(self, head: bytes, path: Path) -> bool:
        return START.match(head) is not None

    @contextlib.contextmanager
    def opened(self, source: Content, options: ReadOptions) -> Iterator[Container]:
        """The container of the weights inside."""
        import tempfile

        with source.on_disk() as path, tempfile.TemporaryDirectory(prefix="inlay-") as folder:
            weights = Path(folder, WEIGHTS)
            with damage_reported(source.name, expected="a Keras model"):
                _unpack(path, weights, source.name)
            inside = source._replace(path=weights, packed=False)
            with super().opened(inside, options) as arrays:
                places = _own_names(path, source.name)
                named = {_renamed(key, places): key for key in arrays}
                whole = len(named) == len(arrays)
                entries = {new: arrays[old] for new, old in named.items()} if whole else arrays
                yield Container(arrays.where, entries)

    def meant(self, source: Content, name: str | None) -> tuple[str | None, Known]:
        with source.on_disk() as path:
            places = _own_names(path, source.name)
        if name is not None:
            return _renamed(name.removesuffix("/embeddings"), places), OF_KERAS
        layers = [re.escape(own) for place, own in places.items() if OF_KERAS.search(place)]
        return None, re.compile("|".join([OF_KERAS.pattern, *(f"^{own}$" for own in layers)]))


def _own_names(path: Path, where: str) -> dict[str, str]:
    """The name of the layer at each place, where only one layer has it."""
    import zipfile

    with damage_reported(where, expected="a Keras model"):
        with zipfile.ZipFile(path) as archive, archive.open(SETTINGS) as file:
            content = file.read(UNPACKED.bytes() + 1)
        if len(content) > UNPACKED.bytes():
            raise UNPACKED.exceeded(where)
        found = list(_layers(json.loads(content), ""))
    times = Counter(own for own, _ in found)
    return {place: own for own, place in found if times[own] == 1 and not SLOTS.search(own)}


def _renamed(key: str, places: Mapping[str, str]) -> str:
    """A variable by the name of the innermost layer that it is in."""
    place = key
    while place and place not in places:
        place = place.rpartition("/")[0]
    return places[place] + key[len(place) :] if place else key


def _unpack(path: Path, weights: Path, where: str) -> None:
    import zipfile

    most = UNPACKED.bytes()
    with (
        zipfile.ZipFile(path) as archive,
        archive.open(WEIGHTS) as file,
        weights.open("wb") as out,
    ):
        while piece := file.read(WINDOW):
            if out.tell() + len(piece) > most:
                raise UNPACKED.exceeded(where)
            out.write(piece)


def _layers(settings: Any, inside: str) -> Iterator[tuple[str, str]]:
    """The names of layers, and where their weights are."""
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
        yield from _layers(layer, f"{place}/")
        named = layer.get("config")
        name = named.get("name") if isinstance(named, dict) else None
        if isinstance(name, str):
            yield name, place


def _snake(name: str) -> str:
    """How Keras names a variable's place after a class."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()
